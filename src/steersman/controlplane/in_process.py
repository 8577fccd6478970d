"""Requests to a server in the same process, without sockets: a client's transport over the server's handler."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import unquote

from steersman.apiserver.http.message import Connection, Frame, Handler, PeerCertificate, Response, Stream
from steersman.apiserver.http.message import Request as ServerRequest
from steersman.client.transport import HeaderFields, Reply, Request, TransportError

SLOW_READER_BYTES = 64 << 20
"""What a stream holds for a client that does not read it, before it is cut; the server itself gives up earlier."""


class InProcessTransport:
    """Sends requests to ``handler()`` as the user of ``certificate``; authentication and authorization are as ever."""

    def __init__(self, handler: Callable[[], Handler], certificate: PeerCertificate) -> None:
        self._handler = handler
        self._connection = Connection("in-process", True, certificate)

    async def send(self, request: Request) -> Reply:
        path, _, query = request.target.partition("?")
        fields: dict[bytes, bytes] = {}
        for name, value in request.headers:
            key, data = name.lower().encode("ascii"), value.encode("utf-8")
            fields[key] = fields[key] + b", " + data if key in fields else data
        sent = ServerRequest(request.method, unquote(path), query, fields, request.body, self._connection)
        answer = self._handler()(sent)
        if isinstance(answer, Awaitable):
            answer = await answer
        return _StreamReply(answer) if isinstance(answer, Stream) else _WholeReply(answer)

    async def close(self) -> None:
        """Nothing is held."""


def _text(headers: object) -> HeaderFields:
    return [(name.decode("ascii").lower(), value.decode("utf-8")) for name, value in headers]  # type: ignore[attr-defined]


class _WholeReply:
    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = (("content-type", response.content_type.decode("ascii")), *_text(response.headers))
        self._body = response.body

    async def read(self) -> bytes:
        return self._body if isinstance(self._body, bytes) else b"".join(self._body)

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in (self._body,) if isinstance(self._body, bytes) else self._body:
            yield piece

    async def close(self) -> None:
        """The body is there already."""


class _StreamReply:
    """Runs the stream as a task, and is the writer that it writes to."""

    def __init__(self, stream: Stream) -> None:
        self.status = stream.status
        self.headers = (("content-type", stream.content_type.decode("ascii")), *_text(stream.headers))
        self.closed = False
        self.buffered = 0
        self._frames: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._task = asyncio.ensure_future(self._run(stream))

    async def _run(self, stream: Stream) -> None:
        try:
            await stream.run(self)
        finally:
            self._arrived.set()

    def send(self, frame: Frame) -> None:
        self._frames.append(frame.data)
        self.buffered += len(frame.data)
        self._arrived.set()
        if self.buffered > SLOW_READER_BYTES:
            self.abort()

    def abort(self) -> None:
        self.closed = True
        self._task.cancel()

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            while self._frames:
                data = self._frames.popleft()
                self.buffered -= len(data)
                yield data
            if self._task.done():
                self._check_end()
                return
            self._arrived.clear()
            await self._arrived.wait()

    def _check_end(self) -> None:
        if self._task.cancelled() or self.closed:
            raise TransportError("the server cut the stream")
        if error := self._task.exception():
            raise TransportError(f"the stream failed: {error}") from error

    async def close(self) -> None:
        self.closed = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
