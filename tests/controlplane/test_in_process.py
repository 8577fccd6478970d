"""The transport inside one process: the limits of HTTP, failures as answers, readers that are too slow."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from steersman.apimachinery.errors import service_unavailable
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Answer, Frame, Handler, PeerCertificate, Response, Stream, StreamWriter
from steersman.apiserver.http.message import Request as ServerRequest
from steersman.client.transport import ConnectionLost, Reply, Request
from steersman.controlplane.in_process import InProcessTransport
from steersman.storage.store import StoreClosed

IDENTITY = PeerCertificate("someone", ("group",))
GET = Request("GET", "/x")


def transport(handler: Handler, **limits: float) -> InProcessTransport:
    return InProcessTransport(lambda: handler, IDENTITY, Limits(**limits))  # type: ignore[arg-type]


async def pieces(reply: Reply) -> list[bytes]:
    return [piece async for piece in reply.chunks()]


async def test_the_server_sees_the_request_as_over_a_socket() -> None:
    seen: list[ServerRequest] = []

    def handle(request: ServerRequest) -> Answer:
        seen.append(request)
        return Response(200)

    fields = (("Accept", "a"), ("X-Group", "one"), ("x-group", "two"), ("X-Name", "ü"))
    await transport(handle).send(Request("POST", "/a%20b?c=d%26", fields, b"body"))

    (request,) = seen
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a b", "c=d%26", b"body")
    assert request.headers == {b"accept": b"a", b"x-group": b"one, two", b"x-name": "ü".encode()}
    assert (request.connection.certificate, request.connection.secure) == (IDENTITY, True)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Request("GET", "/" + "x" * 100), 414),
        (Request("POST", "/x", (), b"x" * 101), 413),
        (Request("TRACE", "/x"), 405),
        (Request("GET", "/a/../b"), 400),
        (Request("GET", "/a%2Fb"), 400),
        (Request("GET", "/a\nb"), 400),
        (Request("GET", "x"), 400),
        (Request("GET", "/x", (("A", "b\r\nC: d"),)), 400),
        (Request("GET", "/x", (("Authorization", "a"), ("Authorization", "b"))), 400),
    ],
)
async def test_what_a_socket_would_refuse_is_refused(request_: Request, status: int) -> None:
    def handle(request: ServerRequest) -> Answer:
        pytest.fail("the handler is not asked")

    reply = await transport(handle, target_bytes=100, body_bytes=100).send(request_)
    assert reply.status == status
    assert ("content-type", "application/json") in reply.headers


def raising(error: Exception) -> Handler:
    def handle(request: ServerRequest) -> Answer:
        raise error

    return handle


def raising_later(error: Exception) -> Handler:
    async def handle(request: ServerRequest) -> Answer:
        await asyncio.sleep(0)
        raise error

    return handle


@pytest.mark.parametrize("handler", [raising, raising_later])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (service_unavailable("later"), 503),
        (StoreClosed("gone"), 503),
        (ZeroDivisionError("secret"), 500),
        (TimeoutError("secret"), 500),
    ],
)
async def test_a_handler_that_fails_is_answered_as_over_http(
    handler: Callable[[Exception], Handler], error: Exception, status: int
) -> None:
    reply = await transport(handler(error)).send(GET)
    assert reply.status == status
    assert b"secret" not in await reply.read()


async def test_an_answer_that_would_break_its_header_is_a_failure() -> None:
    reply = await transport(lambda _: Response(200, headers=((b"a", b"b\r\nc: d"),))).send(GET)
    assert reply.status == 500


async def test_a_handler_that_takes_too_long_is_a_timeout() -> None:
    cancelled = asyncio.Event()

    async def handle(request: ServerRequest) -> Answer:
        try:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
        finally:
            cancelled.set()

    reply = await transport(handle, request_seconds=0.01).send(GET)
    assert reply.status == 504
    assert cancelled.is_set()


async def test_cancelling_a_request_cancels_its_handler() -> None:
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def handle(request: ServerRequest) -> Answer:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    sending = asyncio.ensure_future(transport(handle).send(GET))
    await began.wait()
    sending.cancel()
    await asyncio.wait([sending])
    assert sending.cancelled()
    assert cancelled.is_set()


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        ("GET", Response(200, b"body"), b"body"),
        ("GET", Response(200, [b"a", b"b", b"c"]), b"abc"),
        ("GET", Response(200, [b"x" * 3_000_000, b"y"]), b"x" * 3_000_000 + b"y"),
        ("GET", Response(200), b""),
        ("HEAD", Response(200, b"body"), b""),
        ("GET", Response(204, b"body"), b""),
    ],
)
async def test_whole_bodies(method: str, answer: Response, body: bytes) -> None:
    reply = await transport(lambda _: answer).send(Request(method, "/x"))
    assert await reply.read() == body
    assert b"".join(await pieces(reply)) == body
    await reply.close()


async def test_requests_in_a_row_let_others_have_their_turn() -> None:
    sender = transport(lambda _: Response(200))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.ensure_future(other())
    for _ in range(1000):
        await sender.send(GET)
    beside.cancel()
    assert turns >= 30


# Streams.


def streaming(run: Callable[[StreamWriter], object]) -> Handler:
    async def write(writer: StreamWriter) -> None:
        run(writer)

    return lambda _: Stream(write)


def endless(began: list[StreamWriter]) -> Handler:
    async def run(writer: StreamWriter) -> None:
        began.append(writer)
        await asyncio.Event().wait()

    return lambda _: Stream(run)


async def opened(**limits: float) -> tuple[Reply, StreamWriter]:
    """A stream that goes on, and the end that its server writes to."""
    began: list[StreamWriter] = []
    reply = await transport(endless(began), **limits).send(GET)
    await asyncio.sleep(0)
    return reply, began[0]


def send_two(writer: StreamWriter) -> None:
    writer.send(Frame(b"one"))
    writer.send(Frame(b""))
    writer.send(Frame(b"two"))


async def test_frames_that_wait_come_together_and_the_end_is_no_error() -> None:
    sender = transport(streaming(send_two))
    assert await pieces(await sender.send(GET)) == [b"onetwo"]
    assert await (await sender.send(GET)).read() == b"onetwo"
    assert await (await sender.send(Request("HEAD", "/x"))).read() == b""


async def test_buffered_is_what_the_reader_has_not_taken() -> None:
    reply, writer = await opened()
    chunks = reply.chunks()
    writer.send(Frame(b"12345"))
    writer.send(Frame(b"678"))
    assert writer.buffered == 8
    assert await anext(chunks) == b"12345678"
    assert writer.buffered == 0
    await reply.close()


async def test_a_reader_that_is_too_slow_is_cut() -> None:
    reply, writer = await opened(stream_bytes=10)
    writer.send(Frame(b"x" * 10))
    assert not writer.closed
    writer.send(Frame(b"x"))
    assert (writer.closed, writer.buffered) == (True, 0)
    with pytest.raises(ConnectionLost, match="the server cut the stream"):
        await anext(reply.chunks())
    await reply.close()


async def test_what_is_sent_after_the_end_goes_nowhere() -> None:
    reply, writer = await opened()
    await reply.close()
    await reply.close()
    assert writer.closed
    writer.send(Frame(b"late"))
    assert writer.buffered == 0


async def test_closing_cancels_the_stream_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    reply, _ = await opened()
    assert asyncio.all_tasks() != before
    await reply.close()
    assert asyncio.all_tasks() == before


async def test_a_stream_closed_before_it_began_ends_too() -> None:
    before = asyncio.all_tasks()
    reply = await transport(endless([])).send(GET)
    reader = asyncio.ensure_future(anext(reply.chunks()))
    await reply.close()
    await asyncio.wait([reader])
    assert isinstance(reader.exception(), ConnectionLost)
    assert asyncio.all_tasks() == before


async def test_a_stream_that_fails_is_cut_and_only_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    def fail(writer: StreamWriter) -> None:
        writer.send(Frame(b"before"))
        raise ZeroDivisionError("secret")

    reply = await transport(streaming(fail)).send(Request("GET", "/x?y=z"))
    chunks = reply.chunks()
    assert await anext(chunks) == b"before"
    with pytest.raises(ConnectionLost) as caught:
        await anext(chunks)
    await reply.close()
    assert "secret" not in str(caught.value)
    assert "GET /x: the answer was cut" in caplog.text


async def test_a_server_that_aborts_cancels_its_stream() -> None:
    before = asyncio.all_tasks()
    reply, writer = await opened()
    reader = asyncio.ensure_future(anext(reply.chunks()))
    await asyncio.sleep(0)
    writer.abort()
    await asyncio.wait([reader])
    assert isinstance(reader.exception(), ConnectionLost)
    await reply.close()
    assert asyncio.all_tasks() == before
