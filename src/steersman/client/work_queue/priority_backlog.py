"""Higher priority first: the rules of controller-runtime's priority queue.

An item that has to be processed is in exactly one of three places, with its priority:

========  ===========================================================================================================
waiting   its time has not come
ready     it can be handed out: higher priority first, and first in, first out within one
held      it could be handed out, but is still being processed from before
========  ===========================================================================================================

Adding an item again raises its priority (it goes to the end of the higher one) and brings its time forward; neither is
ever the other way round.
"""

from collections.abc import Hashable, Sized
from typing import Final, Generic, TypeVar

from steersman.client.work_queue.item_heap import ItemHeap

T = TypeVar("T", bound=Hashable)


class PriorityBacklog(Generic[T]):
    """A ``DelayingBacklog`` by priority: any integers, 0 where none is said."""

    __slots__ = ("_held", "_processing", "_ready", "_waiting", "_waiting_priorities", "queued", "shutting_down")

    def __init__(self) -> None:
        self.shutting_down = False
        self._ready: ItemHeap[T] = ItemHeap()
        self.queued: Final[Sized] = self._ready.entries
        self._waiting: ItemHeap[T] = ItemHeap()
        self._waiting_priorities: dict[T, int] = {}
        self._held: dict[T, int] = {}
        self._processing: dict[T, int] = {}

    @property
    def idle(self) -> bool:
        """Whether no item is queued or being processed. Items whose time has not come do not count."""
        return not self._ready.entries and not self._processing

    @property
    def next_at(self) -> float | None:
        """The earliest time at which a waiting item has to be added; None if none waits."""
        return self._waiting.first_rank()

    def priority(self, item: T) -> int:
        """The priority with which ``item`` was handed out; raise ValueError if it is not being processed."""
        try:
            return self._processing[item]
        except KeyError:
            raise ValueError(f"{item!r} is not being processed") from None

    def add(self, item: T, priority: int = 0) -> bool:
        """Mark ``item`` as needing processing. Return False where it already was, or if shutting down."""
        if self.shutting_down or self._raise(item, priority):
            return False
        waiting_priority = self._waiting_priorities.pop(item, None)
        if waiting_priority is not None:
            self._waiting.discard(item)
            priority = max(priority, waiting_priority)
        self._make_ready(item, priority)
        return True

    def add_after(self, item: T, at: float, priority: int = 0) -> None:
        """Have ``advance`` add ``item`` when the time is ``at``; where it is already to be processed, sooner counts."""
        if self.shutting_down or self._raise(item, priority):
            return
        self._waiting_priorities[item] = max(priority, self._waiting_priorities.get(item, priority))
        known = self._waiting.rank(item)
        if known is None or at < known:
            self._waiting.put(item, at)

    def advance(self, now: float) -> list[T]:
        """Add the items whose time has come, by time, and return them."""
        added = []
        while (at := self._waiting.first_rank()) is not None and at <= now:
            item, _ = self._waiting.pop()
            self._make_ready(item, self._waiting_priorities.pop(item))
            added.append(item)
        return added

    def get(self) -> T:
        """Hand out the item of the highest priority that came first; raise IndexError if none is queued."""
        item, rank = self._ready.pop()
        self._processing[item] = -int(rank)
        return item

    def done(self, item: T) -> bool:
        """End the processing of ``item``. Return whether it is queued again, for it was added meanwhile."""
        if self._processing.pop(item, None) is None:
            raise ValueError(f"{item!r} is not being processed")
        priority = self._held.pop(item, None)
        if priority is None:
            return False
        self._ready.put(item, -priority)
        return True

    def shut_down(self) -> None:
        """Take nothing in any more, and drop what waits for its time."""
        self.shutting_down = True
        self._waiting.clear()
        self._waiting_priorities.clear()

    def _make_ready(self, item: T, priority: int) -> None:
        if item in self._processing:
            self._held[item] = priority
        else:
            self._ready.put(item, -priority)

    def _raise(self, item: T, priority: int) -> bool:
        """Return whether ``item`` is ready or held, after giving it ``priority`` if that is higher than what it has."""
        rank = self._ready.rank(item)
        if rank is not None:
            if -priority < rank:
                self._ready.put(item, -priority)
            return True
        held = self._held.get(item)
        if held is not None and priority > held:
            self._held[item] = priority
        return held is not None
