"""DeleteOptions (meta/v1): how a client wants something deleted, said in the body or in the query."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from steersman.apimachinery.errors import FieldError, bad_request, field_invalid, field_not_supported, render_value
from steersman.apiserver.handlers.negotiation import Decoders, decode_body
from steersman.apiserver.handlers.options import DRY_RUN, invalid_options, is_integer
from steersman.apiserver.request_info import is_true

PROPAGATION_POLICIES = ("Background", "Foreground", "Orphan")

_TYPES: Mapping[str, tuple[type, str]] = {
    "apiVersion": (str, "string"),
    "kind": (str, "string"),
    "gracePeriodSeconds": (int, "int64"),
    "orphanDependents": (bool, "bool"),
    "propagationPolicy": (str, "v1.DeletionPropagation"),
    "dryRun": (list, "[]string"),
    "preconditions": (dict, "v1.Preconditions"),
}
_PRECONDITION_TYPES: Mapping[str, tuple[type, str]] = {"uid": (str, "types.UID"), "resourceVersion": (str, "string")}

_NOT_SAID = frozenset(("apiVersion", "kind", "dryRun"))


class Deletion(NamedTuple):
    """``said`` is all that the options say beside the dry run."""

    dry_run: bool
    said: dict[str, Any]


def delete_options(body: bytes, content_type: bytes, query: Mapping[str, str], decoders: Decoders) -> Deletion:
    """What ``body`` says, where there is one, and the query otherwise; a dry run may be asked for in either.

    Raises 400 for what cannot be read, 422 for values that mean nothing.
    """
    options = _read(body, content_type, decoders) if body.strip() else _from_query(query)
    if "dryRun" in query:
        options.setdefault("dryRun", [query["dryRun"]])
    errors = _errors(options)
    if errors:
        raise invalid_options("DeleteOptions", errors)
    return Deletion(
        bool(options.get("dryRun")), {name: value for name, value in options.items() if name not in _NOT_SAID}
    )


def _read(body: bytes, content_type: bytes, decoders: Decoders) -> dict[str, Any]:
    options = _without_nulls(decode_body(body, content_type, "DeleteOptions", decoders).value)
    _check_types(options, _TYPES, "DeleteOptions")
    if options.get("kind", "DeleteOptions") != "DeleteOptions":
        raise bad_request("decoded object cannot be converted to DeleteOptions")
    if not all(isinstance(one, str) for one in options.get("dryRun", ())):
        raise bad_request("json: cannot unmarshal the value into Go struct field DeleteOptions.dryRun of type string")
    if "preconditions" in options:
        options["preconditions"] = _without_nulls(options["preconditions"])
        _check_types(options["preconditions"], _PRECONDITION_TYPES, "Preconditions.preconditions")
    return options


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item is not None}


def _check_types(value: dict[str, Any], types: Mapping[str, tuple[type, str]], struct: str) -> None:
    for field, item in value.items():
        wanted, go_type = types.get(field, (object, ""))
        if wanted is not object and type(item) is not wanted:
            raise bad_request(
                f"json: cannot unmarshal {render_value(item)} into Go struct field {struct}.{field} of type {go_type}"
            )


def _from_query(query: Mapping[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if query.get("propagationPolicy"):
        options["propagationPolicy"] = query["propagationPolicy"]
    if "orphanDependents" in query:
        options["orphanDependents"] = is_true(query["orphanDependents"])
    grace = query.get("gracePeriodSeconds")
    if grace and not is_integer(grace):
        raise bad_request(f'strconv.ParseInt: parsing "{grace}": invalid syntax')
    return options


def _errors(options: Mapping[str, Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    policy = options.get("propagationPolicy")
    if policy is not None and "orphanDependents" in options:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        errors.append(field_invalid("propagationPolicy", policy, detail))
    if policy is not None and policy not in PROPAGATION_POLICIES:
        errors.append(field_not_supported("propagationPolicy", policy, (*PROPAGATION_POLICIES, "nil")))
    if any(one != DRY_RUN for one in options.get("dryRun", ())):
        errors.append(field_not_supported("dryRun", options["dryRun"], (DRY_RUN,)))
    return errors
