"""A store that holds its own log of revisions: what memory and SQLite have in common.

Reads are of the log, writes go through the sequencer, watches follow the feed. What differs is where the log is, and so
how it is listed, how writes are committed to it, and how it forgets.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Generic, Protocol, TypeVar

from steersman.storage.feed import Feed, Log
from steersman.storage.sequencer import Batch, Sequencer
from steersman.storage.store import Compacted, KeyValue, Page, Watch


class KeyedLog(Log, Protocol):
    """A log in which single keys can be read, and whose past can be given up."""

    compact_revision: int

    def get(self, key: str, revision: int) -> KeyValue | None:
        """The key as it was at ``revision``, which is readable."""


L = TypeVar("L", bound=KeyedLog)


class LogStore(ABC, Generic[L]):
    """See :class:`steersman.storage.store.Store`."""

    def __init__(self, log: L) -> None:
        self._log = log
        self._feed = Feed(log)
        self._sequencer = Sequencer(self._feed, log.get, self._commit)

    async def current_revision(self) -> int:
        return self._sequencer.revision

    async def get(self, key: str, revision: int = 0) -> KeyValue | None:
        return self._log.get(key, self._readable(revision))

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        while True:
            try:
                return await self._list_at(prefix, start, limit, self._readable(revision))
            except Compacted:
                if revision:
                    raise

    def put(self, key: str, value: bytes, expected: int | None = None) -> Awaitable[int]:
        return self._sequencer.put(key, value, expected)

    def delete(self, key: str, expected: int | None = None) -> Awaitable[int]:
        return self._sequencer.delete(key, expected)

    def watch(self, prefix: str, start: int = 0, *, previous: bool = False) -> Watch:
        return self._feed.watch(prefix, start, previous)

    async def compact(self, revision: int) -> None:
        """Returns when all is forgotten; reads below ``revision`` are refused at once."""
        if self._sequencer.readable(revision) <= self._log.compact_revision or not revision:
            raise Compacted(self._log.compact_revision)
        self._log.compact_revision = revision
        await self._forget(revision)

    def _readable(self, revision: int) -> int:
        """The revision to read at, of one that was asked for (0: now). Raises :class:`Compacted` and others."""
        revision = self._sequencer.readable(revision)
        if revision < self._log.compact_revision:
            raise Compacted(self._log.compact_revision)
        return revision

    @abstractmethod
    def _commit(self, batch: Batch) -> None:
        """Make the writes durable; tell the sequencer when they are."""

    @abstractmethod
    async def _list_at(self, prefix: str, start: str, limit: int, revision: int) -> Page:
        """See :meth:`list`. Raises :class:`Compacted` where ``revision`` is compacted meanwhile."""

    @abstractmethod
    async def _forget(self, revision: int) -> None:
        """Drop what is superseded at ``revision``, the new compact revision."""
