"""The same handlers behind any ASGI 3 server, or mounted in another ASGI application.

Specified in https://asgi.readthedocs.io/en/latest/specs/www.html and specs/lifespan.html.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import quote

from steersman.apimachinery.errors import ApiError, bad_request, timeout
from steersman.apiserver.http import compression
from steersman.apiserver.http.failure import failure_response, status_response
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Answer, Connection, Handler, Request, Response, Stream
from steersman.apiserver.http.request_head import (
    METHODS,
    add_field,
    body_too_large,
    check_field,
    check_framing,
    check_host,
    head_too_large,
    method_not_allowed,
    parse_target,
    target_too_long,
    too_many_fields,
)
from steersman.apiserver.http.response_head import BODILESS, check_fields, header_fields
from steersman.apiserver.http.writer import PendingWriter, Pieces

_logger = logging.getLogger(__name__)

_SLICE = 128 << 10

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _ClientLeft(Exception):
    """The client has closed its connection."""


class AsgiApp:
    """An ASGI 3 application (scopes ``http`` and ``lifespan``) that answers with ``handler``."""

    def __init__(self, handler: Handler, *, limits: Limits = Limits()) -> None:  # noqa: B008 (frozen)
        self._handler, self._limits = handler, limits
        self._compressor = compression.Compressor()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one scope. Raises ValueError for a kind of scope that is not served."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            raise ValueError(f"the scope {scope['type']!r} is not served")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._compressor.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = str(scope["method"])
        try:
            request = await self._read(scope, receive)
        except ApiError as refusal:
            await _send_small(status_response(refusal), method, send)
            return
        except _ClientLeft:
            return
        answer = self._begin(request)
        if isinstance(answer, Response) and isinstance(answer.body, bytes) and len(answer.body) < compression.MINIMUM:
            await _send_small(answer, method, send)
            return
        work = asyncio.ensure_future(self._attend(request, answer, send))
        leaving = asyncio.ensure_future(_disconnect(receive))
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            work.cancel()
            await asyncio.gather(leaving, work, return_exceptions=True)
        if not work.cancelled():
            work.result()

    async def _read(self, scope: Scope, receive: Receive) -> Request:
        limits = self._limits
        method = str(scope["method"])
        if method not in METHODS.values():
            raise method_not_allowed(method)
        path, query = _read_target(scope, limits)
        fields = _read_fields(scope["headers"], limits)
        if b"host" in fields:
            check_host(fields[b"host"])
        elif scope.get("http_version") == "1.1":
            raise bad_request("the header host is missing")
        check_framing(fields)
        if int(fields.get(b"content-length", b"0")) > limits.body_bytes:
            raise body_too_large(limits.body_bytes)
        try:
            async with asyncio.timeout(limits.body_seconds):
                body = await _read_body(receive, limits.body_bytes)
        except TimeoutError:
            raise ApiError(408, "Timeout", "the request's body took too long to arrive") from None
        client = scope.get("client")
        connection = Connection(str(client[0]) if client else "", scope.get("scheme") == "https")
        return Request(method, path, query, fields, body, connection)

    def _begin(self, request: Request) -> Answer | Awaitable[Answer]:
        try:
            answer = self._handler(request)
            if isinstance(answer, Response | Stream):
                check_fields(answer)
        except Exception as error:
            answer = failure_response(error, request.method, request.path)
        return answer

    async def _attend(self, request: Request, pending: Answer | Awaitable[Answer], send: Send) -> None:
        answer = pending if isinstance(pending, Response | Stream) else await self._result(pending, request)
        if isinstance(answer, Response):
            await self._deliver(answer, request, send)
            return
        try:
            await self._stream(answer, request, send)
        except Exception as error:
            _logger.error("%s %s: the answer was cut", request.method, request.path, exc_info=error)

    async def _result(self, pending: Awaitable[Answer], request: Request) -> Answer:
        deadline = asyncio.timeout(self._limits.request_seconds)
        try:
            async with deadline:
                answer = await pending
                check_fields(answer)
                return answer
        except Exception as error:
            if deadline.expired():
                return status_response(timeout("request did not complete within the allotted timeout"))
            return failure_response(error, request.method, request.path)

    async def _deliver(self, response: Response, request: Request, send: Send) -> None:
        body = Pieces(response.body)
        if request.method == "HEAD" or response.status in BODILESS:
            await _send_small(response, request.method, send)
        elif compression.is_wanted(response, body.size, request.headers.get(b"accept-encoding")):
            extra = ((b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding"))
            await _send_start(response, extra, send)
            async for packed in self._compressor.compress(body):
                await _send_body(packed, True, send)
            await _send_body(b"", False, send)
        else:
            await _send_start(response, ((b"content-length", b"%d" % body.size),), send)
            for part in body.slices(_SLICE):
                await _send_body(bytes(part), True, send)
                await asyncio.sleep(0)
            await _send_body(b"", False, send)

    async def _stream(self, stream: Stream, request: Request, send: Send) -> None:
        await _send_start(stream, (), send)
        if request.method == "HEAD":
            await _send_body(b"", False, send)
            return
        writer = PendingWriter(self._limits.stream_bytes)
        running = asyncio.ensure_future(writer.fill(stream))
        try:
            # The head goes out at once, as it does over the own protocol.
            await _send_body(b"", True, send)
            while data := await writer.take():
                await _send_body(data, True, send)
            if not writer.cut:
                await running
                await _send_body(b"", False, send)
            elif running.done():
                running.result()
        finally:
            writer.closed = True
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _read_target(scope: Scope, limits: Limits) -> tuple[str, str]:
    """Path below the mount point, and query."""
    raw = scope.get("raw_path")
    target: bytes = raw if raw is not None else quote(scope["path"], safe="/!$&'()*+,;=:@~").encode()
    query: bytes = scope.get("query_string", b"")
    if len(target) + len(query) > limits.target_bytes:
        raise target_too_long(limits.target_bytes)
    path, text = parse_target(target + b"?" + query)
    root = str(scope.get("root_path", "")).rstrip("/")
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :] or "/"
    return path, text


def _read_fields(pairs: Iterable[tuple[bytes, bytes]], limits: Limits) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    size = 0
    for count, (name, value) in enumerate(pairs, 1):
        size += len(name) + len(value)
        if size > limits.header_bytes:
            raise head_too_large(limits.header_bytes)
        if count > limits.header_count:
            raise too_many_fields(limits.header_count)
        name = name.lower()
        check_field(name, value)
        if name in fields:
            add_field(fields, name, value.strip(b" \t"))
        else:
            fields[name] = value.strip(b" \t")
    return fields


async def _read_body(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientLeft
        body += message.get("body", b"")
        if len(body) > limit:
            raise body_too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _send_small(response: Response, method: str, send: Send) -> None:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    sized = response.status not in BODILESS
    await _send_start(response, ((b"content-length", b"%d" % len(body)),) if sized else (), send)
    await _send_body(body if sized and method != "HEAD" else b"", False, send)


async def _send_start(answer: Answer, extra: Iterable[tuple[bytes, bytes]], send: Send) -> None:
    fields = [(name.lower(), value) for name, value in header_fields(answer)]
    await send({"type": "http.response.start", "status": answer.status, "headers": [*fields, *extra]})


async def _send_body(data: bytes, more: bool, send: Send) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})
