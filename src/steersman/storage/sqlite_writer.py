"""The thread that commits to SQLite: whatever has queued becomes one transaction (group commit)."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import NamedTuple

from steersman.storage.feed import Row
from steersman.storage.sequencer import Batch

_INSERT_ROWS = 64
"""Rows of one INSERT statement.

Every statement gives up the interpreter lock and must win it back from a busy loop. One statement for many rows, rather
than ``executemany``, took the 90th percentile of a 32-row commit beside a busy loop from 160 ms to 20.
"""

_SWEEP_REVISIONS = 256
"""Revisions whose predecessors are deleted in one transaction, between two group commits."""

_SWEEP = """
DELETE FROM revisions WHERE revision IN (
    SELECT prev_revision FROM revisions WHERE revision BETWEEN :first AND :last AND prev_revision > 0
    UNION ALL
    SELECT revision FROM revisions WHERE revision BETWEEN :first AND :last AND deleted
)
"""


class Compaction(NamedTuple):
    """A request to record this compact revision and sweep up to it."""

    revision: int


class Writer:
    """Owns the writing connection from :meth:`start` until :meth:`stop` returns. Its callbacks run on the loop.

    :param on_committed: batches that are durable now, oldest first.
    :param on_swept: the compact revision whose sweep is complete.
    :param on_failure: why nothing more will be committed; nothing follows but the stop.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        on_committed: Callable[[list[Batch]], None],
        on_swept: Callable[[int], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._connection = connection
        self._on_committed, self._on_swept, self._on_failure = on_committed, on_swept, on_failure
        self._queue: SimpleQueue[Batch | Compaction | None] = SimpleQueue()
        self._compact_revision = self._swept = 0

    def start(self, compact_revision: int, swept: int) -> None:
        """Begin; a sweep that a former process left unfinished is taken up again."""
        self._compact_revision, self._swept = compact_revision, swept
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        threading.Thread(target=self._run, name="sqlite-writer", daemon=True).start()

    def commit(self, batch: Batch) -> None:
        self._queue.put(batch)

    def compact(self, revision: int) -> None:
        self._queue.put(Compaction(revision))

    async def stop(self) -> None:
        """Commit what has queued, and end the thread. A sweep under way goes on when the file is next opened."""
        self._queue.put(None)
        await asyncio.shield(self._stopped)

    def _run(self) -> None:
        try:
            while self._turn():
                pass
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except Exception as error:  # whatever it is, nobody may wait for this thread in vain
            self._tell(self._on_failure, error)
        finally:
            self._tell(self._stopped.set_result, None)

    def _turn(self) -> bool:
        work = self._take_queued()
        if batches := [item for item in work if isinstance(item, Batch)]:
            self._insert([row for batch in batches for row in batch.rows])
            self._tell(self._on_committed, batches)
        for item in work:
            if isinstance(item, Compaction):
                self._connection.execute("UPDATE compaction SET compact_revision = ?", item)
                self._compact_revision = item.revision
                if self._swept >= item.revision:  # only the first write of all: nothing can be older
                    self._tell(self._on_swept, item.revision)
        if None in work:
            return False
        if self._swept < self._compact_revision:
            self._sweep()
        return True

    def _take_queued(self) -> list[Batch | Compaction | None]:
        # Sleep on the queue only when there is nothing to sweep.
        work = [] if self._swept < self._compact_revision else [self._queue.get()]
        try:
            while True:
                work.append(self._queue.get_nowait())
        except Empty:
            return work

    def _insert(self, rows: list[Row]) -> None:
        if len(rows) <= _INSERT_ROWS:  # a statement alone is its own transaction
            self._insert_slice(rows)
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for first in range(0, len(rows), _INSERT_ROWS):
            self._insert_slice(rows[first : first + _INSERT_ROWS])
        self._connection.execute("COMMIT")

    def _insert_slice(self, rows: list[Row]) -> None:
        places = ",(?,?,?,?,?,?)" * len(rows)
        columns = "revision, key, create_revision, prev_revision, deleted, value"
        statement = f"INSERT INTO revisions ({columns}) VALUES {places[1:]}"  # noqa: S608 (only placeholders)
        self._connection.execute(statement, [field for row in rows for field in row])

    def _sweep(self) -> None:
        # What was replaced at the compact revision itself stays: a watch from there may ask for the previous value.
        last = min(self._swept + _SWEEP_REVISIONS, self._compact_revision) - 1
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(_SWEEP, {"first": self._swept, "last": last})
        self._connection.execute("UPDATE compaction SET swept_revision = ?", (last + 1,))
        self._connection.execute("COMMIT")
        self._swept = last + 1
        if self._swept == self._compact_revision:
            self._tell(self._on_swept, self._swept)

    def _tell(self, callback: Callable[..., None], argument: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, argument)
        except RuntimeError:
            # The loop is closed: nobody is left to tell, and nobody to write for.
            self._queue.put(None)
