"""Errors of the API: an :class:`ApiError` carries a Kubernetes ``Status``; a :class:`FieldError` names one field.

Reasons, codes and wording follow API conventions, sections "Response Status Kind" and "HTTP Status codes".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from steersman.apimachinery.group_version import GroupKind, GroupResource


class FieldError(Exception):
    """One invalid field: ``reason`` is a ``CauseType`` (``FieldValueInvalid``), ``field`` a path (``spec.a[0]``)."""

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.reason, self.field, self.message = reason, field, message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldError) and self.args == other.args and self.reason == other.reason

    def __hash__(self) -> int:
        return hash((self.reason, self.args))

    def cause(self) -> dict[str, str]:
        return {"reason": self.reason, "message": self.message, "field": self.field}


def render_value(value: object) -> str:
    """A value as it stands in a field error: strings quoted, numbers and booleans bare, the rest as compact JSON."""
    return orjson.dumps(value).decode()


def field_required(field: str, detail: str = "") -> FieldError:
    return FieldError("FieldValueRequired", field, f"Required value: {detail}" if detail else "Required value")


def field_invalid(field: str, value: object, detail: str) -> FieldError:
    return FieldError("FieldValueInvalid", field, f"Invalid value: {render_value(value)}: {detail}")


def field_type_invalid(field: str, value: object, detail: str) -> FieldError:
    return FieldError("FieldValueTypeInvalid", field, f"Invalid value: {render_value(value)}: {detail}")


def field_not_supported(field: str, value: object, supported: Iterable[str]) -> FieldError:
    listed = ", ".join(render_value(one) for one in supported)
    tail = f": supported values: {listed}" if listed else ""
    return FieldError("FieldValueNotSupported", field, f"Unsupported value: {render_value(value)}{tail}")


def field_not_found(field: str, value: object) -> FieldError:
    return FieldError("FieldValueNotFound", field, f"Not found: {render_value(value)}")


def field_duplicate(field: str, value: object) -> FieldError:
    return FieldError("FieldValueDuplicate", field, f"Duplicate value: {render_value(value)}")


def field_forbidden(field: str, detail: str) -> FieldError:
    return FieldError("FieldValueForbidden", field, f"Forbidden: {detail}" if detail else "Forbidden")


def field_too_long(field: str, limit: int) -> FieldError:
    return FieldError("FieldValueTooLong", field, f"Too long: may not be more than {limit} bytes")


def field_too_many(field: str, actual: int, limit: int) -> FieldError:
    return FieldError("FieldValueTooMany", field, f"Too many: {actual}: must have at most {limit} items")


@dataclass(slots=True)
class ApiError(Exception):
    """A refused or failed request.

    ``code`` is the HTTP status, ``reason`` a ``StatusReason``, ``details`` the Status' details object,
    ``headers`` extra response headers such as ``Retry-After``, ``metadata`` the Status' ListMeta.
    """

    code: int
    reason: str
    message: str
    details: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Exception.__init__(self, self.message)

    def __str__(self) -> str:
        return self.message

    def status(self) -> dict[str, Any]:
        """The ``Status`` object (v1) that the client gets."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def _details(resource: GroupResource | None, name: str) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if resource is not None:
        if resource.group:
            details["group"] = resource.group
        if resource.resource:
            details["kind"] = resource.resource
    return details


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized(message: str = "Unauthorized") -> ApiError:
    return ApiError(401, "Unauthorized", message)


def forbidden(resource: GroupResource | None, name: str, message: str) -> ApiError:
    """``message`` is the explanation after "pods "x" is forbidden: "."""
    if resource is None:
        text = f"forbidden: {message}"
    elif name:
        text = f'{resource} "{name}" is forbidden: {message}'
    else:
        text = f"{resource} is forbidden: {message}"
    return ApiError(403, "Forbidden", text, _details(resource, name))


def not_found(resource: GroupResource, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', _details(resource, name))


def path_not_found() -> ApiError:
    """No such path, group, version or resource: what kube-apiserver answers for a kind it does not serve."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def method_not_supported(resource: GroupResource, verb: str) -> ApiError:
    message = f'{verb} is not supported on resources of kind "{resource}"'
    return ApiError(405, "MethodNotAllowed", message, _details(resource, ""))


def not_acceptable(supported: Sequence[str]) -> ApiError:
    message = "only the following media types are accepted: " + ", ".join(supported)
    return ApiError(406, "NotAcceptable", message)


def already_exists(resource: GroupResource, name: str) -> ApiError:
    return ApiError(409, "AlreadyExists", f'{resource} "{name}" already exists', _details(resource, name))


def conflict(resource: GroupResource, name: str, message: str) -> ApiError:
    text = f'Operation cannot be fulfilled on {resource} "{name}": {message}'
    return ApiError(409, "Conflict", text, _details(resource, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def expired(message: str) -> ApiError:
    """410: the requested revision has been compacted, the client lists again."""
    return ApiError(410, "Expired", message)


def unsupported_media_type(supported: Sequence[str]) -> ApiError:
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(supported)
    return ApiError(415, "UnsupportedMediaType", message)


def invalid(kind: GroupKind, name: str, errors: Sequence[FieldError]) -> ApiError:
    if len(errors) == 1:
        text = str(errors[0])
    else:
        text = "[" + ", ".join(str(error) for error in errors) + "]"
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if kind.group:
        details["group"] = kind.group
    details["kind"] = kind.kind
    details["causes"] = [error.cause() for error in errors]
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def too_large(message: str) -> ApiError:
    return ApiError(413, "RequestEntityTooLarge", message)


def internal_error(message: str) -> ApiError:
    details = {"causes": [{"message": message}]}
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", details)


def service_unavailable(message: str, retry_after: int = 1) -> ApiError:
    return ApiError(503, "ServiceUnavailable", message, None, (("Retry-After", str(retry_after)),))


def timeout(message: str, retry_after: int = 1) -> ApiError:
    """504: the request's deadline passed; ``retry_after`` in seconds."""
    return ApiError(504, "Timeout", f"Timeout: {message}", {"retryAfterSeconds": retry_after})


def server_timeout(resource: GroupResource, operation: str, message: str, retry_after: int = 1) -> ApiError:
    """500: what ``operation`` takes is not there yet; clients try again after ``retry_after`` seconds."""
    details = {**_details(resource, operation), "retryAfterSeconds": retry_after}
    return ApiError(500, "ServerTimeout", message, details, (("Retry-After", str(retry_after)),))


def resource_version_too_large(asked: int, current: int) -> ApiError:
    """504 with the cause that clients know a resourceVersion from the future by."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})
