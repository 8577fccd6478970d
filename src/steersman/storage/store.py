"""The store: a key-value map that is a log of revisions (the model of etcd's v3 API).

Every committed write gets the next revision, starting above 1 in an empty store. All implementations pass
the tests in ``tests/storage/contract``. Keys are text, values are bytes; neither is interpreted here.
"""

from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Protocol

from msgspec import Struct


class KeyValue(Struct, frozen=True):
    """A key's value at one revision. ``create_revision`` is where the key's present life began."""

    key: str
    value: bytes
    mod_revision: int
    create_revision: int


class Event(Struct, frozen=True):
    """One committed change. ``kv.value`` is empty for a deletion, whose revision is ``kv.mod_revision``.

    ``previous`` is the key's state before, None for a creation; it is filled in only where the watch asked for it.
    """

    kv: KeyValue
    deleted: bool = False
    previous: KeyValue | None = None


class Page(Struct, frozen=True):
    """A slice of a list in key order, all read at ``revision``; ``remaining`` counts the keys after the slice."""

    items: Sequence[KeyValue]
    revision: int
    remaining: int


class CompareFailed(Exception):
    """The key was not at the expected revision. ``current`` is what is there now, None when it does not exist."""

    def __init__(self, key: str, expected: int, current: KeyValue | None) -> None:
        super().__init__(f"{key}: expected revision {expected}, found {current.mod_revision if current else 0}")
        self.key, self.expected, self.current = key, expected, current


class Compacted(Exception):
    """The asked revision is older than what the log still holds; ``compact_revision`` is its first readable one."""

    def __init__(self, compact_revision: int) -> None:
        super().__init__(f"the requested revision has been compacted (oldest is {compact_revision})")
        self.compact_revision = compact_revision


class FutureRevision(Exception):
    """The asked revision has not been written yet; ``current`` is the newest one."""

    def __init__(self, current: int) -> None:
        super().__init__(f"revision is in the future (current is {current})")
        self.current = current


class StoreClosed(Exception):
    """The store was closed, or failed for good, while the call waited."""


class Watch(Protocol):
    """A stream of events in revision order, in batches as they were committed; never an empty batch.

    Raises :class:`Compacted` from the iteration when the log lost revisions the watch had not read yet,
    :class:`StoreClosed` when the store goes away.
    """

    def __aiter__(self) -> AsyncIterator[Sequence[Event]]: ...

    async def __anext__(self) -> Sequence[Event]: ...

    def close(self) -> None:
        """End the iteration; safe to call twice."""


class Store(Protocol):
    """What every store does. All methods belong to one event loop; ``open`` comes first, ``close`` last."""

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Finish what was accepted, then fail what comes later with :class:`StoreClosed`."""

    def current_revision(self) -> Awaitable[int]:
        """The newest revision anywhere; a cache that has it is up to date (a linearizable read index)."""

    def get(self, key: str, revision: int = 0) -> Awaitable[KeyValue | None]:
        """The key at ``revision``, 0 for now; raises :class:`Compacted` or :class:`FutureRevision`."""

    def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Awaitable[Page]:
        """Keys with ``prefix`` that are not below ``start``, in key order, at most ``limit`` (0: all), at ``revision``.

        Raises :class:`Compacted` or :class:`FutureRevision`. A continuation is ``start`` = last key + "\\0"
        at the first page's revision.
        """

    def put(self, key: str, value: bytes, expected: int | None = None) -> Awaitable[int]:
        """Write and return the new revision once it is durable.

        ``expected`` is the key's present mod_revision, 0 for "must not exist", None for "whatever is there";
        raises :class:`CompareFailed` otherwise. Cancelling the wait does not undo the write.
        """

    def delete(self, key: str, expected: int | None = None) -> Awaitable[int]:
        """Delete and return the deletion's revision; raises :class:`CompareFailed` also when the key does not exist."""

    def watch(self, prefix: str, start: int = 0, *, previous: bool = False) -> Watch:
        """Every event with ``prefix`` from revision ``start`` on (inclusive); 0: from the next one.

        Replays from the log and continues live without gap or repetition. ``previous`` fills ``Event.previous``.
        """

    def compact(self, revision: int) -> Awaitable[None]:
        """Forget superseded values at or below ``revision``; reads and watches below it raise :class:`Compacted`.

        The newest value of each live key stays. Raises :class:`Compacted` if already done,
        :class:`FutureRevision` if not written yet.
        """
