"""Answers that go on or are large, and clients that leave meanwhile."""

import asyncio
import gzip
from typing import Any

import pytest

from steersman.apiserver.http.message import Frame, Request, Response, Stream, StreamWriter


def echo(request: Request) -> Response:
    return Response(200, b"GET " + request.path.encode())


# Leaving.


@pytest.mark.parametrize("abruptly", [True, False])
async def test_the_handler_is_cancelled_when_the_client_leaves(serve: Any, abruptly: bool) -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    client = await (await serve(handler)).connect()
    client.get("/")
    await started.wait()
    client.leave() if abruptly else client.writer.close()

    await cancelled.wait()


@pytest.mark.parametrize("abruptly", [True, False])
async def test_a_stream_is_ended_when_the_client_leaves(serve: Any, abruptly: bool) -> None:
    ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def run(writer: StreamWriter) -> None:
        writer.send(Frame(b"hello"))
        try:
            await asyncio.Event().wait()
        finally:
            ended.set_result(writer.closed)
            writer.send(Frame(b"nobody reads this"))

    client = await (await serve(lambda request: Stream(run))).connect()
    client.get("/")
    await client.head()
    assert await client.chunk() == b"hello"
    client.leave() if abruptly else client.writer.close()

    assert await ended is True


# Streams.


async def test_a_stream_goes_out_frame_by_frame_and_ends(serve: Any) -> None:
    go_on, shared = asyncio.Event(), Frame(b'{"type":"ADDED"}\n')

    async def run(writer: StreamWriter) -> None:
        writer.send(shared)
        await go_on.wait()
        writer.send(Frame(b""))
        writer.send(shared)

    client = await (await serve(lambda request: Stream(run, headers=((b"X-Kind", b"watch"),)))).connect()
    for _ in range(2):
        go_on.clear()
        client.get("/")
        head = await client.head()
        assert (head.status, head.headers["transfer-encoding"], head.headers["x-kind"]) == (200, "chunked", "watch")
        assert await client.chunk() == shared.data
        go_on.set()
        assert [await client.chunk(), await client.chunk()] == [shared.data, b""]


async def test_a_stream_over_http_1_0_is_raw(serve: Any) -> None:
    async def run(writer: StreamWriter) -> None:
        writer.send(Frame(b"one,"))
        writer.send(Frame(b"two"))

    client = await (await serve(lambda request: Stream(run))).connect()
    client.send(b"GET / HTTP/1.0\r\n\r\n")
    answer = await client.answer()

    assert "transfer-encoding" not in answer.headers
    assert answer.body == b"one,two"


async def test_a_stream_that_fails_is_cut_not_ended(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def run(writer: StreamWriter) -> None:
        writer.send(Frame(b"hello"))
        await asyncio.sleep(0)
        raise KeyError("defect")

    client = await (await serve(lambda request: Stream(run))).connect()
    client.get("/")

    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()
    assert "the answer was cut" in caplog.text


async def test_a_slow_reader_is_seen_and_can_be_cut(serve: Any) -> None:
    aborted = asyncio.Event()

    async def run(writer: StreamWriter) -> None:
        while writer.buffered < 1_000_000:
            writer.send(Frame(b"x" * 100_000))
            await asyncio.sleep(0)
        writer.abort()
        assert writer.closed
        aborted.set()

    serving = await serve(lambda request: Stream(run))
    client = await serving.connect()
    client.get("/")
    await client.head()
    await aborted.wait()

    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.chunks()


async def test_head_of_a_stream_does_not_run_it(serve: Any) -> None:
    async def run(writer: StreamWriter) -> None:
        raise AssertionError

    client = await (await serve(lambda request: Stream(run))).connect()
    for _ in range(2):
        client.get("/", method="HEAD")
        assert (await client.answer("HEAD")).status == 200


# Large answers.

PIECES = [b'{"name":"object-%06d","data":"%b"},' % (number, b"abcdefgh" * 60) for number in range(6_000)]


async def test_a_large_answer_arrives_while_others_are_served(serve: Any) -> None:
    def handler(request: Request) -> Response:
        return Response(200, PIECES) if request.path == "/list" else echo(request)

    serving = await serve(handler)
    stalled, other = await serving.connect(), await serving.connect()
    stalled.get("/list")
    await stalled.head()
    for number in range(20):
        other.get(f"/{number}")
        assert (await other.answer()).status == 200
    stalled.get("/after")
    body = await stalled.reader.readexactly(sum(map(len, PIECES)))

    assert body == b"".join(PIECES)
    assert (await stalled.answer()).body == b"GET /after"


@pytest.mark.parametrize("body", [PIECES, b"".join(PIECES), [b"", b"x" * 500_000, b"y"]], ids=["many", "one", "few"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_large_answer_is_compressed_for_who_takes_it(serve: Any, body: Any, version: str) -> None:
    client = await (await serve(lambda request: Response(200, body))).connect()
    client.send(f"GET / HTTP/{version}\r\nHost: localhost\r\nAccept-Encoding: deflate, gzip\r\n\r\n".encode())
    answer = await client.answer()

    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(answer.body) == (body if isinstance(body, bytes) else b"".join(body))


@pytest.mark.parametrize(
    ("offer", "size", "headers"),
    [
        ("gzip", 100_000, ()),
        ("deflate", 200_000, ()),
        ("gzip;q=0", 200_000, ()),
        ("gzip", 200_000, ((b"Content-Encoding", b"br"),)),
    ],
)
async def test_what_is_not_compressed(serve: Any, offer: str, size: int, headers: Any) -> None:
    client = await (await serve(lambda request: Response(200, b"x" * size, headers=headers))).connect()
    client.get("/", f"Accept-Encoding: {offer}")
    answer = await client.answer()

    assert answer.headers.get("content-encoding") != "gzip"
    assert answer.body == b"x" * size
