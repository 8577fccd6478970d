"""Audit events sent to another server, as EventLists of audit.k8s.io/v1."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence

from steersman.apiserver.audit.audit_metrics import AuditMetrics
from steersman.apiserver.audit.backend import NotWritten
from steersman.apiserver.audit.event import Event
from steersman.apiserver.audit.event_encoding import EventEncoder, encode_fitting

TRIES = 5
PAUSE_FACTOR = 1.5
_HEAD = b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['

Post = Callable[[bytes], Awaitable[object]]
"""Sends a body. Raises NotSent for anything but success."""


class NotSent(Exception):
    """The other server could not be reached, or did not take it."""


class WebhookSink:
    """Whatever kept a list from being taken, it is sent again, after pauses that begin with ``first_pause`` seconds.

    ``max_bytes`` is what the events of one list may have together, 0: no limit.
    """

    name = "webhook"

    def __init__(
        self,
        post: Post,
        close: Callable[[], Awaitable[None]],
        encoder: EventEncoder,
        metrics: AuditMetrics,
        first_pause: float = 10.0,
        max_bytes: int = 0,
    ) -> None:
        self._post, self._close = post, close
        self._encoder, self._metrics = encoder, metrics
        self._first_pause, self._max_bytes = first_pause, max_bytes

    async def open(self) -> None:
        """The server need not be there yet."""

    async def write(self, events: Sequence[Event], hurry: asyncio.Event) -> None:
        lists, too_large = await asyncio.to_thread(self._encoded, events)
        self._metrics.too_large(too_large)
        for body in lists:
            await self._send(body, hurry)

    async def close(self) -> None:
        await self._close()

    async def _send(self, body: bytes, hurry: asyncio.Event) -> None:
        """Once there is hurry, it is tried as often, but without pauses."""
        pause = self._first_pause
        for left in reversed(range(TRIES)):
            try:
                await self._post(body)
                return
            except NotSent as failure:
                if not left:
                    raise NotWritten(str(failure)) from None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(hurry.wait(), pause * (1 + random.random() / 5))
            pause *= PAUSE_FACTOR

    def _encoded(self, events: Sequence[Event]) -> tuple[list[bytes], int]:
        """The bodies to send, and how many events were too large."""
        items = encode_fitting(self._encoder.encode, events)
        return [_HEAD + b",".join(part) + b"]}" for part in self._parts(items)], len(events) - len(items)

    def _parts(self, items: list[bytes]) -> Iterator[list[bytes]]:
        part: list[bytes] = []
        size = 0
        for item in items:
            if part and self._max_bytes and size + len(item) > self._max_bytes:
                yield part
                part, size = [], 0
            part.append(item)
            size += len(item)
        if part:
            yield part
