"""The live end of a log: watches that replay from the log, catch up with it, and follow each commit.

Stores that hold their own log (memory, SQLite) share this. A watch is in one of two modes. *Live*, it is handed
every commit and queues what its reader has not taken. *Behind*, it queues nothing and reads the log in slices from
where its reader was, until it has caught up. A queue that grows too long is dropped and the watch falls behind:
memory stays bounded and nothing is lost.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from steersman.storage.key_range import PrefixIndex
from steersman.storage.store import Compacted, Event, KeyValue, StoreClosed

# One revision of the log: revision, key, create_revision (0 for a deletion), revision of the value that it replaced
# (0 for a creation), whether it is a deletion, value.
Row: TypeAlias = tuple[int, str, int, int, int, bytes]

REPLAY_EVENTS = 256
"""At most so many events come from the log in one slice: what is read without yielding to the loop."""

REPLAY_REVISIONS = 2048
"""At most so many revisions are looked at for one slice, matching or not."""


class Log(Protocol):
    """The committed past of a store."""

    @property
    def compact_revision(self) -> int:
        """The oldest revision that can be read."""

    def replay(self, prefix: str, first: int, last: int, limit: int, previous: bool) -> list[Event]:
        """The first ``limit`` events with ``prefix`` at revisions ``first`` to ``last``, both included."""

    def at(self, revision: int) -> KeyValue:
        """The value written at ``revision``, which must still be in the log; raises :class:`StoreClosed`."""


def event_of(row: Row, previous: KeyValue | None = None) -> Event:
    """A row of the log as a watch tells it."""
    revision, key, created, _, deleted, value = row
    return Event(KeyValue(key, value, revision, created), bool(deleted), previous)


class Feed:
    """Hands each commit to the watches that it concerns.

    :param log: where watches read what they were not handed.
    :param max_events: queued events above which a watch falls behind.
    :param max_bytes: bytes of queued values above which a watch falls behind.
    """

    def __init__(self, log: Log, max_events: int = 10_000, max_bytes: int = 64 << 20) -> None:
        self.log = log
        self.max_events, self.max_bytes = max_events, max_bytes
        self.revision = 0
        self._watches: PrefixIndex[LogWatch] = PrefixIndex()
        self._ended: str | None = "the store is not open"

    def start(self, revision: int) -> None:
        """Serve watches from now on; ``revision`` is the newest committed one."""
        self.revision, self._ended = revision, None

    def publish(self, rows: Sequence[Row]) -> None:
        """Hand out committed rows, in revision order, that follow what was published before."""
        batches: dict[LogWatch, list[Event]] = {}
        for row in rows:
            plain: Event | None = None
            full: Event | None = None
            for watch in self._watches.match(row[1]):
                if not watch.live:
                    continue
                if watch.previous:
                    event = full = full or event_of(row, self.log.at(row[3]) if row[3] else None)
                else:
                    event = plain = plain or event_of(row)
                batches.setdefault(watch, []).append(event)
        self.revision = rows[-1][0]
        for watch, events in batches.items():
            watch.take(events)

    def watch(self, prefix: str, start: int, previous: bool) -> "LogWatch":
        """See :meth:`steersman.storage.store.Store.watch`."""
        watch = LogWatch(self, prefix, start or self.revision + 1, previous)
        if self._ended is not None:
            watch.end(StoreClosed(self._ended))
        else:
            self._watches.add(prefix, watch)
        return watch

    def forget(self, watch: "LogWatch") -> None:
        self._watches.remove(watch.prefix, watch)

    def end(self, reason: str) -> None:
        """End every watch, now and later, with :class:`StoreClosed` once its reader has taken what is queued."""
        self._ended = reason
        for watch in self._watches.all():
            self.forget(watch)
            watch.end(StoreClosed(reason))


class LogWatch:
    """One watch on a feed; see :class:`steersman.storage.store.Watch`. For one reader at a time."""

    def __init__(self, feed: Feed, prefix: str, start: int, previous: bool) -> None:
        self.prefix, self.previous = prefix, previous
        self.live = start > feed.revision
        self._feed = feed
        self._next = start  # what the reader has not been given begins at this revision
        self._queue: deque[list[Event]] = deque()
        self._queued_events = self._queued_bytes = 0
        self._wakeup: asyncio.Future[None] | None = None
        self._closed = False
        self._error: Compacted | StoreClosed | None = None

    def __aiter__(self) -> "LogWatch":
        return self

    async def __anext__(self) -> Sequence[Event]:
        while not self._closed:
            if self._queue:
                return self._pop()
            if self._error is not None:
                raise self._error
            if self.live:
                await self._wait()
            else:
                # Yield first: a reader that never waits on anything else must not hold the loop through a long replay.
                await asyncio.sleep(0)
                if events := self._read_log():
                    return events
        raise StopAsyncIteration

    def close(self) -> None:
        """End the iteration; safe to call twice."""
        if not self._closed:
            self._closed = True
            self._clear()
            if self._error is None:
                self._feed.forget(self)
            self._wake()

    def take(self, events: list[Event]) -> None:
        """Queue events that were just committed (the feed's side; only while live)."""
        if events[0].kv.mod_revision < self._next:
            events = [event for event in events if event.kv.mod_revision >= self._next]
            if not events:
                return
        if not self._queue:
            # What came before was of no concern here: were the queue dropped, the log need not be read from there.
            self._next = events[0].kv.mod_revision
        self._queue.append(events)
        self._queued_events += len(events)
        self._queued_bytes += sum(len(event.kv.value) for event in events)
        if self._queued_events > self._feed.max_events or self._queued_bytes > self._feed.max_bytes:
            self._clear()
            self.live = False
        self._wake()

    def end(self, error: Compacted | StoreClosed) -> None:
        """Make the iteration raise ``error`` after what is queued (the feed has forgotten this watch)."""
        self._error = error
        self._wake()

    def _pop(self) -> list[Event]:
        events = self._queue.popleft()
        self._queued_events -= len(events)
        self._queued_bytes -= sum(len(event.kv.value) for event in events)
        self._next = events[-1].kv.mod_revision + 1
        return events

    def _clear(self) -> None:
        self._queue.clear()
        self._queued_events = self._queued_bytes = 0

    def _read_log(self) -> list[Event]:
        if self._closed or self._error is not None:
            return []
        log, newest = self._feed.log, self._feed.revision
        if self._next < log.compact_revision:
            self._feed.forget(self)
            self._error = Compacted(log.compact_revision)
            raise self._error
        last = min(newest, self._next + REPLAY_REVISIONS - 1)
        events = log.replay(self.prefix, self._next, last, REPLAY_EVENTS, self.previous)
        self._next = events[-1].kv.mod_revision + 1 if len(events) == REPLAY_EVENTS else last + 1
        self.live = self._next > newest
        return events

    async def _wait(self) -> None:
        self._wakeup = asyncio.get_running_loop().create_future()
        try:
            await self._wakeup
        finally:
            self._wakeup = None

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)
