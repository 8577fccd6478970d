"""A work queue for asyncio: the rules of a backlog, and waiting in turn."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from types import TracebackType
from typing import Generic, TypeVar

from steersman.client.work_queue.alarm import Alarm
from steersman.client.work_queue.backlog import Backlog
from steersman.client.work_queue.fifo_backlog import FifoBacklog
from steersman.client.work_queue.metrics import MetricsProvider, QueueMetrics

T = TypeVar("T", bound=Hashable)

UNFINISHED_WORK_UPDATE_SECONDS = 0.5
"""How often the metrics of what is being processed are set, while anything is."""

_GETS_AT_ONCE = 256
"""Gets in a row that need not wait, before the event loop gets its turn: workers that never wait starve nobody."""


class ShutDown(Exception):
    """The queue was shut down and all that it had was handed out: a worker that sees this ends."""


class Queue(Generic[T]):
    """A queue of items to process, each once, by one worker at a time; see the package for the guarantees.

    ``name`` and ``metrics_provider`` give it metrics; it has none without both. ``backlog`` holds the items and decides
    their order: first in, first out, if not given. ``clock`` gives seconds.
    """

    def __init__(
        self,
        *,
        name: str = "",
        metrics_provider: MetricsProvider | None = None,
        backlog: Backlog[T] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._backlog: Backlog[T] = FifoBacklog() if backlog is None else backlog
        self._queued = self._backlog.queued
        # Getters wait in line for a turn. One that has its turn has been promised an item, but has not run yet, so the
        # item is still queued. Who comes meanwhile can have what has not been promised.
        self._getters: OrderedDict[asyncio.Future[bool], None] = OrderedDict()
        self._promised = 0
        self._gets_at_once = _GETS_AT_ONCE
        self._drained = asyncio.Event()
        self._metrics: QueueMetrics[T] | None = None
        if name and metrics_provider is not None:
            self._metrics = QueueMetrics(metrics_provider, name, clock)
        self._unfinished_work_alarm = Alarm(self._update_unfinished_work, clock)

    def __len__(self) -> int:
        """The number of items that can be handed out now; not those being processed, nor those added meanwhile."""
        return len(self._queued)

    @property
    def shutting_down(self) -> bool:
        """Whether the queue takes nothing in any more."""
        return self._backlog.shutting_down

    def add(self, item: T) -> None:
        """Have ``item`` processed. It changes nothing if it is queued already, or if the queue is shutting down."""
        if self._backlog.add(item):
            self._accepted(item)

    async def get(self) -> T:
        """Wait for the next item, which is then being processed until ``done`` is called with it.

        Raise ShutDown when the queue is shutting down and has nothing left. Who has waited longest is next, and who
        comes later can not take what it was promised. It is safe to cancel: an item is then left to others.
        """
        self._gets_at_once -= 1
        if not self._gets_at_once:
            self._gets_at_once = _GETS_AT_ONCE
            await asyncio.sleep(0)
        if len(self._queued) > self._promised:
            return self._take()
        return await self._get_in_turn()

    def done(self, item: T) -> None:
        """End the processing of ``item``; if it was added meanwhile, it is queued again.

        Raise ValueError if it is not being processed.
        """
        queued_again = self._backlog.done(item)
        if self._metrics is not None:
            self._metrics.done(item)
        if queued_again:
            self._give_turns()
        elif self._backlog.shutting_down and self._backlog.idle:
            self._drained.set()

    def processing(self) -> "Processing[T]":
        """``async with queue.processing() as item``: get an item, and say ``done`` at the end. Raises ShutDown."""
        return Processing(self)

    def __aiter__(self) -> AsyncIterator[T]:
        """``async for item in queue``: get items until the queue is shut down. Say ``done`` with each."""
        return self

    async def __anext__(self) -> T:
        try:
            return await self.get()
        except ShutDown:
            raise StopAsyncIteration from None

    def shut_down(self) -> None:
        """Take nothing in any more; hand out what is queued, then end the workers. Also ends waiting for a drain.

        Items that were added for later are dropped. It may be called several times.
        """
        self._stop()
        self._drained.set()

    async def shut_down_with_drain(self) -> None:
        """Shut down, and wait until all that is queued or being processed is done, or until ``shut_down`` is called.

        It needs workers that get what is queued and say ``done`` with all that they get; else it waits for ever.
        """
        self._stop()
        if self._backlog.idle:
            self._drained.set()
        await self._drained.wait()

    def _stop(self) -> None:
        self._backlog.shut_down()
        self._give_turns()

    def _accepted(self, item: T) -> None:
        """``item`` was not marked as needing processing, and now is."""
        if self._metrics is not None:
            self._metrics.add(item)
        if self._getters:
            self._give_turns()

    def _take(self) -> T:
        item = self._backlog.get()
        if self._metrics is not None:
            self._metrics.get(item)
            self._unfinished_work_alarm.set(self._clock() + UNFINISHED_WORK_UPDATE_SECONDS)
        return item

    async def _get_in_turn(self) -> T:
        if self._backlog.shutting_down and not self._queued:
            raise ShutDown
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._getters[turn] = None
        try:
            promised = await turn
        except asyncio.CancelledError:
            self._getters.pop(turn, None)
            if turn.done() and not turn.cancelled() and turn.result():
                self._promised -= 1
                self._give_turns()
            raise
        if not promised:
            raise ShutDown
        self._promised -= 1
        item = self._take()
        if self._backlog.shutting_down:
            self._give_turns()
        return item

    def _give_turns(self) -> None:
        """Promise items to getters in line, as far as there are any; end the line where none will come."""
        while self._getters and len(self._queued) > self._promised:
            turn, _ = self._getters.popitem(last=False)
            if not turn.done():
                turn.set_result(True)
                self._promised += 1
        if self._backlog.shutting_down and not self._queued:
            while self._getters:
                turn, _ = self._getters.popitem(last=False)
                if not turn.done():
                    turn.set_result(False)

    def _update_unfinished_work(self) -> None:
        if self._metrics is not None and self._metrics.update_unfinished_work():
            self._unfinished_work_alarm.set(self._clock() + UNFINISHED_WORK_UPDATE_SECONDS)


class Processing(Generic[T]):
    """One item of a queue, from ``get`` to ``done``."""

    __slots__ = ("_item", "_queue")

    def __init__(self, queue: Queue[T]) -> None:
        self._queue = queue
        self._item: T

    async def __aenter__(self) -> T:
        self._item = await self._queue.get()
        return self._item

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.done(self._item)
