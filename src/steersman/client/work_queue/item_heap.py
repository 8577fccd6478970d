"""A heap in which an item is once, and in which its rank can change."""

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_SLACK = 64
"""Outdated entries that are left in the heap without a look at how many there are."""


class ItemHeap(Generic[T]):
    """Items, lowest rank first, those of one rank in the order in which they were put.

    ``entries`` is what is in the heap, for reading its length. Items that moved leave an outdated entry behind; those
    are cleared away when they are more than half of the heap, so that it stays small however often items move.
    """

    __slots__ = ("_heap", "_sequence", "entries")

    def __init__(self) -> None:
        self.entries: dict[T, tuple[float, int, T]] = {}
        self._heap: list[tuple[float, int, T]] = []
        self._sequence = count()

    def put(self, item: T, rank: float) -> None:
        """Place ``item`` behind those of the same rank, or move it there."""
        entry = (rank, next(self._sequence), item)
        self.entries[item] = entry
        heappush(self._heap, entry)
        if len(self._heap) > 2 * len(self.entries) + _SLACK:
            self._clear_away()

    def discard(self, item: T) -> None:
        """Take ``item`` out, if it is there."""
        self.entries.pop(item, None)

    def rank(self, item: T) -> float | None:
        """The rank of ``item``; None if it is not there."""
        entry = self.entries.get(item)
        return None if entry is None else entry[0]

    def first_rank(self) -> float | None:
        """The lowest rank; None if the heap is empty."""
        heap, entries = self._heap, self.entries
        while heap:
            entry = heap[0]
            if entries.get(entry[2]) is entry:
                return entry[0]
            heappop(heap)
        return None

    def pop(self) -> tuple[T, float]:
        """Take out the first item; return it and its rank. Raise IndexError if the heap is empty."""
        heap, entries = self._heap, self.entries
        while True:
            entry = heappop(heap)
            rank, _, item = entry
            if entries.get(item) is entry:
                del entries[item]
                return item, rank

    def clear(self) -> None:
        """Take out everything."""
        self.entries.clear()
        self._heap.clear()

    def _clear_away(self) -> None:
        self._heap = list(self.entries.values())
        heapify(self._heap)
