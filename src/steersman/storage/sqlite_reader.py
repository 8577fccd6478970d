"""Reading committed revisions from SQLite."""

import sqlite3

import orjson

from steersman.storage.feed import Row, event_of
from steersman.storage.key_range import prefix_end
from steersman.storage.store import Event, KeyValue

_ROW = "SELECT revision, key, create_revision, prev_revision, deleted, value FROM revisions "

_GET = _ROW + "WHERE key = ? AND revision <= ? ORDER BY revision DESC LIMIT 1"

_AT = _ROW + "WHERE revision = ?"

# By revision, not by key: a slice of the log is short, a key range may be the whole store.
_REPLAY = _ROW + "WHERE revision BETWEEN ? AND ? AND +key >= ? AND +key < ? ORDER BY revision LIMIT ?"

# SQLite defines the columns beside max() to be those of the row that holds the maximum. Only the index is read, in its
# own order, and no further than the limit.
_LIVE = """
    SELECT max(revision) AS revision, key, deleted FROM revisions
    WHERE key >= :start AND key < :end AND revision <= :revision
    GROUP BY key HAVING NOT deleted ORDER BY key LIMIT :limit
"""

_FIND = f"SELECT json_group_array(revision) FROM ({_LIVE})"  # noqa: S608

_COUNT = f"SELECT count(*) FROM ({_LIVE} OFFSET :skip)"  # noqa: S608

_FETCH = """
    SELECT found.key, found.value, found.revision, found.create_revision
    FROM json_each(?) AS wanted CROSS JOIN revisions AS found ON found.revision = wanted.value
"""


def _bound(prefix: str) -> str | bytes:
    # Any BLOB is above any TEXT, so the empty one bounds a range without an end.
    end = prefix_end(prefix)
    return b"" if end is None else end


class Reader:
    """Queries on one connection, for one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA query_only = ON")

    def get(self, key: str, revision: int) -> KeyValue | None:
        """The key as it was at ``revision``."""
        row: Row | None = self._connection.execute(_GET, (key, revision)).fetchone()
        return None if row is None or row[4] else event_of(row).kv

    def at(self, revision: int) -> KeyValue:
        """The value written at ``revision``."""
        row: Row = self._connection.execute(_AT, (revision,)).fetchone()
        return event_of(row).kv

    def replay(self, prefix: str, first: int, last: int, limit: int, previous: bool) -> list[Event]:
        """See :class:`steersman.storage.feed.Log`."""
        rows: list[Row] = self._connection.execute(_REPLAY, (first, last, prefix, _bound(prefix), limit)).fetchall()
        return [event_of(row, self.at(row[3]) if previous and row[3] else None) for row in rows]

    def find(self, prefix: str, start: str, limit: int, revision: int) -> tuple[list[int], int]:
        """Where the first ``limit`` (0: all) live keys of a list are in the log, in key order; how many follow.

        Two statements however many keys there are, so that a thread runs them without the interpreter lock.
        """
        range_ = {"start": max(prefix, start), "end": _bound(prefix), "revision": revision}
        (text,) = self._connection.execute(_FIND, {**range_, "limit": limit or -1}).fetchone()
        found: list[int] = orjson.loads(text)
        if not limit or len(found) < limit:
            return found, 0
        (remaining,) = self._connection.execute(_COUNT, {**range_, "limit": -1, "skip": limit}).fetchone()
        return found, remaining

    def fetch(self, revisions: list[int]) -> list[KeyValue]:
        """The values written at these revisions, in this order."""
        rows = self._connection.execute(_FETCH, (orjson.dumps(revisions).decode(),))
        return [KeyValue(*row) for row in rows.fetchall()]
