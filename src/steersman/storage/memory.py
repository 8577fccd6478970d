"""A store in this process's memory: for tests, and for control planes that need not outlive their process."""

import asyncio
from bisect import bisect_left, bisect_right, insort

from steersman.storage.feed import Row, event_of
from steersman.storage.key_range import prefix_end
from steersman.storage.log_store import LogStore
from steersman.storage.sequencer import FIRST_REVISION, Batch
from steersman.storage.store import Event, KeyValue, Page

_SLICE = 1000
"""Keys or revisions that are looked at between two turns of the loop."""


class RevisionLog:
    """Rows by revision, and for each key the ascending revisions of its rows."""

    def __init__(self) -> None:
        self.compact_revision = 0
        self._rows: dict[int, Row] = {}
        self._history: dict[str, list[int]] = {}
        self._keys: list[str] = []  # those of _history, sorted

    def append(self, row: Row) -> None:
        revision, key = row[:2]
        self._rows[revision] = row
        if key in self._history:
            self._history[key].append(revision)
        else:
            self._history[key] = [revision]
            insort(self._keys, key)

    def at(self, revision: int) -> KeyValue:
        """See :class:`steersman.storage.feed.Log`."""
        return event_of(self._rows[revision]).kv

    def get(self, key: str, revision: int) -> KeyValue | None:
        """See :class:`steersman.storage.log_store.KeyedLog`."""
        history = self._history.get(key, ())
        newest = bisect_right(history, revision) - 1
        if newest < 0 or (row := self._rows[history[newest]])[4]:
            return None
        return event_of(row).kv

    def keys(self, start: str, end: str | None, limit: int) -> list[str]:
        """The first ``limit`` keys from ``start`` to below ``end``, of any revision."""
        first = bisect_left(self._keys, start)
        last = len(self._keys) if end is None else bisect_left(self._keys, end)
        return self._keys[first : min(last, first + limit)]

    def replay(self, prefix: str, first: int, last: int, limit: int, previous: bool) -> list[Event]:
        """See :class:`steersman.storage.feed.Log`."""
        events: list[Event] = []
        for revision in range(first, last + 1):
            row = self._rows.get(revision)
            if row is not None and row[1].startswith(prefix):
                events.append(event_of(row, self.at(row[3]) if previous and row[3] else None))
                if len(events) == limit:
                    break
        return events

    def sweep(self, first: int, last: int) -> None:
        """Drop the values that revisions ``first`` to ``last`` replaced, and the deletions among those revisions."""
        for revision in range(first, last + 1):
            row = self._rows[revision]
            history = self._history[row[1]]
            # In ascending order, what is to go is always the oldest row that its key has left.
            for dead in (row[3], revision if row[4] else 0):
                if dead:
                    del history[0], self._rows[dead]
            if not history:
                del self._history[row[1]]
                del self._keys[bisect_left(self._keys, row[1])]


class MemoryStore(LogStore[RevisionLog]):
    """Writes are committed together on the loop's next turn."""

    def __init__(self) -> None:
        super().__init__(RevisionLog())
        self._swept = FIRST_REVISION + 1  # revisions below have been swept

    async def open(self) -> None:
        self._sequencer.start(FIRST_REVISION, {})

    async def close(self) -> None:
        self._sequencer.stop("the store is closed")
        self._sequencer.fail("the store is closed")

    def _commit(self, batch: Batch) -> None:
        for row in batch.rows:
            self._log.append(row)
        self._sequencer.committed([batch])

    async def _list_at(self, prefix: str, start: str, limit: int, revision: int) -> Page:
        items: list[KeyValue] = []
        start, end, remaining = max(prefix, start), prefix_end(prefix), 0
        while keys := self._log.keys(start, end, _SLICE):
            found = [kv for key in keys if (kv := self._log.get(key, revision)) is not None]
            room = len(found) if not limit else limit - len(items)
            items += found[:room]
            remaining += max(0, len(found) - room)
            if len(keys) < _SLICE:
                break
            start = keys[-1] + "\0"
            await asyncio.sleep(0)
            self._readable(revision)
        return Page(items, revision, remaining)

    async def _forget(self, revision: int) -> None:
        # What was replaced at the compact revision itself stays: a watch from there may ask for the previous value.
        while self._swept < self._log.compact_revision:
            last = min(self._swept + _SLICE, self._log.compact_revision) - 1
            self._log.sweep(self._swept, last)
            self._swept = last + 1
            await asyncio.sleep(0)
