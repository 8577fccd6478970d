"""First in, first out: the rules of client-go's ``workqueue.Type`` and of its delaying queue.

client-go keeps a queue, a set of dirty items and a set of items being processed. Each item is in one of three states,
which say the same in one table, and in half the look-ups:

============  =====  ==========  ==================  ==================  =======================
state         dirty  processing  add                 get                 done
============  =====  ==========  ==================  ==================  =======================
(unknown)     no     no          QUEUED, at the end
QUEUED        yes    no                              PROCESSING
PROCESSING    no     yes         AGAIN                                   (unknown)
AGAIN         yes    yes                                                 QUEUED, at the end
============  =====  ==========  ==================  ==================  =======================
"""

from collections import deque
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from steersman.client.work_queue.item_heap import ItemHeap

T = TypeVar("T", bound=Hashable)

_QUEUED: Final = 0
_PROCESSING: Final = 1
_AGAIN: Final = 2


class FifoBacklog(Generic[T]):
    """A ``Backlog`` that hands items out in the order in which they came in."""

    __slots__ = ("_states", "queued", "shutting_down")

    def __init__(self) -> None:
        self.queued: Final[deque[T]] = deque()
        self.shutting_down = False
        self._states: dict[T, int] = {}

    @property
    def idle(self) -> bool:
        """Whether no item is queued or being processed."""
        return not self._states

    def add(self, item: T) -> bool:
        """Mark ``item`` as needing processing. Return False where it already was, or if shutting down."""
        if self.shutting_down:
            return False
        states = self._states
        known = len(states)
        state = states.setdefault(item, _QUEUED)
        if len(states) != known:
            self.queued.append(item)
            return True
        if state == _PROCESSING:
            states[item] = _AGAIN
            return True
        return False

    def get(self) -> T:
        """Hand out the item that has been queued longest; raise IndexError if there is none."""
        item = self.queued.popleft()
        self._states[item] = _PROCESSING
        return item

    def done(self, item: T) -> bool:
        """End the processing of ``item``. Return whether it is queued again, for it was added meanwhile."""
        states = self._states
        state = states.get(item, _QUEUED)
        if state == _PROCESSING:
            del states[item]
            return False
        if state == _AGAIN:
            states[item] = _QUEUED
            self.queued.append(item)
            return True
        raise ValueError(f"{item!r} is not being processed")

    def shut_down(self) -> None:
        """Take nothing in any more."""
        self.shutting_down = True


class DelayingFifoBacklog(FifoBacklog[T]):
    """A ``DelayingBacklog``: an item that waits for its time can also be queued or processed at the same time."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        super().__init__()
        self._waiting: ItemHeap[T] = ItemHeap()

    @property
    def next_at(self) -> float | None:
        """The earliest time at which a waiting item has to be added; None if none waits."""
        return self._waiting.first_rank()

    def add_after(self, item: T, at: float) -> None:
        """Have ``advance`` add ``item`` when the time is ``at``; of several times for one item the earliest counts."""
        if self.shutting_down:
            return
        known = self._waiting.rank(item)
        if known is None or at < known:
            self._waiting.put(item, at)

    def advance(self, now: float) -> list[T]:
        """Add the items whose time has come, by time. Return those that were not marked as needing processing yet."""
        added = []
        while (at := self._waiting.first_rank()) is not None and at <= now:
            item, _ = self._waiting.pop()
            if self.add(item):
                added.append(item)
        return added

    def shut_down(self) -> None:
        """Take nothing in any more, and drop what waits for its time."""
        super().shut_down()
        self._waiting.clear()
