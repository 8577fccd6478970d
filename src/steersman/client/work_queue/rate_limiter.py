"""Rate limiters: after how many seconds may an item be tried again? Under client-go's names and with its rules.

Each counts what it was asked; ``forget`` tells it that an item needs no more retries. Delays are seconds; ``math.inf``
is never.
"""

import math
import time
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from steersman.client.work_queue.token_bucket import TokenBucket

T = TypeVar("T", bound=Hashable)
T_contra = TypeVar("T_contra", bound=Hashable, contravariant=True)


class RateLimiter(Protocol[T_contra]):
    """Says how long an item has to wait."""

    def when(self, item: T_contra) -> float:
        """The seconds that ``item`` has to wait this time. Asking counts as a failure of the item."""

    def forget(self, item: T_contra) -> None:
        """Stop tracking ``item``: it succeeded, or has been given up."""

    def num_requeues(self, item: T_contra) -> int:
        """How often ``item`` has failed since it was last forgotten."""


class _ItemFailures(Generic[T]):
    """The failures of each item."""

    def __init__(self) -> None:
        self._failures: dict[T, int] = {}

    def _fail(self, item: T) -> int:
        """Count one more failure; return how many there were before."""
        before = self._failures.get(item, 0)
        self._failures[item] = before + 1
        return before

    def forget(self, item: T) -> None:
        """Stop tracking ``item``: it succeeded, or has been given up."""
        self._failures.pop(item, None)

    def num_requeues(self, item: T) -> int:
        """How often ``item`` has failed since it was last forgotten."""
        return self._failures.get(item, 0)


class ItemExponentialFailureRateLimiter(_ItemFailures[T]):
    """``base_delay`` at the first failure, doubled by each further one, at most ``max_delay``."""

    def __init__(self, base_delay: float, max_delay: float) -> None:
        super().__init__()
        self._base_delay = base_delay
        self._max_delay = max_delay

    def when(self, item: T) -> float:
        """The seconds that ``item`` has to wait this time."""
        try:
            return min(math.ldexp(self._base_delay, self._fail(item)), self._max_delay)
        except OverflowError:
            return self._max_delay


class ItemFastSlowRateLimiter(_ItemFailures[T]):
    """``fast_delay`` for an item's first ``max_fast_attempts`` failures, then ``slow_delay``."""

    def __init__(self, fast_delay: float, slow_delay: float, max_fast_attempts: int) -> None:
        super().__init__()
        self._fast_delay = fast_delay
        self._slow_delay = slow_delay
        self._max_fast_attempts = max_fast_attempts

    def when(self, item: T) -> float:
        """The seconds that ``item`` has to wait this time."""
        return self._fast_delay if self._fail(item) < self._max_fast_attempts else self._slow_delay


class BucketRateLimiter(Generic[T]):
    """All items together get ``qps`` a second, after the first ``burst``. It does not count by item."""

    def __init__(self, qps: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket = TokenBucket(qps, burst)
        self._clock = clock

    def when(self, item: T) -> float:
        """The seconds until the next token that nobody has reserved."""
        return self._bucket.reserve(self._clock())

    def forget(self, item: T) -> None:
        """Do nothing: tokens stay reserved."""

    def num_requeues(self, item: T) -> int:
        """Always 0."""
        return 0


class MaxOfRateLimiter(Generic[T]):
    """Asks all of its limiters, and has the item wait for the slowest."""

    def __init__(self, *limiters: RateLimiter[T]) -> None:
        self._limiters = limiters

    def when(self, item: T) -> float:
        """The longest of the limiters' delays."""
        return max((limiter.when(item) for limiter in self._limiters), default=0.0)

    def forget(self, item: T) -> None:
        """Have all limiters stop tracking ``item``."""
        for limiter in self._limiters:
            limiter.forget(item)

    def num_requeues(self, item: T) -> int:
        """The highest of the limiters' counts."""
        return max((limiter.num_requeues(item) for limiter in self._limiters), default=0)


class WithMaxWaitRateLimiter(Generic[T]):
    """Asks ``limiter``, but never has an item wait for longer than ``max_delay``."""

    def __init__(self, limiter: RateLimiter[T], max_delay: float) -> None:
        self._limiter = limiter
        self._max_delay = max_delay

    def when(self, item: T) -> float:
        """The limiter's delay, or ``max_delay`` if that is shorter."""
        return min(self._limiter.when(item), self._max_delay)

    def forget(self, item: T) -> None:
        """Have the limiter stop tracking ``item``."""
        self._limiter.forget(item)

    def num_requeues(self, item: T) -> int:
        """The limiter's count."""
        return self._limiter.num_requeues(item)


def default_controller_rate_limiter(*, clock: Callable[[], float] = time.monotonic) -> RateLimiter[Hashable]:
    """What controllers use: 5 ms to 1000 s by item, and 10 a second over all items, after the first 100."""
    return MaxOfRateLimiter(
        ItemExponentialFailureRateLimiter(0.005, 1000.0),
        BucketRateLimiter(10.0, 100, clock=clock),
    )
