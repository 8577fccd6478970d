"""One timer for many times."""

import asyncio
from collections.abc import Callable

_SHORTEST = 0.001
"""Seconds, about the accuracy of event loops' timers: one that comes too early is not set again for less than this."""

_LONGEST = 10.0
"""Seconds until a look at the clock even so, as in client-go: the clock may not go as the event loop's does."""


class Alarm:
    """Calls ``ring`` in the running event loop when ``clock`` has reached the earliest of the times it was set to.

    It may ring too early; who is called looks at the clock, and sets it again.
    """

    __slots__ = ("_at", "_clock", "_ring", "_timer")

    def __init__(self, ring: Callable[[], None], clock: Callable[[], float]) -> None:
        self._ring = ring
        self._clock = clock
        self._at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        """Ring at ``at`` or before. Raise RuntimeError if no event loop runs."""
        if self._timer is not None:
            if self._at <= at:
                return
            self._timer.cancel()
        self._at = at
        seconds = min(max(at - self._clock(), _SHORTEST), _LONGEST)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._fire)

    def cancel(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        self._ring()
