"""gzip for large answers, off the event loop."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

from isal import isal_zlib

from steersman.apiserver.http.message import Response
from steersman.apiserver.http.writer import Pieces

MINIMUM = 128 << 10
"""Bodies smaller than this go out as they are, like kube-apiserver's."""

_ZERO_WEIGHT = re.compile(rb"[ \t]*q=0(?:\.0*)?[ \t]*")
_GZIP_WINDOW = 31
_LEVEL = 1
_STEP = 512 << 10


def is_wanted(response: Response, size: int, accept_encoding: bytes | None) -> bool:
    """Whether a body of ``size`` bytes goes out compressed: large, not encoded yet, and the client takes gzip."""
    if size < MINIMUM or accept_encoding is None:
        return False
    encoded = any(name.lower() == b"content-encoding" for name, _ in response.headers)
    return not encoded and accepts_gzip(accept_encoding)


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether the Accept-Encoding field names gzip with a weight above zero (RFC 9110, 12.5.3)."""
    for offer in accept_encoding.lower().split(b","):
        coding, _, weight = offer.partition(b";")
        if coding.strip() == b"gzip":
            return _ZERO_WEIGHT.fullmatch(weight) is None
    return False


class Compressor:
    """Compresses bodies on a small thread pool, which is started when first needed."""

    __slots__ = ("_pool",)

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    async def compress(self, body: Pieces) -> AsyncIterator[bytes]:
        """The gzip form of ``body``, piece by piece; no piece is empty."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(2, thread_name_prefix="gzip")
        loop = asyncio.get_running_loop()
        deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
        parts = body.slices(_STEP)
        while (packed := await loop.run_in_executor(self._pool, _step, deflate, parts)) is not None:
            if packed:
                yield packed
        yield await loop.run_in_executor(self._pool, deflate.flush)

    def close(self) -> None:
        """Ends the threads once they have finished what they are at."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None


def _step(deflate: "isal_zlib.Compress", parts: Iterator[bytes | memoryview]) -> bytes | None:
    part = next(parts, None)
    if part is None:
        return None
    packed: bytes = deflate.compress(part)
    return packed
