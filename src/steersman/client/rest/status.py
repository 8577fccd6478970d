"""The ``Status`` of a failed request, as an exception."""

from collections.abc import Mapping
from typing import Any

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.client.rest.retry import retry_after
from steersman.client.transport import HeaderFields

_SAID = "{text}"

_GENERIC: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", _SAID),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    406: ("NotAcceptable", _SAID),
    409: ("Conflict", "the server reported a conflict"),
    410: ("Gone", "the server no longer has the requested resource"),
    413: ("RequestEntityTooLarge", "the server finds the request too large"),
    415: ("UnsupportedMediaType", _SAID),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: (
        "Timeout",
        "the server was unable to return a response in the time allotted, but may still be processing the request",
    ),
}
"""Reason and message where there is no Status: of a proxy, or of a server that is none of Kubernetes'."""

_UNSAID: Mapping[int, str] = {
    403: "the server does not allow access to the requested resource",
    406: "the server was unable to respond with a content type that the client supports",
    415: "the server does not take content of this type",
}

_SHOWN = 2048


def api_error(code: int, body: bytes, headers: HeaderFields = (), method: str = "GET") -> ApiError:
    """What the server answered, read from a ``Status`` if the body is one; else what client-go makes of the code.

    Then ``details.causes`` has the text that came, with the reason ``UnexpectedServerResponse``.
    """
    status = _status(body)
    if status is None:
        return _generic(code, body, headers, method)
    reason, message = _GENERIC.get(code, ("Unknown", f"the server answered {code}"))
    return ApiError(
        _typed(int, status.get("code")) or code,
        _typed(str, status.get("reason")) or reason,
        _typed(str, status.get("message")) or _UNSAID.get(code, message),
        _typed(dict, status.get("details")),
        tuple(headers),
        _typed(dict, status.get("metadata")) or {},
    )


def _typed(kind: type, value: Any) -> Any:
    return value if isinstance(value, kind) else None


def _status(body: bytes) -> dict[str, Any] | None:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) and content.get("kind") == "Status" else None


def _generic(code: int, body: bytes, headers: HeaderFields, method: str) -> ApiError:
    fields = dict(headers)
    is_text = fields.get("content-type", "text/").startswith("text/")
    text = body[:_SHOWN].decode("utf-8", "replace").strip() if is_text else "unknown"
    reason, message = _GENERIC.get(code) or _other(code, text, fields.get("location", ""))
    if message == _SAID:
        message = " ".join(text.split()) if text and is_text else _UNSAID[code]
    if code == 409 and method == "POST":
        reason = "AlreadyExists"
    details: dict[str, Any] = {"causes": [{"reason": "UnexpectedServerResponse", "message": text}]}
    if (seconds := retry_after(headers)) is not None:
        details["retryAfterSeconds"] = seconds
    return ApiError(code, reason, message, details, tuple(headers))


def _other(code: int, text: str, location: str) -> tuple[str, str]:
    if code >= 500:
        quoted = orjson.dumps(text).decode()
        return "InternalError", f"an error on the server ({quoted}) has prevented the request from succeeding"
    if 300 <= code < 400 and location:
        return "Unknown", f"the server redirects to {location!r}, which is not followed"
    return "Unknown", f"the server responded with the status code {code} but did not return more information"
