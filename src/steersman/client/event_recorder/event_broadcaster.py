"""The broadcaster: takes events from recorders, and sends them to the server beside whatever else goes on."""

import asyncio
import logging
import random as random_numbers
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self, cast

from steersman.apimachinery.errors import ApiError
from steersman.client.client import Client
from steersman.client.event_recorder.correlator import EventCorrelator, Series
from steersman.client.event_recorder.event import Reporter
from steersman.client.event_recorder.event_recorder import EventRecorder
from steersman.client.kinds.events_v1 import EVENTS, Event

_log = logging.getLogger(__name__)

MAX_QUEUED: Final = 1000
MAX_TRIES: Final = 12
RETRY_SECONDS: Final = 10.0
RETRY_JITTER: Final = 0.25
REQUEST_SECONDS: Final = 30.0


class EventBroadcaster:
    """Sends events with ``client``, in the order in which they were recorded; client-go's, of ``tools/events``.

    It is an asynchronous context manager, and belongs to the event loop in which it is entered::

        async with EventBroadcaster(client) as broadcaster:
            recorder = broadcaster.new_recorder("example.com/my-operator")

    ``max_queued`` bounds what waits to be sent: what comes beyond is dropped, and counted. A request without an answer,
    and one that a server fails or throttles, is tried again with jitter, 12 times; one that is refused is not.
    At the end what is left is sent, for ``close_seconds`` at most. ``clock`` is in seconds, and does not go back.
    """

    def __init__(
        self,
        client: Client,
        *,
        correlator: EventCorrelator | None = None,
        max_queued: int = MAX_QUEUED,
        close_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self._events = client.resource(EVENTS)
        self._correlator = correlator if correlator is not None else EventCorrelator()
        self._max_queued, self._close_seconds = max_queued, close_seconds
        self._clock, self._random = clock, random
        self._queue: deque[Series] = deque()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.dropped = 0
        """Events and counts that were not sent: the queue was full, nothing ran, or the server did not take them."""

    @property
    def filtered(self) -> int:
        """Events that were dropped because their reporter sends too many about one object."""
        return self._correlator.filtered

    def new_recorder(self, reporting_controller: str) -> EventRecorder:
        """The recorder of a controller on this host. Raises ValueError if its name is no qualified name."""
        instance = f"{reporting_controller}-{socket.gethostname()}"
        return EventRecorder(self.broadcast, Reporter(reporting_controller, instance))

    def broadcast(self, event: Mapping[str, Any]) -> None:
        """Have an event of events.k8s.io/v1 sent. It returns at once, in any thread; it raises nothing."""
        loop = self._loop
        if loop is None or self._closing:
            self.dropped += 1
            return
        try:
            if _running_loop() is loop:
                self._take(dict(event))
            else:
                loop.call_soon_threadsafe(self._take, dict(event))
        except RuntimeError:  # the loop is closed
            self.dropped += 1

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run(), name="sending events")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Take no more events, send what is left, and the counts of all series; drop what the time is too short for."""
        task, self._task = self._task, None
        if task is None:
            return
        self._closing = True
        queued = set(self._queue)
        self._queue.extend(series for series in self._correlator.finish() if series not in queued)
        self._wake.set()
        try:
            await asyncio.wait({task}, timeout=self._close_seconds)
        finally:
            task.cancel()
        await asyncio.wait({task})
        if self._queue:
            self.dropped += len(self._queue)
            _log.warning("%d events were not sent before the end", len(self._queue))

    def _take(self, event: dict[str, Any]) -> None:
        for series in self._correlator.correlate(event, self._clock()):
            self._enqueue(series)

    def _enqueue(self, series: Series) -> None:
        if len(self._queue) >= self._max_queued:
            self.dropped += 1
            return
        self._queue.append(series)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            while self._queue:
                await self._send(self._queue[0])
                self._queue.popleft()
            if self._closing:
                return
            await self._wait()
            for series in self._correlator.advance(self._clock()):
                self._enqueue(series)

    async def _wait(self) -> None:
        """Until there is something to send, or time has come for a series."""
        self._wake.clear()
        due = self._correlator.next_due
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - self._clock())):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _send(self, series: Series) -> None:
        """Tell the server of ``series`` as it is now; what it does not take is dropped, and logged."""
        for _ in range(MAX_TRIES):
            if series.sent >= series.count:
                return
            count = series.count
            try:
                async with asyncio.timeout(REQUEST_SECONDS):
                    await self._write(series)
                series.sent = count
                return
            except Exception as error:
                if not _is_worth_another_try(error):
                    self._drop(series, error)
                    return
                failure = error
            await asyncio.sleep(RETRY_SECONDS * (1 + RETRY_JITTER * self._random()))
        self._drop(series, failure)

    async def _write(self, series: Series) -> None:
        """Patch the event if the server has it; create it if it has not, or has forgotten it."""
        if series.sent and await self._patch(series):
            return
        if not await self._create(series) and series.count > 1:
            await self._patch(series)

    async def _patch(self, series: Series) -> bool:
        """False if the server does not have the event."""
        metadata = series.event["metadata"]
        try:
            await self._events.patch(metadata["name"], series.patch(), namespace=metadata["namespace"])
        except ApiError as error:
            if error.code == 404:
                return False
            raise
        return True

    async def _create(self, series: Series) -> bool:
        """False if the server has the event, as after a try that went without an answer."""
        try:
            await self._events.create(cast(Event, series.content()))
        except ApiError as error:
            if error.reason == "AlreadyExists":
                return False
            raise
        return True

    def _drop(self, series: Series, error: Exception) -> None:
        self.dropped += 1
        event = series.event
        place = f"{event['regarding'].get('kind')} {event['regarding'].get('name')}"
        _log.error("unable to write the event %s of %s: %s", event["reason"], place, error)


def _is_worth_another_try(error: Exception) -> bool:
    """Whether it is the server or the way to it that failed, or is too busy, rather than the event that is wrong."""
    if isinstance(error, ApiError):
        return error.code == 429 or error.code >= 500
    return not isinstance(error, ValueError)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
