"""What a server serves, asked once and kept."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from steersman.client.discovery.reading import read_served
from steersman.client.discovery.served import Served
from steersman.client.rest import RestClient

RENEWALS = 5
RENEWAL_PERIOD = 10.0
"""Of the requests that only a doubt gives rise to, there are at most RENEWALS in as many seconds: something that asks
again and again for what is not there must not burden the server."""


class CachedDiscovery:
    """Asks at the first use, and again once :meth:`invalidate` or a doubt says so; one request for all who wait.

    A doubt comes from a 404 for a path that is said to be served (:meth:`doubt`), or a name that is not found
    (:meth:`newer_than`). ``clock`` is in seconds.
    """

    def __init__(self, rest: RestClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest, self._clock = rest, clock
        self._served: Served | None = None
        # Of what was asked for, and of what the present answer is; when they differ, the answer is out of date.
        self._wanted, self._present = 1, 0
        self._doubted = False
        self._renewals: deque[float] = deque(maxlen=RENEWALS)
        self._asking = asyncio.Lock()

    def invalidate(self) -> None:
        """Something has changed: the next use asks the server."""
        self._wanted += 1

    def doubt(self) -> None:
        """Something seems to have changed: the next use asks the server, unless that was often of late."""
        self._doubted = True

    async def served(self) -> Served:
        """What the server serves. Raises ApiError, TransportError."""
        if self._doubted and self._may_renew():
            self.invalidate()
        if self._served is not None and self._present == self._wanted:
            return self._served
        wanted = self._wanted
        async with self._asking:
            if self._served is None or self._present < wanted:
                asked_for = self._wanted
                self._doubted = False
                self._served = await read_served(self._rest, self._served or Served({}))
                self._present = asked_for
            return self._served

    async def newer_than(self, seen: Served) -> Served:
        """For one who has not found something in ``seen``: what is served now, or ``seen`` if that was asked often of
        late. Raises ApiError, TransportError.
        """
        if self._served is seen and self._present == self._wanted:
            if not self._may_renew():
                return seen
            self.invalidate()
        return await self.served()

    def _may_renew(self) -> bool:
        now = self._clock()
        if len(self._renewals) == RENEWALS and now - self._renewals[0] < RENEWAL_PERIOD:
            return False
        self._renewals.append(now)
        return True
