"""A durable store in one SQLite file, with nothing but the standard library.

Three threads touch the file, each with a connection of its own. The loop's reads single keys and short slices, which
take microseconds. A scanning thread finds and counts the keys of lists: a long statement, run without the interpreter
lock. A writing thread commits. What the loop knows as committed is told by the writing thread, batch by batch, and
nothing above it is read.

When a commit fails (disk full, I/O error) what the file holds of it is unknown, so the store closes for good: every
write that was not acknowledged, every watch and every later call raises :class:`StoreClosed` with the cause. What was
acknowledged is there when the file is opened again.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from steersman.storage.log_store import LogStore
from steersman.storage.sequencer import Batch
from steersman.storage.sqlite_file import SqliteFile
from steersman.storage.sqlite_reader import Reader
from steersman.storage.sqlite_writer import Writer
from steersman.storage.store import Event, KeyValue, Page, StoreClosed

P = ParamSpec("P")
T = TypeVar("T")

_FETCH_KEYS = 256
"""Values that a list reads between two turns of the loop."""

_CLOSED = "the store is closed"


class _CommittedLog:
    """The loop's side of the file. A read that SQLite cannot do fails the store."""

    def __init__(self, on_failure: Callable[[Exception], None]) -> None:
        self.compact_revision = 0
        self._on_failure = on_failure

    def start(self, reader: Reader, compact_revision: int) -> None:
        self._reader, self.compact_revision = reader, compact_revision

    def get(self, key: str, revision: int) -> KeyValue | None:
        return self._guard(self._reader.get, key, revision)

    def at(self, revision: int) -> KeyValue:
        return self._guard(self._reader.at, revision)

    def replay(self, prefix: str, first: int, last: int, limit: int, previous: bool) -> list[Event]:
        return self._guard(self._reader.replay, prefix, first, last, limit, previous)

    def fetch(self, revisions: list[int]) -> list[KeyValue]:
        return self._guard(self._reader.fetch, revisions)

    def failed(self, error: sqlite3.Error) -> StoreClosed:
        """Fail the store; returns what to raise."""
        self._on_failure(error)
        return StoreClosed(f"the store failed: {error}")

    def _guard(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except sqlite3.Error as error:
            raise self.failed(error) from error


class SqliteStore(LogStore[_CommittedLog]):
    """``compact`` leaves the file its size.

    :param path: the file, created when it does not exist; ``-wal``, ``-shm`` and ``.lock`` files lie beside it.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        super().__init__(_CommittedLog(self._fail))
        self._compactions: list[tuple[int, asyncio.Future[None]]] = []
        self._file: SqliteFile | None = None

    async def open(self) -> None:
        """Raises OSError with one clear line when the file cannot be used, or is in use by another process."""
        self._pool = ThreadPoolExecutor(1, "sqlite-scan")
        loading = self._pool.submit(SqliteFile, self._path)
        try:
            file = await asyncio.wrap_future(loading)
        except BaseException:
            loading.add_done_callback(_discard)
            self._pool.shutdown(wait=False)
            raise
        self._writer = Writer(
            file.writer,
            on_committed=self._sequencer.committed,
            on_swept=self._settle_compactions,
            on_failure=self._fail,
        )
        self._scanner = Reader(file.connect())
        revision, live, compact_revision, swept_revision = file.contents
        self._log.start(Reader(file.connect()), compact_revision)
        self._writer.start(compact_revision, swept_revision)
        self._sequencer.start(revision, live)
        self._file = file

    async def close(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        self._sequencer.stop(_CLOSED)
        await self._writer.stop()
        self._end(_CLOSED)
        # After the scans that are under way.
        await asyncio.get_running_loop().run_in_executor(self._pool, file.close)
        self._pool.shutdown(wait=False)

    def _commit(self, batch: Batch) -> None:
        self._writer.commit(batch)

    async def _list_at(self, prefix: str, start: str, limit: int, revision: int) -> Page:
        loop = asyncio.get_running_loop()
        try:
            found, remaining = await loop.run_in_executor(
                self._pool, self._scanner.find, prefix, start, limit, revision
            )
        except sqlite3.Error as error:
            raise self._log.failed(error) from error
        # Rows that a compaction drops meanwhile would be missed; it has made their revision unreadable before.
        self._readable(revision)
        items: list[KeyValue] = []
        for first in range(0, len(found), _FETCH_KEYS):
            if first:
                await asyncio.sleep(0)
                self._readable(revision)
            items += self._log.fetch(found[first : first + _FETCH_KEYS])
        return Page(items, revision, remaining)

    async def _forget(self, revision: int) -> None:
        swept = asyncio.get_running_loop().create_future()
        self._compactions.append((revision, swept))
        self._writer.compact(revision)
        await swept

    def _settle_compactions(self, revision: int) -> None:
        waiting, self._compactions = self._compactions, []
        for target, swept in waiting:
            if target > revision:
                self._compactions.append((target, swept))
            elif not swept.done():
                swept.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._end(f"the store failed: {error}")

    def _end(self, reason: str) -> None:
        self._sequencer.fail(reason)
        waiting, self._compactions = self._compactions, []
        for _, swept in waiting:
            if not swept.done():
                swept.set_exception(StoreClosed(reason))


def _discard(loading: Future[SqliteFile]) -> None:
    """Let go of a file whose opening nobody waits for any more."""
    if not loading.cancelled() and loading.exception() is None:
        loading.result().close()
