"""The SQLite file: who may open it, its tables, and what is read from it at the start."""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

from steersman.storage.sequencer import FIRST_REVISION

_FORMAT = 1
"""``user_version`` of the file; raised when a change of the tables needs a conversion."""

# The index holds all that the start and the counting of lists need, so that neither touches the values.
_SCHEMA = """
CREATE TABLE revisions (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    prev_revision INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    value BLOB NOT NULL
);
CREATE INDEX revisions_by_key ON revisions (key, revision, create_revision, deleted);
CREATE TABLE compaction (compact_revision INTEGER NOT NULL, swept_revision INTEGER NOT NULL);
"""


class Contents(NamedTuple):
    """Where the log of a file stands.

    ``live`` is each live key's (mod_revision, create_revision). Below ``swept_revision`` all that the compaction to
    ``compact_revision`` lets go of is gone.
    """

    revision: int
    live: dict[str, tuple[int, int]]
    compact_revision: int
    swept_revision: int


class SqliteFile:
    """A store's file, locked for this store alone: comparisons are decided in memory, so there can be one writer only.

    ``PATH.lock`` carries the lock; it vanishes with the process. All files are private to their owner (mode 0600).
    Raises OSError, with one line that says what is wrong, when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._connections: list[sqlite3.Connection] = []
        try:
            self._take_lock()
            self._create()
            self.writer = self.connect()
            self._prepare()
            self.contents = self._load()
        except sqlite3.Error as error:
            self.close()
            raise OSError(f"{path} cannot be opened: {error}") from error
        except BaseException:
            self.close()
            raise

    def connect(self) -> sqlite3.Connection:
        """A connection without implicit transactions, for one thread at a time."""
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._connections.append(connection)
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def close(self) -> None:
        """Close all connections, which no thread may use any more, and let others open the file."""
        for connection in self._connections:
            connection.close()
        os.close(self._lock)

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError(f"{self.path} is in use by another process") from None

    def _create(self) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # SQLite gives the files beside it (-wal, -shm) the same mode.
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _prepare(self) -> None:
        self.writer.execute("PRAGMA journal_mode = WAL")
        # A checkpoint holds up the writes behind it: one in 16 MiB, not in 4, takes a third off an update's p99.
        self.writer.execute("PRAGMA wal_autocheckpoint = 4096")
        self.writer.execute("PRAGMA journal_size_limit = 16777216")
        version = self.writer.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not self.writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            self.writer.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORMAT};")
            self.writer.execute("INSERT INTO compaction VALUES (0, ?)", (FIRST_REVISION + 1,))
            self.writer.execute("COMMIT")
        elif version != _FORMAT:
            raise OSError(f"{self.path} is not a store of this version (format {version}, expected {_FORMAT})")

    def _load(self) -> Contents:
        # A compaction never drops the newest row, so the count goes on from it.
        (newest,) = self.writer.execute("SELECT max(revision) FROM revisions").fetchone()
        rows = self.writer.execute("SELECT key, max(revision), create_revision, deleted FROM revisions GROUP BY key")
        live = {key: (revision, created) for key, revision, created, deleted in rows.fetchall() if not deleted}
        compaction = self.writer.execute("SELECT compact_revision, swept_revision FROM compaction").fetchone()
        return Contents(newest or FIRST_REVISION, live, *compaction)
