"""Where audit events go: a backend queues them for its sink, in one of three ways.

``batch``: requests do not wait. ``blocking``: each answer waits until the events of its request have been written,
whether or not that succeeds. ``blocking-strict``: a request waits for its first event too, and is refused if that
cannot be written. An event that finds the buffer full is lost. Events are written in the order in which they came,
those that have queued up together.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from steersman.apiserver.audit.audit_metrics import AuditMetrics
from steersman.apiserver.audit.event import Event
from steersman.apiserver.audit.policy import RECEIVED

_logger = logging.getLogger(__name__)

BATCH, BLOCKING, BLOCKING_STRICT = MODES = ("batch", "blocking", "blocking-strict")
BUFFER_BYTES = 256 << 20
"""Of request and answer bodies that a buffer holds at most, however few events they are in."""
SOON_SECONDS = 0.02
"""Within which an event is written that nobody waits for yet, where answers wait for events."""
BUFFERED = "buffered"
"""Under which name events are counted that found the buffer full."""


class Batching(Struct, frozen=True):
    """``buffer_size`` and ``max_size`` count events; ``max_wait`` is in seconds, for the mode batch.

    Raises ValueError for what cannot be.
    """

    mode: str
    buffer_size: int = 10_000
    max_size: int = 400
    max_wait: float = 30.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"{self.mode!r} is no audit mode: choose one of {', '.join(MODES)}")
        if min(self.buffer_size, self.max_size) < 1 or self.max_wait < 0:
            raise ValueError("sizes of audit batches and their buffers must be positive, and waiting not negative")


class NotWritten(Exception):
    """A sink could not take events; the message says why."""


class _Queued(NamedTuple):
    """``size`` is that of the event's bodies where it counts; ``waiting`` is whoever waits for it."""

    event: Event
    size: int
    waiting: asyncio.Future[bool] | None


class Sink(Protocol):
    """``name`` is that of the backend in metrics and messages."""

    name: str

    async def open(self) -> None:
        """Raises OSError, or ValueError with one line, for what can never work."""
        ...

    async def write(self, events: Sequence[Event], hurry: asyncio.Event) -> None:
        """Raises NotWritten. Once ``hurry`` is set nothing is waited for that may pass."""
        ...

    async def close(self) -> None: ...


class Backend:
    """Belongs to the event loop on which it is opened."""

    def __init__(self, sink: Sink, batching: Batching, metrics: AuditMetrics) -> None:
        self._sink, self._batching, self._metrics = sink, batching, metrics
        self._batch, self._strict = batching.mode == BATCH, batching.mode == BLOCKING_STRICT
        self._pause = batching.max_wait if self._batch else SOON_SECONDS
        self._events: deque[_Queued] = deque()
        self._bytes = 0
        self._due, self._hurry = asyncio.Event(), asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises OSError, or ValueError with one line."""
        await self._sink.open()
        self._loop = asyncio.get_running_loop()
        self._worker = self._loop.create_task(self._work())

    def process(self, event: Event) -> asyncio.Future[bool] | None:
        """Take an event; what is given back, if anything, is to be waited for and tells whether to go on."""
        if self._loop is None:
            self._metrics.lost(self._sink.name, 1, "the backend is closed")
            return None
        size, queued = event.size, len(self._events)
        if queued >= self._batching.buffer_size or self._bytes + size > BUFFER_BYTES:
            self._metrics.lost(BUFFERED, 1, "the buffer is full")
            return self._refusal() if self._strict else None
        self._bytes += size
        # Where only answers wait, there is one for an event behind the first one, which mostly takes that along.
        awaited = self._strict or (not self._batch and event.stage != RECEIVED)
        waiting = self._loop.create_future() if awaited else None
        self._events.append(_Queued(event, size, waiting))
        if awaited or queued + 1 >= self._batching.max_size:
            self._due.set()
        elif self._timer is None:
            self._timer = self._loop.call_later(self._pause, self._due.set)
        return waiting

    def _refusal(self) -> asyncio.Future[bool]:
        refused = asyncio.get_running_loop().create_future()
        refused.set_result(False)
        return refused

    async def close(self, seconds: float) -> None:
        """Write what is queued, within so many seconds; what is left then is lost."""
        if self._worker is None:
            return
        self._loop = None
        self._hurry.set()
        self._due.set()
        done, _ = await asyncio.wait((self._worker,), timeout=seconds)
        if not done:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        if self._events:
            self._metrics.lost(self._sink.name, len(self._events), "there was no time left to write them")
            self._settle(self._take(len(self._events)), kept=False)
        await self._sink.close()

    async def _work(self) -> None:
        while self._events or not self._hurry.is_set():
            await self._due.wait()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            while self._events:
                await self._write(self._take(self._batching.max_size))
            if not self._hurry.is_set():
                self._due.clear()

    def _take(self, most: int) -> list[_Queued]:
        taken = [self._events.popleft() for _ in range(min(most, len(self._events)))]
        self._bytes -= sum(one.size for one in taken)
        return taken

    async def _write(self, taken: list[_Queued]) -> None:
        kept = False
        try:
            await self._sink.write([one.event for one in taken], self._hurry)
            kept = True
        except NotWritten as failure:
            self._metrics.lost(self._sink.name, len(taken), str(failure))
        except Exception as error:
            _logger.exception("audit %s: a defect", self._sink.name)
            self._metrics.lost(self._sink.name, len(taken), repr(error))
        except asyncio.CancelledError:
            self._metrics.lost(self._sink.name, len(taken), "there was no time left to write them")
            raise
        finally:
            self._settle(taken, kept=kept)

    def _settle(self, taken: list[_Queued], *, kept: bool) -> None:
        for _, _, waiting in taken:
            # Whoever waited may have gone.
            if waiting is not None and not waiting.done():
                waiting.set_result(kept or not self._strict)
