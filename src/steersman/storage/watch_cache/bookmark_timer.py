"""The one timer behind all bookmarks."""

import asyncio
from collections.abc import Callable


class BookmarkTimer:
    """Calls ``send`` every ``interval`` seconds from the first :meth:`want` on, until it returns false."""

    __slots__ = ("_handle", "_interval", "_send")

    def __init__(self, interval: float, send: Callable[[], bool]) -> None:
        self._interval, self._send = interval, send
        self._handle: asyncio.TimerHandle | None = None

    def want(self) -> None:
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self._interval, self._fire)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        if self._send():
            self.want()
