"""A small HTTP/1.1 client over TLS: keep-alive connections, one request in flight on each, and watches."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httptools

from bench.failure import BenchmarkFailed

LineSink = Callable[[list[bytes]], None]
"""Takes the complete lines of a stream that arrived together."""


@dataclass(frozen=True, slots=True)
class Response:
    """``first_byte`` is when the first byte of the body came, by time.perf_counter()."""

    status: int
    body: bytes
    encoding: bytes
    first_byte: float

    def expect(self, status: int) -> "Response":
        """This response; raises BenchmarkFailed when its status is another."""
        if self.status != status:
            raise BenchmarkFailed(f"expected status {status}, got {self.status}: {self.body[:300]!r}")
        return self


class Connection(asyncio.Protocol):
    """One connection. ``lines`` set: the body of a 200 is a stream of lines, given to it as they come."""

    def __init__(self, lines: LineSink | None = None) -> None:
        self._lines = lines
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._partial = b""
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._encoding, self._first_byte = b"", 0.0

    def exchange(self, request: bytes) -> "asyncio.Future[Response]":
        """Send ``request``. The answer is complete, or for a stream of lines without a body when its head is there."""
        if self._transport is None or self._transport.is_closing():
            raise BenchmarkFailed("the server closed a connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BenchmarkFailed(f"the server closed a connection: {exc or 'end of stream'}"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-encoding":
            self._encoding = value

    def on_headers_complete(self) -> None:
        if self._lines is not None and self._parser.get_status_code() == 200:
            self._settle(b"")

    def on_body(self, chunk: bytes) -> None:
        if self._lines is not None and self._parser.get_status_code() == 200:
            lines = (self._partial + chunk).split(b"\n")
            self._partial = lines.pop()
            self._lines(lines)
            return
        if not self._chunks:
            self._first_byte = time.perf_counter()
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        body = b"".join(self._chunks)
        self._settle(body)
        self._begin()

    def _settle(self, body: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(
                Response(self._parser.get_status_code(), body, self._encoding, self._first_byte or time.perf_counter())
            )


class Endpoint:
    """A server's address and how to speak to it; makes requests and connections."""

    def __init__(self, host: str, port: int, authority: Path, token: str) -> None:
        self._host, self._port = host, port
        self._tls = ssl.create_default_context(cafile=str(authority))
        self._head = (
            f"Host: {host}:{port}\r\nAccept: application/json\r\nUser-Agent: steersman-bench\r\n"
            f"Authorization: Bearer {token}\r\n"
        ).encode()

    def request(self, method: str, path: str, body: bytes = b"", *, gzip: bool = False) -> bytes:
        """The bytes of a request with a JSON body, or none."""
        head = b"%s %s HTTP/1.1\r\n%s" % (method.encode(), path.encode(), self._head)
        if gzip:
            head += b"Accept-Encoding: gzip\r\n"
        if body:
            head += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        return head + b"\r\n" + body

    @asynccontextmanager
    async def connections(self, sinks: list[LineSink | None]) -> AsyncIterator[list[Connection]]:
        """One open connection for each of ``sinks`` (see Connection), closed at the end."""
        opened: list[Connection] = []
        try:
            for start in range(0, len(sinks), 50):
                opened += await asyncio.gather(*(self._connect(sink) for sink in sinks[start : start + 50]))
            yield opened
        finally:
            for connection in opened:
                connection.close()

    async def _connect(self, sink: LineSink | None) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(sink), self._host, self._port, ssl=self._tls, server_hostname=self._host
        )
        return connection

    async def ask(self, method: str, path: str, body: bytes = b"") -> Response:
        """One request on a connection of its own."""
        async with self.connections([None]) as (connection,):
            return await connection.exchange(self.request(method, path, body))
