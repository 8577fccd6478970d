"""The order of writes: compare-and-swap is decided, and the revision given, when the call is made.

Stores that hold their own log (memory, SQLite) share this. The sequencer knows, for each live key, the revisions of
its newest accepted write, committed or not; so two racing writes cannot both win, and no write waits for another to
be decided. Accepted writes gather until the loop's next turn and are handed over to be committed as one batch.
Nothing that is not committed is ever shown: a write refused because of one that is under way learns it when that one
is durable.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from steersman.storage.feed import Feed, Row
from steersman.storage.store import CompareFailed, FutureRevision, KeyValue, StoreClosed

FIRST_REVISION = 1
"""The revision of an empty store; the first write gets the next one (as in etcd)."""

_ABSENT = (0, 0)


class Batch(Struct):
    """Writes to commit together, in revision order, each with the future of the caller who waits for it."""

    rows: list[Row] = field(default_factory=list)
    futures: list[asyncio.Future[int]] = field(default_factory=list)


class _Refusal(NamedTuple):
    """A write that failed its comparison against the log up to ``revision``, which is not committed yet."""

    revision: int
    key: str
    expected: int
    future: asyncio.Future[int]


class Sequencer:
    """Accepts writes, decides them, and tells the watches and the writers when they are committed.

    :param feed: told first of each commit, so that a watch's reader wakes before the writer does.
    :param read: reads a committed key at a revision. When it cannot, it calls :meth:`fail` and raises
        :class:`StoreClosed`.
    :param commit: is handed each batch; :meth:`committed` is called in the same order when they are durable.
    """

    def __init__(
        self, feed: Feed, read: Callable[[str, int], KeyValue | None], commit: Callable[[Batch], None]
    ) -> None:
        self._feed, self._read, self._commit = feed, read, commit
        self._closed: str | None = "the store is not open"
        self._live: dict[str, tuple[int, int]] = {}  # key: (mod_revision, create_revision)
        self._assigned = self._committed = 0
        self._gathering: Batch | None = None
        self._in_flight: deque[Batch] = deque()
        self._refused: deque[_Refusal] = deque()

    def start(self, revision: int, live: dict[str, tuple[int, int]]) -> None:
        """Accept writes from now on, above ``revision``; ``live`` maps each key to (mod_revision, create_revision)."""
        self._loop = asyncio.get_running_loop()
        self._assigned = self._committed = revision
        self._live = live
        self._closed = None
        self._feed.start(revision)

    @property
    def revision(self) -> int:
        """The newest committed revision; raises :class:`StoreClosed`."""
        if self._closed is not None:
            raise StoreClosed(self._closed)
        return self._committed

    def readable(self, revision: int) -> int:
        """The revision to read at, of one that the caller asked for (0: now).

        Raises :class:`FutureRevision` and :class:`StoreClosed`.
        """
        current = self.revision
        if revision > current:
            raise FutureRevision(current)
        return revision or current

    def put(self, key: str, value: bytes, expected: int | None) -> asyncio.Future[int]:
        """See :meth:`steersman.storage.store.Store.put`; ValueError for a key that is not Unicode text."""
        if not key.isascii():
            key.encode()
        replaced, created = self._live.get(key, _ABSENT)
        if self._closed is not None or (expected is not None and expected != replaced):
            return self._refuse(key, expected)
        self._assigned = revision = self._assigned + 1
        created = created or revision
        self._live[key] = (revision, created)
        return self._accept((revision, key, created, replaced, 0, value))

    def delete(self, key: str, expected: int | None) -> asyncio.Future[int]:
        """See :meth:`steersman.storage.store.Store.delete`."""
        replaced, _ = self._live.get(key, _ABSENT)
        if self._closed is not None or not replaced or (expected is not None and expected != replaced):
            return self._refuse(key, expected)
        self._assigned = revision = self._assigned + 1
        del self._live[key]
        return self._accept((revision, key, 0, replaced, 1, b""))

    def flush(self) -> None:
        """Hand over what has gathered."""
        batch, self._gathering = self._gathering, None
        if batch is not None:
            self._in_flight.append(batch)
            self._commit(batch)

    def committed(self, batches: Sequence[Batch]) -> None:
        """Tell the watches, then the writers, that the oldest batches handed over are durable."""
        rows = batches[0].rows if len(batches) == 1 else [row for batch in batches for row in batch.rows]
        self._committed = rows[-1][0]
        try:
            self._feed.publish(rows)
        except StoreClosed:
            return  # a previous value could not be read: the store has failed, and has told everyone
        for batch in batches:
            self._in_flight.popleft()
            for row, future in zip(batch.rows, batch.futures, strict=True):
                if not future.done():
                    future.set_result(row[0])
        while self._refused and self._refused[0].revision <= self._committed:
            self._tell(self._refused.popleft())

    def stop(self, reason: str) -> None:
        """Accept no more, for ``reason``; hand over what has gathered."""
        if self._closed is None:
            self._closed = reason
            self.flush()

    def fail(self, reason: str) -> None:
        """Accept no more; fail every write that is not committed, and every watch, with :class:`StoreClosed`."""
        self._closed = self._closed or reason
        batches = [*self._in_flight, *([self._gathering] if self._gathering else [])]
        waiting = [future for batch in batches for future in batch.futures] + [entry.future for entry in self._refused]
        self._in_flight.clear()
        self._refused.clear()
        self._gathering = None
        self._feed.end(reason)
        for future in waiting:
            if not future.done():
                future.set_exception(StoreClosed(reason))

    def _accept(self, row: Row) -> asyncio.Future[int]:
        batch = self._gathering
        if batch is None:
            batch = self._gathering = Batch()
            self._loop.call_soon(self.flush)
        future: asyncio.Future[int] = self._loop.create_future()
        batch.rows.append(row)
        batch.futures.append(future)
        return future

    def _refuse(self, key: str, expected: int | None) -> asyncio.Future[int]:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        refusal = _Refusal(self._assigned, key, expected or 0, future)
        if self._closed is not None:
            future.set_exception(StoreClosed(self._closed))
        elif self._assigned > self._committed:
            self._refused.append(refusal)
        else:
            self._tell(refusal)
        return future

    def _tell(self, refusal: _Refusal) -> None:
        if refusal.future.done():
            return
        try:
            current = self._read(refusal.key, refusal.revision)
        except StoreClosed as error:
            refusal.future.set_exception(error)
        else:
            refusal.future.set_exception(CompareFailed(refusal.key, refusal.expected, current))
