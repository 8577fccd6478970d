"""A queue in which a rate limiter says when an item is tried again."""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

from steersman.client.work_queue.backlog import DelayingBacklog
from steersman.client.work_queue.delaying_queue import DelayingQueue
from steersman.client.work_queue.metrics import MetricsProvider
from steersman.client.work_queue.rate_limiter import RateLimiter, default_controller_rate_limiter

T = TypeVar("T", bound=Hashable)


class RateLimitingQueue(DelayingQueue[T]):
    """A queue with ``add_rate_limited``. Remember to ``forget``: a rate limiter tracks an item until then.

    ``rate_limiter`` is ``default_controller_rate_limiter`` if not given.
    """

    def __init__(
        self,
        rate_limiter: RateLimiter[T] | None = None,
        *,
        name: str = "",
        metrics_provider: MetricsProvider | None = None,
        backlog: DelayingBacklog[T] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name=name, metrics_provider=metrics_provider, backlog=backlog, clock=clock)
        self._rate_limiter = default_controller_rate_limiter(clock=clock) if rate_limiter is None else rate_limiter

    def add_rate_limited(self, item: T) -> None:
        """Add ``item`` when the rate limiter says that it may be tried again."""
        self.add_after(item, self._rate_limiter.when(item))

    def forget(self, item: T) -> None:
        """End the tracking of ``item``: it succeeded or was given up. ``done`` has to be called even so."""
        self._rate_limiter.forget(item)

    def num_requeues(self, item: T) -> int:
        """How often ``item`` was added with a rate limit since it was last forgotten."""
        return self._rate_limiter.num_requeues(item)
