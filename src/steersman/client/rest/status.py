"""The ``Status`` of a failed request, as an exception."""

from collections.abc import Mapping
from typing import Any

import orjson

from steersman.apimachinery.errors import ApiError

_REASONS: Mapping[int, str] = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Gone",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}

_SHOWN = 1024


def api_error(code: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> ApiError:
    """What the server answered, read from a ``Status`` if the body is one; else made of the code and the text."""
    status = _status(body)
    if status is None:
        text = body[:_SHOWN].decode("utf-8", "replace").strip() or f"the server answered {code}"
        return ApiError(code, _REASONS.get(code, "Unknown"), text, headers=headers)
    return ApiError(
        status.get("code") or code,
        status.get("reason") or _REASONS.get(code, "Unknown"),
        status.get("message") or f"the server answered {code}",
        status.get("details"),
        headers,
        status.get("metadata") or {},
    )


def _status(body: bytes) -> dict[str, Any] | None:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) and content.get("kind") == "Status" else None
