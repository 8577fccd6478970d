"""A queue that hands out the more important first."""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

from steersman.client.work_queue.metrics import MetricsProvider
from steersman.client.work_queue.priority_backlog import PriorityBacklog
from steersman.client.work_queue.rate_limiter import ItemExponentialFailureRateLimiter, RateLimiter
from steersman.client.work_queue.rate_limiting_queue import RateLimitingQueue

T = TypeVar("T", bound=Hashable)


class PriorityQueue(RateLimitingQueue[T]):
    """controller-runtime's priority queue: higher priority first, first in, first out within one.

    Items added by the other queues' methods have priority 0. ``rate_limiter`` is, if not given, one by item, from 5 ms
    to 1000 s.
    """

    def __init__(
        self,
        rate_limiter: RateLimiter[T] | None = None,
        *,
        name: str = "",
        metrics_provider: MetricsProvider | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prioritised: PriorityBacklog[T] = PriorityBacklog()
        super().__init__(
            ItemExponentialFailureRateLimiter(0.005, 1000.0) if rate_limiter is None else rate_limiter,
            name=name,
            metrics_provider=metrics_provider,
            backlog=self._prioritised,
            clock=clock,
        )

    def add_with(self, *items: T, priority: int = 0, after: float = 0.0, rate_limited: bool = False) -> None:
        """Add ``items`` with ``priority``, ``after`` seconds, or when the rate limiter says so; the sooner if both.

        What is queued or waits already takes the higher of both priorities, and the sooner of both times.
        """
        for item in items:
            if self.shutting_down:
                return
            seconds = after
            if rate_limited:
                limit = self._rate_limiter.when(item)
                seconds = min(after, limit) if after > 0 else limit
            if seconds > 0:
                self._add_later(item, seconds, priority)
            elif self._prioritised.add(item, priority):
                self._accepted(item)

    async def get_with_priority(self) -> tuple[T, int]:
        """Wait for the next item as ``get`` does; return it with its priority, with which it can be added again."""
        item = await self.get()
        return item, self._prioritised.priority(item)

    def _add_later(self, item: T, seconds: float, priority: int) -> None:
        if self._metrics is not None:
            self._metrics.retry()
        at = self._clock() + seconds
        self._prioritised.add_after(item, at, priority)
        self._alarm.set(at)
