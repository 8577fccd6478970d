"""The end of the server, and more than one listener."""

import asyncio
from typing import Any

import pytest

from steersman.apiserver.http.message import Frame, Request, Response, Stream, StreamWriter


def echo(request: Request) -> Response:
    return Response(200, b"GET " + request.path.encode())


PIECES = [b"%06d" % number + b"x" * 500 for number in range(6_000)]


async def test_drain_closes_idle_connections_and_accepts_no_more(serve: Any) -> None:
    serving = await serve(echo)
    client = await serving.connect()
    client.get("/")
    await client.answer()

    await serving.server.drain(5)

    assert serving.server.connections == 0
    assert await client.end() == b""
    with pytest.raises(OSError):
        await serving.connect()


async def test_drain_lets_requests_in_flight_finish(serve: Any) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        await release.wait()
        return Response(200, request.body)

    serving = await serve(handler)
    busy, sending = await serving.connect(), await serving.connect()
    busy.get("/")
    await started.wait()
    sending.get("/", "Content-Length: 5", "Expect: 100-continue", method="POST")
    await sending.answer()
    draining = asyncio.ensure_future(serving.server.drain(10))
    await asyncio.sleep(0)
    sending.send(b"hello")
    release.set()
    answers = [await busy.answer(), await sending.answer()]
    await draining

    assert [(answer.status, answer.headers["connection"]) for answer in answers] == [(200, "close")] * 2
    assert answers[1].body == b"hello"


async def test_drain_finishes_a_large_answer(serve: Any) -> None:
    serving = await serve(lambda request: Response(200, PIECES))
    client = await serving.connect()
    client.get("/")
    await client.head()
    draining = asyncio.ensure_future(serving.server.drain(10))
    body = await client.end()
    await draining

    assert body == b"".join(PIECES)


async def test_drain_ends_streams_cleanly(serve: Any) -> None:
    async def run(writer: StreamWriter) -> None:
        writer.send(Frame(b"hello"))
        await asyncio.Event().wait()

    serving = await serve(lambda request: Stream(run))
    client = await serving.connect()
    client.get("/")
    head = await client.head()
    await client.chunk()
    await serving.server.drain(10)

    assert head.status == 200
    assert await client.chunk() == b""
    assert await client.end() == b""


async def test_drain_cuts_what_does_not_end(serve: Any) -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    serving = await serve(handler)
    client = await serving.connect()
    client.get("/")
    await started.wait()
    await serving.server.drain(0.01)

    assert serving.server.connections == 0
    await cancelled.wait()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()


async def test_a_listener_more(serve: Any) -> None:
    serving = await serve(echo)
    host, port = await serving.server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
    assert port != serving.address[1]
    writer.close()
