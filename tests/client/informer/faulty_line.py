"""A bad line to a good server: it cuts streams at any byte, garbles them, and answers 410 when it is told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import ApiResource
from steersman.client.informer import ListerWatcher, ListOptions
from steersman.client.transport import TransportError

EXPIRED = ApiError(410, "Expired", "too old resource version")


class FaultyLine:
    """Passes on what ``server`` answers, except for the faults that are ordered."""

    def __init__(self, server: ListerWatcher) -> None:
        self._server = server
        self.resource: ApiResource[Any] = server.resource
        self.page_size = server.page_size
        self.bytes_until_cut: int | None = None
        self.garble = False
        self.expired = 0
        self.expired_lists = 0

    def cut(self, after: int, *, garble: bool) -> None:
        """Cut the next stream that is read, after so many bytes; with ``garble`` some other bytes come before that."""
        self.bytes_until_cut, self.garble = after, garble

    async def list(self, options: ListOptions) -> bytes:
        if self.expired_lists and options.resource_version not in ("", "0"):
            self.expired_lists -= 1
            raise EXPIRED
        return await self._server.list(options)

    @asynccontextmanager
    async def watch(self, options: ListOptions) -> AsyncIterator[AsyncIterator[bytes]]:
        if self.expired and options.resource_version not in ("", "0"):
            self.expired -= 1
            raise EXPIRED
        async with self._server.watch(options) as chunks:
            yield self._faulty(chunks)

    async def _faulty(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            if self.bytes_until_cut is None:
                yield chunk
            elif len(chunk) <= self.bytes_until_cut:
                self.bytes_until_cut -= len(chunk)
                yield chunk
            else:
                whole, self.bytes_until_cut = self.bytes_until_cut, None
                yield chunk[:whole] + (b'{"type":]\n' if self.garble else b"")
                raise TransportError("the connection was lost")
