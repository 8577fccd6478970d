"""The recorder: what a controller says what happens with, without waiting for anything."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from steersman.client.event_recorder.event import EventType, Reporter, make_event
from steersman.client.event_recorder.reference import Regarding, reference

_log = logging.getLogger(__name__)


class EventRecorder:
    """Reports events as ``reporter``, to ``broadcast``; client-go's EventRecorder, of ``tools/events``.

    ``nanoseconds`` is the time since 1970.
    """

    def __init__(
        self,
        broadcast: Callable[[Mapping[str, Any]], None],
        reporter: Reporter,
        *,
        nanoseconds: Callable[[], int] = time.time_ns,
    ) -> None:
        self._broadcast, self._reporter, self._nanoseconds = broadcast, reporter, nanoseconds
        self._last = 0

    def event(
        self,
        regarding: Regarding,
        type: EventType,
        reason: str,
        action: str,
        note: str,
        related: Regarding | None = None,
    ) -> None:
        """Report what happened to ``regarding``: ``reason`` in a word, ``action`` that was taken, ``note`` for people.

        ``related`` is another object that had to do with it. It returns at once and raises nothing: what is wrong with
        the event is logged, and the event is then not reported.
        """
        try:
            event = make_event(
                self._reporter,
                reference(regarding),
                reference(related) if related is not None else None,
                type,
                reason,
                action,
                note,
                self._unique_time(),
            )
            self._broadcast(event)
        except Exception as error:
            _log.error("the event %s (%s) is not reported: %s", reason, note, error)

    def _unique_time(self) -> int:
        """Now, but later than the last time: events are named by it."""
        self._last = max(self._last + 1, self._nanoseconds())
        return self._last
