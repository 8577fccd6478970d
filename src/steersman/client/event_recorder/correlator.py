"""What becomes of events: sent, counted into a series, or dropped. Rules without clock or network (KEP-383).

Events that differ in nothing but their note, name and time are isomorphic. The first of them is created. The second one
begins a series: the event on the server is patched to count two. Further ones are counted here only; the count is sent
when the series has been idle for six minutes, which ends it, and every thirty minutes while it goes on, for the server
forgets events after an hour. An event alone is forgotten after six minutes.

Each request that an event causes at once counts for the spam filter of its reporter and object; an event that it does
not accept is dropped, and a series is then sent when it is finished.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from steersman.client.event_recorder.spam_filter import SpamFilter

FINISH_SECONDS: Final = 6 * 60.0
REFRESH_SECONDS: Final = 30 * 60.0
MAX_ENTRIES: Final = 4096

_KEY_FIELDS: Final = ("type", "action", "reason", "reportingController", "reportingInstance")


@dataclass(slots=True, eq=False)
class Series:
    """One event, and how often isomorphic ones were observed; ``sent`` is the count that the server was told."""

    event: dict[str, Any]
    observed_at: float
    refreshed_at: float
    count: int = 1
    sent: int = 0
    last_observed_time: str = field(default="")

    @property
    def due(self) -> float:
        """When it is to be finished, or refreshed if that is earlier."""
        finish = self.observed_at + FINISH_SECONDS
        return finish if self.count == 1 else min(finish, self.refreshed_at + REFRESH_SECONDS)

    def content(self) -> dict[str, Any]:
        """The event as it is to be on the server now."""
        return self.event if self.count == 1 else {**self.event, **self.patch()}

    def patch(self) -> dict[str, Any]:
        """What changes on the server's event."""
        return {"series": {"count": self.count, "lastObservedTime": self.last_observed_time}}


class EventCorrelator:
    """Decides for each event whether anything is to be sent now. ``now`` is in seconds on a clock that goes forward.

    What it hands out is to be sent as it is then (``content`` or ``patch``), with ``sent`` set to the count.
    """

    def __init__(self, spam_filter: SpamFilter | None = None, max_entries: int = MAX_ENTRIES) -> None:
        self._spam_filter = spam_filter if spam_filter is not None else SpamFilter()
        self._max_entries = max_entries
        self._series: OrderedDict[Hashable, Series] = OrderedDict()  # by when they were last observed
        self.filtered = 0
        """Events that the spam filter dropped."""

    def correlate(self, event: dict[str, Any], now: float) -> Iterator[Series]:
        """What is to be sent because of ``event``: its series, unless it is only counted, and one it displaces."""
        key = _isomorphic_key(event)
        series = self._series.get(key)
        if series is None:
            yield from self._begin(key, event, now)
            return
        self._series.move_to_end(key)
        series.observed_at, series.last_observed_time = now, event["eventTime"]
        series.count += 1
        if series.count == 2:
            series.refreshed_at = now
            if self._spam_filter.accepts(_source_key(event), now):
                yield series

    def _begin(self, key: Hashable, event: dict[str, Any], now: float) -> Iterator[Series]:
        if not self._spam_filter.accepts(_source_key(event), now):
            self.filtered += 1
            return
        series = self._series[key] = Series(event, now, now)
        yield series
        if len(self._series) > self._max_entries:
            _, oldest = self._series.popitem(last=False)
            if oldest.sent < oldest.count:
                yield oldest

    @property
    def next_due(self) -> float | None:
        """When :meth:`advance` may have something to do, at the earliest; None if never."""
        return min((series.due for series in self._series.values()), default=None)

    def advance(self, now: float) -> list[Series]:
        """What is to be sent because time has passed: final counts, and counts of long series."""
        found = []
        for key, series in list(self._series.items()):
            if series.due > now:
                continue
            if series.observed_at + FINISH_SECONDS <= now:
                del self._series[key]
            series.refreshed_at = now
            if series.sent < series.count:
                found.append(series)
        return found

    def finish(self) -> list[Series]:
        """End all series; those whose counts are to be sent."""
        ended = [series for series in self._series.values() if series.sent < series.count]
        self._series.clear()
        return ended


def _isomorphic_key(event: Mapping[str, Any]) -> Hashable:
    return (
        *(event[part] for part in _KEY_FIELDS),
        _reference_key(event["regarding"]),
        _reference_key(event.get("related") or {}),
    )


def _source_key(event: Mapping[str, Any]) -> Hashable:
    return event["reportingController"], event["reportingInstance"], _reference_key(event["regarding"])


def _reference_key(reference: Mapping[str, str]) -> Hashable:
    """Which object it is; at which of its versions it was seen makes no other object of it."""
    return frozenset(item for item in reference.items() if item[0] != "resourceVersion")
