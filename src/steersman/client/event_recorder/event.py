"""Events as they are reported: the object of events.k8s.io/v1, and what the API asks of it (KEP-383)."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from steersman.apimachinery.names import check_dns1123_subdomain, check_label_key
from steersman.apimachinery.time import format_micro_time

EventType = Literal["Normal", "Warning"]

NOTE_LIMIT: Final = 1024
WORD_LIMIT: Final = 128
"""Bytes of a reason, an action and a reporting instance."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: the controller's name (``example.com/operator``), and which of its instances.

    Raises ValueError for a controller that is no qualified name; a long instance is trimmed.
    """

    controller: str
    instance: str

    def __post_init__(self) -> None:
        for problem in check_label_key(self.controller):
            raise ValueError(f"the reporting controller {self.controller!r} is no qualified name: {problem}")
        object.__setattr__(self, "instance", _trimmed(self.instance, WORD_LIMIT))


def make_event(
    reporter: Reporter,
    regarding: Mapping[str, str],
    related: Mapping[str, str] | None,
    type: str,
    reason: str,
    action: str,
    note: str,
    nanoseconds: int,
) -> dict[str, Any]:
    """The event, at ``nanoseconds`` since 1970, by which it is also named; a note that is too long is trimmed.

    Raises ValueError for a type that is neither Normal nor Warning, and for a reason or action that is empty or too
    long: the server would refuse it.
    """
    for is_refused, why in _RULES:
        if is_refused(type, reason, action):
            raise ValueError(why)
    event: dict[str, Any] = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "name": _name(regarding["name"], nanoseconds),
            "namespace": regarding.get("namespace") or "default",
        },
        "eventTime": format_micro_time(_EPOCH + timedelta(microseconds=nanoseconds // 1000)),
        "type": type,
        "reason": reason,
        "action": action,
        "note": _trimmed(note, NOTE_LIMIT),
        "regarding": dict(regarding),
        "reportingController": reporter.controller,
        "reportingInstance": reporter.instance,
    }
    if related is not None:
        event["related"] = dict(related)
    return event


def _too_long(word: str) -> bool:
    return len(word.encode()) > WORD_LIMIT


_RULES: tuple[tuple[Callable[[str, str, str], bool], str], ...] = (
    (lambda type, reason, action: type not in ("Normal", "Warning"), "its type is neither Normal nor Warning"),
    (lambda type, reason, action: not reason, "it has no reason"),
    (lambda type, reason, action: not action, "it has no action"),
    (lambda type, reason, action: _too_long(reason), f"its reason has more than {WORD_LIMIT} bytes"),
    (lambda type, reason, action: _too_long(action), f"its action has more than {WORD_LIMIT} bytes"),
)


def _name(regarding: str, nanoseconds: int) -> str:
    """``name.hextimestamp``; a UUID for objects whose name could not be the beginning of an event's."""
    name = f"{regarding}.{nanoseconds:x}"
    return str(uuid.uuid4()) if check_dns1123_subdomain(name) else name


def _trimmed(text: str, limit: int) -> str:
    """As many characters of ``text`` as fit into ``limit`` bytes."""
    data = text.encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore") if len(data) > limit else text
