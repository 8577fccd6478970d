"""One HTTP/1.1 connection: requests are answered in the order they came, one at a time (RFC 9112).

Theory of operation. Bytes go to the parser, whole requests come out into its ``ready`` queue, and ``_advance`` takes
them from there as long as each can be answered at once. An answer that takes time (an awaitable, a stream, a large
body) makes the connection *busy*: a task sees to it, and ``_advance`` goes on when it has finished. ``due`` and
``_overdue`` say by which tick of the server's clock something must happen, and what is done if it does not.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from steersman.apimachinery.errors import ApiError, timeout
from steersman.apiserver.http import compression
from steersman.apiserver.http.failure import failure_response, status_response
from steersman.apiserver.http.message import Answer, Connection, Frame, Request, Response, Stream
from steersman.apiserver.http.request_parser import ReceivedRequest, RequestParser
from steersman.apiserver.http.response_head import BODILESS, CHUNKED, CLOSE, CONTINUE, check_fields
from steersman.apiserver.http.server_state import ServerState
from steersman.apiserver.http.tls import peer_certificate
from steersman.apiserver.http.writer import ChunkedWriter, Pieces, RawWriter

_logger = logging.getLogger(__name__)

# Measured over TLS: smaller slices cost more calls, larger ones leave the processor's cache.
_SLICE = 128 << 10
_FEW = 1000
_AT_ONCE = (Response, Stream)
_NEVER = sys.maxsize


class HttpProtocol(asyncio.BufferedProtocol):
    """Lives as long as its connection; all it needs from outside is in ``state``."""

    __slots__ = (
        "_busy",
        "_closing",
        "_loop",
        "_overdue",
        "_parser",
        "_phase",
        "_reading_paused",
        "_refusal",
        "_resumed",
        "_state",
        "_task",
        "_transport",
        "_turn",
        "_writer",
        "_writing_paused",
        "due",
    )

    _transport: asyncio.Transport
    _parser: RequestParser

    def __init__(self, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        self._state, self._loop = state, loop
        self._busy = self._closing = self._reading_paused = self._writing_paused = False
        self._task: asyncio.Task[None] | None = None
        self._writer: ChunkedWriter | None = None
        self._refusal: ApiError | None = None
        self._resumed: asyncio.Future[None] | None = None
        self._phase = ""
        self._turn = 0
        self._overdue: Callable[[], None] = self._close
        self.due = state.tick + state.idle_ticks

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        secure = transport.get_extra_info("sslcontext") is not None
        certificate = peer_certificate(transport.get_extra_info("peercert")) if secure else None
        connection = Connection(str(peer[0]) if peer else "", secure, certificate)
        self._parser = RequestParser(connection, self._state.limits)
        self._state.add(self)
        if self._state.draining:
            self._close()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._state.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._closing or self._refusal is not None:
            return
        try:
            self._parser.feed(self._state.buffer[:nbytes])
        except ApiError as refusal:
            self._refusal = refusal
        self._advance()

    def eof_received(self) -> None:
        self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._state.discard(self)

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)
        elif not self._busy:
            self._advance()

    def _leave(self) -> None:
        """The client has gone: nobody waits for the answer."""
        self._closing = True
        self._parser.ready.clear()
        if self._writer is not None:
            self._writer.closed = True
        if self._task is not None:
            self._task.cancel()
        self._arm(self._state.write_ticks, self._transport.abort)

    # Time.

    def _arm(self, ticks: int, overdue: Callable[[], None]) -> None:
        self.due = self._state.tick + ticks
        self._overdue = overdue

    def expire(self) -> None:
        """What was due has not happened."""
        self.due = _NEVER
        self._overdue()

    def _close(self) -> None:
        self._closing = True
        self._parser.ready.clear()
        self._transport.close()
        self._arm(self._state.write_ticks, self._transport.abort)

    def drain(self) -> None:
        """The server stops: ends a stream, lets a request in flight finish, closes an idle connection."""
        if self._writer is not None and self._task is not None:
            self._task.cancel()
        elif not (self._busy or self._parser.midway or self._parser.ready or self._closing):
            self._close()

    def abort(self) -> None:
        """Cuts the connection, whatever it is doing."""
        self._leave()
        self._transport.abort()

    # Requests, in order.

    def _advance(self) -> None:
        ready = self._parser.ready
        while ready and not (self._busy or self._writing_paused or self._closing):
            self._answer(ready.popleft())
        if self._closing:
            return
        crowded = len(ready) >= self._state.limits.pipelined_requests
        if crowded != self._reading_paused and not self._transport.is_closing():
            self._reading_paused = crowded
            (self._transport.pause_reading if crowded else self._transport.resume_reading)()
        if not (self._busy or ready):
            self._await_request()

    def _await_request(self) -> None:
        state, parser = self._state, self._parser
        if self._refusal is not None:
            self._refuse(self._refusal)
        elif not parser.midway:
            self._phase = ""
            self.due = state.tick + state.idle_ticks
            self._overdue = self._close
        elif parser.in_body:
            if parser.expects_continue:
                parser.expects_continue = False
                self._transport.write(CONTINUE)
            if self._phase != "body":
                self._phase = "body"
                self._arm(state.body_ticks, self._too_slow)
        elif self._phase != "head":
            self._phase = "head"
            self._arm(state.header_ticks, self._too_slow)

    def _too_slow(self) -> None:
        self._refuse(ApiError(408, "Timeout", f"the request's {self._phase} took too long to arrive"))

    def _refuse(self, refusal: ApiError) -> None:
        """The last answer of this connection.

        The client may still be sending. Over TCP a close would then reset the connection and take the answer with it,
        so only our half is closed, and what comes is dropped for a while; TLS does as much by itself.
        """
        self._closing = True
        self._write(status_response(refusal), None, False)
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self._arm(self._state.linger_ticks, self._close)
        else:
            self._close()

    def _answer(self, request: ReceivedRequest) -> None:
        try:
            answer = self._state.handler(request)
            if isinstance(answer, _AT_ONCE):
                check_fields(answer)
        except Exception as error:
            answer = failure_response(error, request.method, request.path)
        if type(answer) is Response and _is_small(answer.body):
            self._respond(answer, request)
        else:
            self._busy = True
            self._turn += 1
            self._task = self._loop.create_task(self._attend(request, answer, self._turn))

    async def _attend(self, request: ReceivedRequest, pending: Answer | Awaitable[Answer], turn: int) -> None:
        """Sees to an answer that takes time. ``turn`` tells whether it is still wanted."""
        try:
            if isinstance(pending, _AT_ONCE):
                answer = pending
            else:
                self._arm(self._state.request_ticks, lambda: self._give_up(request))
                answer = await _result(pending, request)
            if turn != self._turn or self._closing:
                return
            self.due = _NEVER
            if isinstance(answer, Stream):
                await self._stream(answer, request)
            elif _is_small(answer.body):
                self._respond(answer, request)
            else:
                await self._deliver(answer, request)
        except BaseException as error:
            if turn == self._turn and not self._closing:
                self._transport.abort()
            if isinstance(error, Exception):
                _logger.error("%s %s: the answer was cut", request.method, request.path, exc_info=error)
                return
            raise
        self._finish()

    def _finish(self) -> None:
        self._task = self._writer = None
        self._busy = False
        if self._state.draining and not self._closing:
            self._close()
        self._advance()

    def _give_up(self, request: ReceivedRequest) -> None:
        """The deadline has passed: the client is told so, and the handler's task is cancelled."""
        task, self._task = self._task, None
        self._turn += 1
        self._respond(status_response(timeout("request did not complete within the allotted timeout")), request)
        if task is not None:
            self._state.abandon(task)
        self._finish()

    # Answers.

    def _respond(self, response: Response, request: ReceivedRequest) -> None:
        """A small answer."""
        persistent = request.persistent and not self._state.draining
        self._write(response, request, persistent)
        if not persistent:
            self._close()

    def _write(self, response: Response, request: Request | None, persistent: bool) -> None:
        head = self._state.heads.begin(response)
        if not persistent:
            head += CLOSE
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        if request is not None and request.method == "HEAD":
            self._transport.write(b"%bContent-Length: %d\r\n\r\n" % (head, len(body)))
        elif response.status not in BODILESS:
            self._transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
        else:
            self._transport.write(head + b"\r\n")

    async def _deliver(self, response: Response, request: ReceivedRequest) -> None:
        """A large answer: it goes in slices, each once the client has taken enough of those before."""
        transport, body = self._transport, Pieces(response.body)
        persistent = request.persistent and not self._state.draining
        head = self._state.heads.begin(response) + (b"" if persistent else CLOSE)
        if request.method == "HEAD":
            transport.write(b"%bContent-Length: %d\r\n\r\n" % (head, body.size))
        elif compression.is_wanted(response, body.size, request.headers.get(b"accept-encoding")):
            framing = CHUNKED if request.chunks else b""
            transport.write(b"%bContent-Encoding: gzip\r\nVary: Accept-Encoding\r\n%b\r\n" % (head, framing))
            writer = (ChunkedWriter if request.chunks else RawWriter)(transport)
            async for packed in self._state.compressor.compress(body):
                writer.send(Frame(packed))
                await self._pace()
            writer.end()
        else:
            transport.write(b"%bContent-Length: %d\r\n\r\n" % (head, body.size))
            for part in body.slices(_SLICE):
                transport.write(part)
                await self._pace()
        if not persistent:
            self._close()

    async def _pace(self) -> None:
        """Waits while the client takes nothing; lets the other connections be served in any case."""
        if not self._writing_paused:
            await asyncio.sleep(0)
            return
        self._resumed = self._loop.create_future()
        self._arm(self._state.write_ticks, self._transport.abort)
        try:
            await self._resumed
        finally:
            self._resumed = None
        self.due = _NEVER

    async def _stream(self, stream: Stream, request: ReceivedRequest) -> None:
        """An answer that goes on until ``stream.run`` returns, the client leaves, or the server drains."""
        head = self._state.heads.begin(stream) + (b"" if request.persistent else CLOSE)
        self._transport.write(b"%b%b\r\n" % (head, CHUNKED if request.chunks else b""))
        if request.method != "HEAD":
            self._writer = writer = (ChunkedWriter if request.chunks else RawWriter)(self._transport)
            if not self._state.draining:
                try:
                    await stream.run(writer)
                except asyncio.CancelledError:
                    if writer.closed or not self._state.draining:
                        raise
            writer.end()
        if not request.persistent:
            self._close()


def _is_small(body: bytes | Sequence[bytes]) -> bool:
    """Whether ``body`` is sent in one write. Many pieces are not even counted here: they are large."""
    if isinstance(body, bytes):
        return len(body) < compression.MINIMUM
    return len(body) <= _FEW and sum(map(len, body)) < compression.MINIMUM


async def _result(pending: Awaitable[Answer], request: Request) -> Answer:
    try:
        answer = await pending
        check_fields(answer)
        return answer
    except Exception as error:
        return failure_response(error, request.method, request.path)
