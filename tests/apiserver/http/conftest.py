"""A server on real sockets, plain and TLS, on asyncio's own loop and on uvloop; and a client that reads what comes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from steersman.apiserver.certificates import CertificatePaths, ensure_certificates
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Handler
from steersman.apiserver.http.server import HttpServer
from steersman.apiserver.http.tls import server_ssl_context


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificatePaths:
    return ensure_certificates(tmp_path_factory.mktemp("pki"), ["127.0.0.1"])


@dataclass
class Answer:
    """One answer as it came over the wire, its chunks put together."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Client:
    """One connection to the server under test."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def get(self, path: str, *fields: str, method: str = "GET") -> None:
        lines = (f"{method} {path} HTTP/1.1", "Host: localhost", *fields, "", "")
        self.send("\r\n".join(lines).encode())

    async def head(self) -> Answer:
        """The next answer's status and header; its body is left to be read."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = [line.split(": ", 1) for line in lines[1:-2]]
        return Answer(int(lines[0].split()[1]), {name.lower(): value for name, value in pairs}, b"")

    async def chunk(self) -> bytes:
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def chunks(self) -> bytes:
        body = b""
        while chunk := await self.chunk():
            body += chunk
        return body

    async def answer(self, method: str = "GET") -> Answer:
        answer = await self.head()
        if method == "HEAD" or answer.status in (100, 204, 304):
            return answer
        if "content-length" in answer.headers:
            answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
        elif answer.headers.get("transfer-encoding") == "chunked":
            answer.body = await self.chunks()
        else:
            answer.body = await self.reader.read()
        return answer

    async def end(self) -> bytes:
        """What comes until the server closes the connection."""
        return await self.reader.read()

    def leave(self) -> None:
        self.writer.transport.abort()


@dataclass
class Serving:
    """A server under test, and the connections to it."""

    server: HttpServer
    address: tuple[str, int]
    tls: ssl.SSLContext | None
    clients: list[Client] = field(default_factory=list)

    async def connect(self, tls: ssl.SSLContext | None = None) -> Client:
        client = Client(*await asyncio.open_connection(*self.address, ssl=tls or self.tls))
        self.clients.append(client)
        return client


Serve = Callable[..., "asyncio.Future[Serving]"]


@pytest.fixture(params=["tcp", "tls"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def serve(transport: str, certificates: CertificatePaths) -> AsyncIterator[Callable[..., object]]:
    """``await serve(handler, **limits)`` → Serving."""
    started: list[Serving] = []

    async def start(handler: Handler, **limits: float) -> Serving:
        server = HttpServer(handler, limits=Limits(**limits))  # type: ignore[arg-type]
        if transport == "tls":
            context = server_ssl_context(certificates.server, certificates.server_key, certificates.ca)
            address = await server.listen("127.0.0.1", 0, context)
            serving = Serving(server, address, trusting(certificates.ca))
        else:
            serving = Serving(server, await server.listen("127.0.0.1", 0), None)
        started.append(serving)
        return serving

    yield start
    for serving in started:
        for client in serving.clients:
            client.leave()
        await serving.server.drain(1)


def trusting(ca: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
