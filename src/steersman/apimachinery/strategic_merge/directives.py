"""The directives of a strategic merge patch, and the errors of one that cannot be followed."""

from typing import Any

from steersman.apimachinery.errors import ApiError, bad_request

PATCH = "$patch"
RETAIN_KEYS = "$retainKeys"
SET_ELEMENT_ORDER = "$setElementOrder/"
DELETE_FROM_LIST = "$deleteFromPrimitiveList/"


def go_value(value: Any) -> str:
    """A JSON value as Go's ``%v`` prints it: ``map[a:1 b:[x y]]``."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_value(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)


def unknown_directive(directive: Any, patch: dict[str, Any]) -> ApiError:
    return bad_request(f"unknown patch type: {go_value(directive)} in map: {go_value(patch)}")


def no_merge_key(element: dict[str, Any], key: str) -> ApiError:
    return bad_request(f"map: {go_value(element)} does not contain declared merge key: {key}")


_GO_TYPES: dict[type, str] = {
    dict: "map[string]interface {}",
    list: "[]interface {}",
    str: "string",
    bool: "bool",
    int: "int64",
    float: "float64",
    type(None): "%!s(<nil>)",
}


def wrong_type(expected: type, found: Any) -> ApiError:
    return bad_request(f"expected a {_GO_TYPES[expected]}, but received a {_GO_TYPES[type(found)]}")


def bad_list_format(of: str) -> ApiError:
    """``of`` is "primitive list", "retainKeys" or "setElementOrder list"."""
    return bad_request(f"invalid patch format of {of}")


def list_of(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise wrong_type(list, value)
    return value


def without_directives(value: Any) -> Any:
    """A copy of what a patch adds anew: objects with a directive, and the directives beside fields, are left out."""
    if isinstance(value, dict):
        return {
            key: without_directives(one)
            for key, one in value.items()
            if not (isinstance(one, dict) and PATCH in one)
            and key != RETAIN_KEYS
            and not key.startswith((SET_ELEMENT_ORDER, DELETE_FROM_LIST))
        }
    if isinstance(value, list):
        return [without_directives(one) for one in value if not (isinstance(one, dict) and PATCH in one)]
    return value


def without_nulls(value: Any) -> Any:
    """A copy with the null members of objects left out."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    return value
