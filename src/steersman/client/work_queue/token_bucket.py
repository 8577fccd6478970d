"""A token bucket whose tokens can be taken before they are there: the taker is told how long to wait."""

import math


class TokenBucket:
    """Holds at most ``burst`` tokens, is full at first, and gets ``qps`` new ones a second.

    Pure: ``now`` is in seconds on any clock that does not go back. ``qps`` may be 0 (there will be no new tokens) or
    ``math.inf`` (no limit, whatever the burst). Raise ValueError if either is negative. The rules are those of Go's
    ``golang.org/x/time/rate``.
    """

    __slots__ = ("_last", "_tokens", "burst", "qps")

    def __init__(self, qps: float, burst: int) -> None:
        if not qps >= 0 or burst < 0:
            raise ValueError(f"a token bucket needs qps and burst of at least 0, not {qps} and {burst}")
        self.qps = qps
        self.burst = burst
        self._tokens = float(burst)
        self._last = 0.0

    def reserve(self, now: float, tokens: int = 1) -> float:
        """Take ``tokens``; return after how many seconds they may be used, ``math.inf`` (nothing taken) if never."""
        if self.qps == math.inf:
            return 0.0
        if tokens > self.burst:
            return math.inf
        self._fill(now)
        left = self._tokens - tokens
        if left < 0 and not self.qps:
            return math.inf
        self._tokens = left
        return 0.0 if left >= 0 else -left / self.qps

    def _fill(self, now: float) -> None:
        if now > self._last:
            self._tokens = min(float(self.burst), self._tokens + (now - self._last) * self.qps)
            self._last = now
