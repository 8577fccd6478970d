"""A way to a server that can be cut: requests then hang, before or after the server has done what they ask for."""

import asyncio
from dataclasses import replace
from typing import Final

from steersman.client.config import Config
from steersman.client.transport import Reply, Request, Transport


class UnreliableTransport:
    """Passes requests on to ``transport``, as ``requests_pass`` and ``answers_pass`` say; ``sent`` is what came by."""

    def __init__(self, transport: Transport) -> None:
        self._transport: Final = transport
        self.requests_pass = self.answers_pass = True
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Reply:
        self.sent.append(request)
        if not self.requests_pass:
            await asyncio.get_running_loop().create_future()
        reply = await self._transport.send(request)
        if not self.answers_pass:
            await reply.close()
            await asyncio.get_running_loop().create_future()
        return reply

    async def close(self) -> None:
        await self._transport.close()


def unreliable(config: Config) -> tuple[Config, UnreliableTransport]:
    """The same server, over a way that can be cut."""
    assert config.transport is not None
    transport = UnreliableTransport(config.transport)
    return replace(config, transport=transport), transport
