"""A queue to which items can be added for later."""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

from steersman.client.work_queue.alarm import Alarm
from steersman.client.work_queue.backlog import DelayingBacklog
from steersman.client.work_queue.fifo_backlog import DelayingFifoBacklog
from steersman.client.work_queue.metrics import MetricsProvider
from steersman.client.work_queue.queue import Queue

T = TypeVar("T", bound=Hashable)


class DelayingQueue(Queue[T]):
    """A queue with ``add_after``, for trying again what failed without a hot loop. One timer serves all items."""

    def __init__(
        self,
        *,
        name: str = "",
        metrics_provider: MetricsProvider | None = None,
        backlog: DelayingBacklog[T] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._delaying: DelayingBacklog[T] = DelayingFifoBacklog() if backlog is None else backlog
        super().__init__(name=name, metrics_provider=metrics_provider, backlog=self._delaying, clock=clock)
        self._alarm = Alarm(self._advance, clock)

    def add_after(self, item: T, seconds: float) -> None:
        """Add ``item`` when ``seconds`` have passed, at once if that is 0 or less.

        Of several times for an item that waits, the earliest counts. ``math.inf`` never comes, unless an earlier one
        does. Call it where an event loop runs.
        """
        if self.shutting_down:
            return
        if self._metrics is not None:
            self._metrics.retry()
        if not seconds > 0:
            self.add(item)
            return
        at = self._clock() + seconds
        self._delaying.add_after(item, at)
        self._alarm.set(at)

    def _advance(self) -> None:
        for item in self._delaying.advance(self._clock()):
            self._accepted(item)
        next_at = self._delaying.next_at
        if next_at is not None:
            self._alarm.set(next_at)

    def _stop(self) -> None:
        super()._stop()
        self._alarm.cancel()
