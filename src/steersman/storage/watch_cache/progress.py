"""How far the cache has read the store's log."""

import asyncio
from heapq import heapify, heappop, heappush
from itertools import count

from steersman.storage.store import FutureRevision


class Progress:
    """``revision``: the newest one applied. ``known_since``: every later change of any resource was seen."""

    __slots__ = ("_order", "_waiting", "known_since", "revision")

    def __init__(self) -> None:
        self.revision = 0
        self.known_since = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def advance(self, revision: int) -> None:
        """Note that all up to ``revision`` is applied, and wake who waits for it."""
        if revision > self.revision:
            self.revision = revision
        while self._waiting and self._waiting[0][0] <= self.revision:
            future = heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    async def wait_for(self, revision: int, deadline: float) -> None:
        """Return once ``revision`` is applied; raises :class:`FutureRevision` at ``deadline`` (the loop's time)."""
        if revision <= self.revision:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (revision, next(self._order), future)
        heappush(self._waiting, waiting)
        try:
            async with asyncio.timeout_at(deadline):
                await future
        except TimeoutError:
            raise FutureRevision(self.revision) from None
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                heapify(self._waiting)

    def fail(self, error: Exception) -> None:
        """Nothing will be applied any more: who waits gets ``error``."""
        for _, _, future in self._waiting:
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()
