"""What the connections of one server share."""

import asyncio
import math
from typing import TYPE_CHECKING

from steersman.apiserver.http.compression import Compressor
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Handler
from steersman.apiserver.http.response_head import ResponseHeads

if TYPE_CHECKING:
    from steersman.apiserver.http.protocol import HttpProtocol

_BUFFER = 16 << 10


class ServerState:
    """The handler, the limits, the open connections, and a coarse clock.

    ``tick`` counts sweeps, one every ``limits.resolution`` seconds while there are connections: what times out is
    found by looking at each connection, not by a timer for each request. ``buffer`` receives the bytes of whichever
    connection is being read; they are parsed before the next one is.
    """

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.handler, self.limits = handler, limits
        self.heads = ResponseHeads()
        self.compressor = Compressor()
        self.buffer = memoryview(bytearray(_BUFFER))
        self.connections: set[HttpProtocol] = set()
        self.draining = False
        self.empty = asyncio.Event()
        self.empty.set()
        self.tick = 0
        self.header_ticks = self._ticks(limits.header_seconds)
        self.body_ticks = self._ticks(limits.body_seconds)
        self.idle_ticks = self._ticks(limits.idle_seconds)
        self.request_ticks = self._ticks(limits.request_seconds)
        self.write_ticks = self._ticks(limits.write_seconds)
        self.linger_ticks = self._ticks(2 * limits.resolution)
        self._abandoned: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    def _ticks(self, seconds: float) -> int:
        return math.ceil(seconds / self.limits.resolution)

    def add(self, connection: "HttpProtocol") -> None:
        self.connections.add(connection)
        self.empty.clear()
        if self._sweeping is None:
            self.heads.refresh()
            self._schedule()

    def discard(self, connection: "HttpProtocol") -> None:
        self.connections.discard(connection)
        if not self.connections:
            self.empty.set()

    def abandon(self, task: asyncio.Task[None]) -> None:
        """Cancels a task whose result nobody waits for any more, and keeps it until it has ended."""
        self._abandoned.add(task)
        task.add_done_callback(self._abandoned.discard)
        task.cancel()

    def close(self) -> None:
        """Stops the clock and the threads."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        self.compressor.close()

    def _schedule(self) -> None:
        self._sweeping = asyncio.get_running_loop().call_later(self.limits.resolution, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = None
        if not self.connections:
            return
        self.tick += 1
        self.heads.refresh()
        self._schedule()
        for connection in [each for each in self.connections if each.due < self.tick]:
            connection.expire()
