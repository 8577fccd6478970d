"""Requests to a server in the same process, without sockets: a client's transport over the server's handler."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from steersman.apimachinery.errors import timeout
from steersman.apiserver.http.failure import failure_response
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Answer, Connection, Handler, PeerCertificate, Response, Stream
from steersman.apiserver.http.message import Request as ServerRequest
from steersman.apiserver.http.request_head import (
    METHODS,
    add_field,
    body_too_large,
    check_field,
    method_not_allowed,
    parse_target,
    target_too_long,
)
from steersman.apiserver.http.response_head import BODILESS, check_fields, header_fields
from steersman.apiserver.http.writer import PendingWriter, Pieces
from steersman.client.transport import ConnectionLost, HeaderFields, Reply, Request

_logger = logging.getLogger(__name__)

_AT_ONCE = 32
"""Requests in a row before the event loop gets its turn: most are answered without any waiting."""

_SLICE = 1 << 20
_METHODS = frozenset(METHODS.values())


class InProcessTransport:
    """Sends requests to ``handler()`` as the user of ``certificate``; authentication and authorization are as ever.

    A request is answered in its caller's task, as it would be over HTTP: within the same limits, a failure as a 500.
    """

    def __init__(
        self, handler: Callable[[], Handler], certificate: PeerCertificate, limits: Limits | None = None
    ) -> None:
        self._handler = handler
        self._connection = Connection("in-process", True, certificate)
        self._limits = limits or Limits()
        self._left = _AT_ONCE

    async def send(self, request: Request) -> Reply:
        self._left -= 1
        if not self._left:
            self._left = _AT_ONCE
            await asyncio.sleep(0)
        answer = await self._answer(request)
        has_body = request.method != "HEAD" and answer.status not in BODILESS
        if isinstance(answer, Response):
            return _WholeReply(answer, answer.body if has_body else b"")
        return _StreamReply(answer, request, self._limits.stream_bytes) if has_body else _WholeReply(answer, b"")

    async def close(self) -> None:
        """Nothing is held."""

    async def _answer(self, request: Request) -> Answer:
        try:
            pending = self._handler()(self._received(request))
            answer = await self._in_time(pending) if isinstance(pending, Awaitable) else pending
            check_fields(answer)
            return answer
        except Exception as error:
            return failure_response(error, request.method, request.target.partition("?")[0])

    async def _in_time(self, pending: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._limits.request_seconds) as scope:
                return await pending
        except TimeoutError:
            if not scope.expired():
                raise
            raise timeout("request did not complete within the allotted timeout") from None

    def _received(self, request: Request) -> ServerRequest:
        """The request as the server would have read it from a socket. Raises ApiError where it would refuse it."""
        limits, target = self._limits, request.target.encode()
        if request.method not in _METHODS:
            raise method_not_allowed(request.method)
        if len(target) > limits.target_bytes:
            raise target_too_long(limits.target_bytes)
        if len(request.body) > limits.body_bytes:
            raise body_too_large(limits.body_bytes)
        path, query = parse_target(target)
        fields: dict[bytes, bytes] = {}
        for name, value in request.headers:
            key, data = name.lower().encode(), value.encode()
            check_field(key, data)
            if key in fields:
                add_field(fields, key, data)
            else:
                fields[key] = data
        return ServerRequest(request.method, path, query, fields, request.body, self._connection)


def _fields(answer: Answer) -> HeaderFields:
    return [(name.decode().lower(), value.decode("utf-8", "replace")) for name, value in header_fields(answer)]


class _WholeReply:
    __slots__ = ("_body", "headers", "status")

    def __init__(self, answer: Answer, body: bytes | Sequence[bytes]) -> None:
        self.status, self.headers = answer.status, _fields(answer)
        self._body = body

    async def read(self) -> bytes:
        return self._body if isinstance(self._body, bytes) else b"".join(self._body)

    async def chunks(self) -> AsyncIterator[bytes]:
        if isinstance(self._body, bytes):
            if self._body:
                yield self._body
            return
        for part in Pieces(self._body).slices(_SLICE):
            yield bytes(part)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """The body is there already."""


class _StreamReply:
    """Runs the stream as a task, and reads what it writes."""

    __slots__ = ("_task", "_writer", "headers", "status")

    def __init__(self, stream: Stream, request: Request, limit: int) -> None:
        self.status, self.headers = stream.status, _fields(stream)
        self._writer = PendingWriter(limit)
        self._task = asyncio.ensure_future(_fill(self._writer, stream, request))
        self._writer.on_abort = self._task.cancel

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        while data := await self._writer.take():
            yield data
        if self._writer.cut:
            raise ConnectionLost("in-process: the server cut the stream")

    async def close(self) -> None:
        self._writer.abort()
        await asyncio.gather(self._task, return_exceptions=True)


async def _fill(writer: PendingWriter, stream: Stream, request: Request) -> None:
    try:
        await writer.fill(stream)
    except Exception as error:
        path = request.target.partition("?")[0]
        _logger.error("%s %s: the answer was cut", request.method, path, exc_info=error)
