"""The writing ends of streaming answers, and the cutting of large bodies into slices."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from steersman.apiserver.http.message import Frame, Stream


class ChunkedWriter:
    """A stream over HTTP/1.1: each frame goes out as its own chunk, in one write."""

    __slots__ = ("_transport", "closed")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.closed = False

    @property
    def buffered(self) -> int:
        return self._transport.get_write_buffer_size()

    def send(self, frame: Frame) -> None:
        if not self.closed:
            self._transport.write(frame.chunk)

    def end(self) -> None:
        if not self.closed:
            self.closed = True
            self._transport.write(b"0\r\n\r\n")

    def abort(self) -> None:
        self.closed = True
        self._transport.abort()


class RawWriter(ChunkedWriter):
    """A stream over HTTP/1.0: the bytes as they are, and the end of the connection as the end."""

    __slots__ = ()

    def send(self, frame: Frame) -> None:
        if not self.closed:
            self._transport.write(frame.data)

    def end(self) -> None:
        self.closed = True


class PendingWriter:
    """A stream whose frames wait here until a reader takes them; more than ``limit`` bytes cut it.

    ``cut`` means that there was more, which will not come; ``on_abort`` is called when it is cut by ``abort``.
    """

    __slots__ = ("_limit", "_pending", "_wake", "buffered", "closed", "cut", "on_abort")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pending: list[bytes] = []
        self._wake = asyncio.Event()
        self.buffered = 0
        self.closed = self.cut = False
        self.on_abort: Callable[[], object] = lambda: None

    def send(self, frame: Frame) -> None:
        if self.closed or not frame.data:
            return
        self._pending.append(frame.data)
        self.buffered += len(frame.data)
        self._wake.set()
        if self.buffered > self._limit:
            self.abort()

    def abort(self) -> None:
        """What the reader has not taken yet is lost, as it is when a socket is reset."""
        self.closed = self.cut = True
        self._pending.clear()
        self.buffered = 0
        self._wake.set()
        self.on_abort()

    async def fill(self, stream: Stream) -> None:
        """Runs ``stream``; whatever way it ends, ``take`` comes to its end too."""
        try:
            await stream.run(self)
        except BaseException:
            self.cut = True
            raise
        finally:
            self.closed = True
            self._wake.set()

    async def take(self) -> bytes:
        """What has been sent since the last call, joined; waits for something. Empty at the end."""
        while not self._pending and not self.closed:
            self._wake.clear()
            await self._wake.wait()
        data = b"".join(self._pending)
        self._pending.clear()
        self.buffered = 0
        return data


class Pieces:
    """A body of many pieces: ``size`` bytes in all, measured once."""

    __slots__ = ("_ends", "_pieces", "size")

    def __init__(self, body: bytes | Sequence[bytes]) -> None:
        self._pieces = (body,) if isinstance(body, bytes) else body
        self._ends = list(accumulate(map(len, self._pieces)))
        self.size = self._ends[-1] if self._ends else 0

    def slices(self, size: int) -> Iterator[bytes | memoryview]:
        """The body in parts of about ``size`` bytes: neighbours joined, a piece larger than ``size`` cut."""
        start, done = 0, 0
        while start < len(self._pieces):
            stop = max(bisect_right(self._ends, done + size, start), start + 1)
            part = self._pieces[start] if stop == start + 1 else b"".join(self._pieces[start:stop])
            if len(part) <= size:
                yield part
            else:
                view = memoryview(part)
                yield from (view[at : at + size] for at in range(0, len(part), size))
            start, done = stop, self._ends[stop - 1]
