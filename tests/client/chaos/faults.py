"""A transport that fails as networks and servers do: drops, delays, 410s that come twice, JSON that is cut short."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from steersman.client.transport import HeaderFields, Reply, Request, Transport, TransportError

EXPIRED = (
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    b'"message":"too old resource version: 1 (2)","reason":"Expired","code":410}'
)
EXPIRED_EVENT = b'{"type":"ERROR","object":' + EXPIRED + b"}\n"

FIRST_AFTER = 20


@dataclass
class Faults:
    """How often what goes wrong, while ``on``; ``counts`` says what did."""

    random: random.Random
    on: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    chances: dict[str, int] = field(default_factory=dict)

    def happens(self, what: str, probability: float) -> bool:
        """Now and then by chance, but for the first time after ``FIRST_AFTER`` chances at the latest."""
        if not self.on:
            return False
        self.chances[what] = self.chances.get(what, 0) + 1
        is_due = what not in self.counts and self.chances[what] >= FIRST_AFTER
        if not is_due and self.random.random() >= probability:
            return False
        self.counts[what] = self.counts.get(what, 0) + 1
        return True

    async def delay(self, probability: float) -> None:
        if self.happens("delayed", probability):
            await asyncio.sleep(self.random.uniform(0.0, 0.2))


class FaultyTransport:
    """``inner``, with faults."""

    def __init__(self, inner: Transport, faults: Faults) -> None:
        self._inner, self._faults = inner, faults

    async def send(self, request: Request) -> Reply:
        faults = self._faults
        await faults.delay(0.1)
        if faults.happens("refused", 0.05):
            raise TransportError("the connection was refused")
        if faults.happens("expired", 0.05):
            return Expired()
        return FaultyReply(await self._inner.send(request), faults, "watch=" in request.target)

    async def close(self) -> None:
        await self._inner.close()


class Expired:
    """A 410 in place of the answer."""

    status = 410
    headers: HeaderFields = (("content-type", "application/json"),)

    async def read(self) -> bytes:
        return EXPIRED

    async def chunks(self) -> AsyncIterator[bytes]:
        yield EXPIRED

    async def close(self) -> None:
        """There is no connection."""


class FaultyReply:
    """A reply whose body may be late, cut off, cut short, or end with an expired version, told twice."""

    def __init__(self, inner: Reply, faults: Faults, is_watch: bool) -> None:
        self._inner, self._faults, self._is_watch = inner, faults, is_watch
        self.status, self.headers = inner.status, inner.headers

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        faults = self._faults
        async for piece in self._inner.chunks():
            await faults.delay(0.02)
            if faults.happens("cut off", 0.01):
                raise TransportError("the connection was cut")
            if faults.happens("cut short", 0.01):
                yield piece[: faults.random.randrange(len(piece))] if piece else b""
                return
            yield piece
            if self._is_watch and piece.endswith(b"\n") and faults.happens("expired twice", 0.01):
                yield EXPIRED_EVENT + EXPIRED_EVENT
                return

    async def close(self) -> None:
        await self._inner.close()
