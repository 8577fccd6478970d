"""A reply that comes over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import aiohttp
from isal import isal_zlib

from steersman.client.rest.http_failure import transport_error
from steersman.client.transport import ConnectionLost, HeaderFields

_GZIP = 16 + isal_zlib.MAX_WBITS
_LARGE = 1 << 18

# Its annotation says that it is an exception, not a class of them.
_BadGzip = cast(type[Exception], isal_zlib.error)


class HttpReply:
    """The body comes as it was before any ``Content-Encoding: gzip``."""

    __slots__ = ("_fields", "_host", "_left", "_on_close", "_response")

    def __init__(
        self, response: aiohttp.ClientResponse, host: str, on_close: Callable[["HttpReply"], Awaitable[None]]
    ) -> None:
        self._response, self._host, self._on_close = response, host, on_close
        self._fields: HeaderFields | None = None
        self._left = False

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> HeaderFields:
        if self._fields is None:
            self._fields = [(name.lower(), value) for name, value in self._response.headers.items()]
        return self._fields

    @property
    def _is_packed(self) -> bool:
        return self._response.headers.get("Content-Encoding", "").lower() == "gzip"

    async def read(self) -> bytes:
        content = self._response.content
        pieces: list[bytes] = []
        try:
            # Piece by piece as they were received: other ways to read join some of them first.
            while not content.at_eof():
                pieces.append((await content.readchunk())[0])
        except (aiohttp.ClientError, OSError) as error:
            raise transport_error(self._host, error) from error
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return await self._unpack(body) if self._is_packed and body else body

    async def _unpack(self, packed: bytes) -> bytes:
        unpack = isal_zlib.decompressobj(_GZIP)
        try:
            body = (
                unpack.decompress(packed)
                if len(packed) < _LARGE
                else await asyncio.to_thread(unpack.decompress, packed)
            )
        except _BadGzip:
            raise self._bad_gzip() from None
        if not unpack.eof:
            raise self._bad_gzip()
        return body

    def _bad_gzip(self) -> ConnectionLost:
        return ConnectionLost(f"{self._host}: the answer is not the gzip that it claims to be")

    async def chunks(self) -> AsyncIterator[bytes]:
        content = self._response.content
        unpack = isal_zlib.decompressobj(_GZIP) if self._is_packed else None
        try:
            while piece := await content.readany():
                if unpack is None:
                    yield piece
                elif data := unpack.decompress(piece):
                    yield data
            if unpack is not None and not unpack.eof:
                raise self._bad_gzip()
        except (aiohttp.ClientError, OSError) as error:
            raise transport_error(self._host, error) from error
        except _BadGzip:
            raise self._bad_gzip() from None

    async def close(self) -> None:
        if self._left:
            return
        self._left = True
        self._response.close()
        await self._on_close(self)
