"""The JSON types of ``ObjectMeta``: what comes in is arbitrary JSON, and everything behind this check may rely on them.

kube-apiserver decodes into Go structs, so a wrong type is a 400 in the words of Go's JSON decoder, not a 422.
"""

from collections.abc import Callable, Mapping
from typing import Any

from steersman.apimachinery.errors import bad_request, render_value
from steersman.apimachinery.time import parse_time

# Gives what is wrong with a value, or None. JSON null stands for the absent field everywhere.
_Check = Callable[[Any], str | None]
# Makes the check of one field of a Go struct, of which the second argument is the path from the object's root.
_Field = Callable[[str, str], _Check]

_GO_NAMES = {str: "string", bool: "bool", list: "array", dict: "object"}


def check_object_meta_types(metadata: Any, kind: str, version: str) -> None:
    """Check that ``metadata`` of an object of ``kind`` has the types of ObjectMeta; unknown fields are left alone.

    ``version`` is the version alone (``v1``). Raises ApiError 400 BadRequest, as kube-apiserver words it.
    """
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        message: str | None = _mismatch(metadata, f"{kind}.metadata", "v1.ObjectMeta")
    else:
        message = _OBJECT_META(metadata)
    if message is not None:
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {message}')


def _mismatch(value: Any, place: str, go_type: str) -> str:
    name = _GO_NAMES.get(type(value), "number")
    if name == "number" and go_type == "int64":
        name = f"number {render_value(value)}"
    return f"json: cannot unmarshal {name} into Go struct field {place} of type {go_type}"


def _scalar(python_type: type, go_type: str) -> _Field:
    def field(struct: str, path: str) -> _Check:
        place = f"{struct}.{path}"

        def check(value: Any) -> str | None:
            if value is None or type(value) is python_type:
                return None
            return _mismatch(value, place, go_type)

        return check

    return field


def _int64(struct: str, path: str) -> _Check:
    def check(value: Any) -> str | None:
        if value is None or (type(value) is int and -(2**63) <= value < 2**63):
            return None
        return _mismatch(value, f"{struct}.{path}", "int64")

    return check


def _time(struct: str, path: str) -> _Check:
    def check(value: Any) -> str | None:
        if value is None:
            return None
        if type(value) is not str:
            return _mismatch(value, f"{struct}.{path}", "string")
        try:
            parse_time(value)
        except ValueError as error:
            return str(error)
        return None

    return check


def _string_map(struct: str, path: str) -> _Check:
    place = f"{struct}.{path}"

    def check(value: Any) -> str | None:
        if value is None:
            return None
        if type(value) is not dict:
            return _mismatch(value, place, "map[string]string")
        for item in value.values():
            if type(item) is not str and item is not None:
                return _mismatch(item, place, "string")
        return None

    return check


def _list_of(go_type: str, element: _Field) -> _Field:
    def field(struct: str, path: str) -> _Check:
        check_element = element(struct, path)

        def check(value: Any) -> str | None:
            if value is None:
                return None
            if type(value) is not list:
                return _mismatch(value, f"{struct}.{path}", go_type)
            for item in value:
                message = check_element(item)
                if message is not None:
                    return message
            return None

        return check

    return field


def _struct(name: str, fields: Mapping[str, _Field]) -> _Field:
    def field(struct: str, path: str) -> _Check:
        checks = {key: make(name, f"{path}.{key}") for key, make in fields.items()}

        def check(value: Any) -> str | None:
            if value is None:
                return None
            if type(value) is not dict:
                return _mismatch(value, f"{struct}.{path}", f"v1.{name}")
            for key, item in value.items():
                check_item = checks.get(key)
                message = check_item(item) if check_item else None
                if message is not None:
                    return message
            return None

        return check

    return field


_string = _scalar(str, "string")
_bool = _scalar(bool, "bool")
_uid = _scalar(str, "types.UID")

_OWNER_REFERENCE = _struct(
    "OwnerReference",
    {
        "apiVersion": _string,
        "kind": _string,
        "name": _string,
        "uid": _uid,
        "controller": _bool,
        "blockOwnerDeletion": _bool,
    },
)
_MANAGED_FIELDS_ENTRY = _struct(
    "ManagedFieldsEntry",
    {
        "manager": _string,
        "operation": _scalar(str, "v1.ManagedFieldsOperationType"),
        "apiVersion": _string,
        "time": _time,
        "fieldsType": _string,
        "subresource": _string,
    },
)
_OBJECT_META = _struct(
    "ObjectMeta",
    {
        "name": _string,
        "generateName": _string,
        "namespace": _string,
        "selfLink": _string,
        "uid": _uid,
        "resourceVersion": _string,
        "generation": _int64,
        "creationTimestamp": _time,
        "deletionTimestamp": _time,
        "deletionGracePeriodSeconds": _int64,
        "labels": _string_map,
        "annotations": _string_map,
        "ownerReferences": _list_of("[]v1.OwnerReference", _OWNER_REFERENCE),
        "finalizers": _list_of("[]string", _string),
        "managedFields": _list_of("[]v1.ManagedFieldsEntry", _MANAGED_FIELDS_ENTRY),
    },
)("", "metadata")
