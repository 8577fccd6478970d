"""A server that answers as a test says, byte for byte, and keeps what it was asked."""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Cut:
    """An answer after which the connection is closed, whether it was whole or not."""

    data: bytes = b""


class Silence:
    """No answer at all: the connection stays as it is."""


Answer = bytes | Cut | Silence


@dataclass
class Received:
    """One request. ``fields`` has the header's fields, their names in lower case; ``connection`` counts from 0."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes
    connection: int

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def answer(status: int, body: bytes = b"{}", *fields: str, content_type: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@dataclass
class ScriptedServer:
    """Gives ``answers`` one after the other, the last one for ever; over TLS if there is a ``context``."""

    answers: Iterable[Answer]
    context: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    open: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._answers = list(self.answers)
        self._writers: list[asyncio.StreamWriter] = []
        self.asked = asyncio.Event()
        self._closed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self.until_open(set())

    @property
    def url(self) -> str:
        return f"http{'s' if self.context else ''}://127.0.0.1:{self.port}"

    async def until_open(self, connections: set[int]) -> None:
        """Returns once these connections are open, and no others."""
        async with self._closed:
            await self._closed.wait_for(lambda: self.open == connections)

    def push(self, connection: int, data: bytes) -> None:
        """Sends more on that connection."""
        self._writers[connection].write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        number, self.connections = self.connections, self.connections + 1
        self.open.add(number)
        try:
            while True:
                self.received.append(await _read(reader, number))
                self.asked.set()
                reply = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if isinstance(reply, bytes):
                    writer.write(reply)
                elif isinstance(reply, Cut):
                    writer.write(reply.data)
                    await writer.drain()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            self.open.discard(number)
            async with self._closed:
                self._closed.notify_all()


async def _read(reader: asyncio.StreamReader, connection: int) -> Received:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:-2])]
    length = next((int(value) for name, value in fields if name == "content-length"), 0)
    return Received(method, target, fields, await reader.readexactly(length), connection)
