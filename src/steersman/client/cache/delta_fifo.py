"""DeltaFIFO: what happened to each object since it was last looked at, first come first served.

A reflector learns of changes faster than they can be worked on, out of order over a broken connection, and sometimes
twice. A DeltaFIFO sits between it and the consumer that keeps the store and tells the handlers:

- The changes of one object are collected, oldest first, as its **Deltas**; the consumer gets them all at once.
- Objects are handed out in the order in which something first happened to them.
- A list after a lost watch **replaces** all that was known: each object that is listed gets a ``Replaced`` delta, and
  each that was known and is not listed was deleted unseen, and gets a ``Deleted`` delta with a tombstone in place of
  its final state.
- Two deletions in a row are one, and the one that knows the final state is kept.
- A **resync** hands every known object out again, for handlers that look at more than what changed.

"Known" are the objects that wait here, and those in the consumer's store (``known_objects``), which the consumer has to
keep up to date as it takes deltas out.

Nothing here waits: ``pop`` gives None when there is nothing.
"""

from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol

from steersman.client.cache.cached_object import CachedObject
from steersman.client.cache.keys import DeletedFinalStateUnknown

# What happens to every object before anybody else sees it, as a rule to leave out what takes memory and is not needed.
TransformFunc = Callable[[CachedObject], CachedObject]


class DeltaType(StrEnum):
    """What happened: ``Replaced`` was listed anew (and may be unchanged), ``Sync`` is a resync of what is known."""

    ADDED = "Added"
    UPDATED = "Updated"
    DELETED = "Deleted"
    REPLACED = "Replaced"
    SYNC = "Sync"


class Delta(NamedTuple):
    """One change. ``object`` is the state after it or, of ``Deleted``, the final state, if need be as a tombstone."""

    type: DeltaType
    object: CachedObject | DeletedFinalStateUnknown


class Deltas(list[Delta]):
    """All changes of one object that were not yet handed out, oldest first; never empty in a DeltaFIFO."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return self[0].object.key

    @property
    def oldest(self) -> Delta:
        return self[0]

    @property
    def newest(self) -> Delta:
        return self[-1]


class KeyListerGetter(Protocol):
    """What a DeltaFIFO asks of its consumer's store."""

    def list_keys(self) -> list[str]: ...

    def get_by_key(self, key: str) -> CachedObject | None: ...


class DeltaFIFO:
    """See the head of this module. Without ``known_objects`` only what waits here is known.

    ``transformer`` gets each object that comes in, once, and must leave its key alone; it does not get tombstones and
    resynced objects, which have been through it. If it raises, the change does not happen.
    """

    __slots__ = ("_closed", "_initial_population", "_items", "_known", "_populated", "_queue", "_transformer")

    def __init__(self, known_objects: KeyListerGetter | None = None, transformer: TransformFunc | None = None) -> None:
        self._known = known_objects
        self._transformer = transformer
        # A key is in the queue, and there once, if and only if it is in items.
        self._items: dict[str, Deltas] = {}
        self._queue: deque[str] = deque()
        self._populated = False
        self._initial_population = 0
        self._closed = False

    def add(self, obj: CachedObject) -> None:
        """The object was created."""
        self._enqueue(Delta(DeltaType.ADDED, self._transformed(obj)))
        self._populated = True

    def update(self, obj: CachedObject) -> None:
        """The object was changed."""
        self._enqueue(Delta(DeltaType.UPDATED, self._transformed(obj)))
        self._populated = True

    def delete(self, obj: CachedObject | DeletedFinalStateUnknown) -> None:
        """The object was deleted. If it is not known, its deletion has been told already, and nothing happens."""
        if obj.key in self._items or (self._known is not None and self._known.get_by_key(obj.key) is not None):
            final = obj if isinstance(obj, DeletedFinalStateUnknown) else self._transformed(obj)
            self._enqueue(Delta(DeltaType.DELETED, final))
        self._populated = True

    def replace(self, objects: Iterable[CachedObject], resource_version: str = "") -> None:
        """These are all objects there are: those that are known besides were deleted.

        ``resource_version`` is that of the list they are from; the queue keeps none, whoever lists does.
        """
        listed = [self._transformed(obj) for obj in objects]
        gone = self._known_besides(listed)
        for obj in listed:
            self._enqueue(Delta(DeltaType.REPLACED, obj))
        for tombstone in gone:
            self._enqueue(Delta(DeltaType.DELETED, tombstone))
        if not self._populated:
            self._populated = True
            self._initial_population = len(self._queue)

    def resync(self) -> None:
        """Hand every known object out again, except those that wait here: their news is newer than what is known."""
        if self._known is None:
            return
        for key in self._known.list_keys():
            obj = self._known.get_by_key(key)
            if obj is not None and key not in self._items:
                self._enqueue(Delta(DeltaType.SYNC, obj))

    def pop_ready(self) -> Deltas | None:
        """Take out the changes of the object that has waited longest; None if none waits. They are the caller's now."""
        if not self._queue:
            return None
        self._initial_population = max(0, self._initial_population - 1)
        return self._items.pop(self._queue.popleft())

    def pop(self, process: Callable[[Deltas, bool], None]) -> Deltas | None:
        """``process`` the changes of the object that has waited longest, and return them; None if none waits.

        ``process`` is also told whether they are of the initial list, and is done before anything else can come in, so
        that ``known_objects`` and the queue agree. What it raises goes to the caller; the changes are then gone.
        """
        in_initial_list = not self.has_synced
        deltas = self.pop_ready()
        if deltas is not None:
            process(deltas, in_initial_list)
        return deltas

    @property
    def has_synced(self) -> bool:
        """Whether all of the first ``replace`` has been taken out, or a single change came before any ``replace``."""
        return self._populated and self._initial_population == 0

    def close(self) -> None:
        """Say that the consumer shall stop when nothing is left."""
        self._closed = True

    @property
    def closed(self) -> bool:
        return self._closed

    def get_by_key(self, key: str) -> Deltas | None:
        """A copy of what waits for this key."""
        deltas = self._items.get(key)
        return None if deltas is None else Deltas(deltas)

    def list_keys(self) -> list[str]:
        """The keys of the objects that wait, longest first."""
        return [*self._queue]

    def __len__(self) -> int:
        return len(self._queue)

    def _transformed(self, obj: CachedObject) -> CachedObject:
        return obj if self._transformer is None else self._transformer(obj)

    def _known_besides(self, listed: list[CachedObject]) -> list[DeletedFinalStateUnknown]:
        """Tombstones of the objects that are known and not listed."""
        store = self._known
        held = [] if store is None else store.list_keys()
        if not (held or self._items):
            return []
        gone = []
        keys = {obj.key for obj in listed}
        for key, deltas in self._items.items():
            if key not in keys:
                last = deltas.newest.object
                gone.append(last if isinstance(last, DeletedFinalStateUnknown) else DeletedFinalStateUnknown(key, last))
        if store is not None:
            for key in held:
                if key not in keys and key not in self._items:
                    gone.append(DeletedFinalStateUnknown(key, store.get_by_key(key)))
        return gone

    def _enqueue(self, delta: Delta) -> None:
        key = delta.object.key
        deltas = self._items.get(key)
        if deltas is None:
            self._items[key] = Deltas((delta,))
            self._queue.append(key)
        elif delta.type is DeltaType.DELETED and deltas.newest.type is DeltaType.DELETED:
            if isinstance(deltas.newest.object, DeletedFinalStateUnknown):
                deltas[-1] = delta
        else:
            deltas.append(delta)
