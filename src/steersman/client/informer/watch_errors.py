"""What the errors of lists and watches mean to who lists and watches."""

from typing import Any, Final

from steersman.apimachinery.errors import ApiError

_TOO_LARGE: Final = "Too large resource version"
_WATCH_LIST_REFUSALS: Final = frozenset((400, 405, 422))


class WatchCut(Exception):
    """A watch ended within a second, and nothing new was learned from it: there is something wrong."""


class NoInitialEventsEnd(Exception):
    """A server does not know of streaming lists: no bookmark came at the end of the initial events."""


def is_expired(error: Exception) -> bool:
    """The version is no longer there, to list or watch from: 410."""
    return isinstance(error, ApiError) and error.reason in ("Expired", "Gone")


def is_too_large(error: Exception) -> bool:
    """The version is not yet there, as far as this server knows; servers before 1.19 say so in words only."""
    if not isinstance(error, ApiError):
        return False
    causes: list[dict[str, Any]] = (error.details or {}).get("causes") or []
    if any(cause.get("reason") == "ResourceVersionTooLarge" for cause in causes):
        return True
    said = (error.message, *(cause.get("message") or "" for cause in causes))
    return error.reason == "Timeout" and any(_TOO_LARGE in one for one in said)


def is_throttled(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.code == 429


def is_internal(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.reason == "InternalError"


def is_watch_list_refusal(error: Exception) -> bool:
    """The server does not take ``sendInitialEvents``, for itself or for this kind."""
    return isinstance(error, ApiError) and error.code in _WATCH_LIST_REFUSALS


def error_of_status(status: dict[str, Any]) -> ApiError:
    """The Status that an ``ERROR`` event carries, as an exception."""
    return ApiError(
        status.get("code") or 500,
        status.get("reason") or "Unknown",
        status.get("message") or "the watch failed",
        status.get("details"),
        (),
        status.get("metadata") or {},
    )
