"""Event handlers: what is told that objects came, changed and went."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from steersman.client.cache import CachedObject, DeletedFinalStateUnknown

# What an informer waits for before it tells the handler of the next change; None if there is nothing to wait for.
Done = Awaitable[None] | None
Deleted = CachedObject | DeletedFinalStateUnknown


class ResourceEventHandler(Protocol):
    """Is told of changes, one after the other. Methods may be plain or async; what they raise is logged.

    Objects are shared and read-only. Long work belongs into a work queue: what a handler was not yet told waits in
    memory.
    """

    def on_add(self, obj: CachedObject, is_in_initial_list: bool, /) -> Done:
        """An object is there; ``is_in_initial_list`` if it was when the informer started or the handler was added."""

    def on_update(self, old: CachedObject, new: CachedObject, /) -> Done:
        """An object changed, was listed again, or (``old`` is ``new``) is told again in a resync.

        Its ``uid`` changes if it was deleted and created anew while nobody watched.
        """

    def on_delete(self, obj: Deleted, /) -> Done:
        """An object is gone; a tombstone if nobody saw it go, with the state that was known last."""


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


class ResourceEventHandlerFuncs(Struct, frozen=True):
    """A handler of up to three functions, with the parameters of the methods of ``ResourceEventHandler``."""

    on_add: Callable[[CachedObject, bool], Done] = _ignore
    on_update: Callable[[CachedObject, CachedObject], Done] = _ignore
    on_delete: Callable[[Deleted], Done] = _ignore


class FilteringResourceEventHandler:
    """Tells ``handler`` of the objects for which ``filter_func`` is true, as if there were no others.

    An update that brings an object in is an addition to it, one that takes it out a deletion. The filter is asked of a
    deleted object's last known state; a tombstone without one is passed on.
    """

    __slots__ = ("_filter", "_handler")

    def __init__(self, filter_func: Callable[[CachedObject], bool], handler: ResourceEventHandler) -> None:
        self._filter = filter_func
        self._handler = handler

    def on_add(self, obj: CachedObject, is_in_initial_list: bool, /) -> Done:
        return self._handler.on_add(obj, is_in_initial_list) if self._filter(obj) else None

    def on_update(self, old: CachedObject, new: CachedObject, /) -> Done:
        was, is_now = self._filter(old), self._filter(new)
        if was and is_now:
            return self._handler.on_update(old, new)
        if is_now:
            return self._handler.on_add(new, False)
        return self._handler.on_delete(old) if was else None

    def on_delete(self, obj: Deleted, /) -> Done:
        last = obj if isinstance(obj, CachedObject) else obj.object
        return self._handler.on_delete(obj) if last is None or self._filter(last) else None
