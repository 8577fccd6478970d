"""How often a client asks, whatever its callers do: client-go's QPS and burst."""

import logging
from collections.abc import Awaitable, Callable

from steersman.client.config.client_config import DEFAULT_BURST, DEFAULT_QPS
from steersman.client.work_queue.token_bucket import TokenBucket

_log = logging.getLogger(__name__)

_LONG = 1.0
"""A longer wait, in seconds, is told to whoever runs the client; a shorter one only to who looks for it."""
_PERIOD = 10.0
"""Seconds between two such messages at least."""


class RateLimit:
    """Lets requests through at ``qps`` a second; 0 stands for the default, as in client-go, less for no limit."""

    def __init__(
        self, qps: float, burst: int, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._bucket = None if qps < 0 else TokenBucket(qps or DEFAULT_QPS, max(burst, 0) or DEFAULT_BURST)
        self._clock, self._sleep = clock, sleep
        self._tell_from = float("-inf")

    async def wait(self, method: str, path: str) -> None:
        """Until one more request may be sent."""
        if self._bucket is None:
            return
        seconds = self._bucket.reserve(self._clock())
        if seconds > 0:
            self._tell(seconds, method, path)
            await self._sleep(seconds)

    def _tell(self, seconds: float, method: str, path: str) -> None:
        level, now = logging.DEBUG, self._clock()
        if seconds > _LONG and now >= self._tell_from:
            level, self._tell_from = logging.INFO, now + _PERIOD
        _log.log(level, "%s %s waits %.1f s: this client's own limit (qps, burst)", method, path, seconds)
