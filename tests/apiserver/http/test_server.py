"""The server over real sockets: what a well-behaved client, and one that leaves or is slow, gets."""

import asyncio
import socket
from collections.abc import Awaitable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from steersman.apimachinery.errors import service_unavailable
from steersman.apiserver.certificates import CertificatePaths
from steersman.apiserver.http.message import Connection, Request, Response, Stream
from steersman.apiserver.http.server import HttpServer

QUICK = {"resolution": 0.01}


def echo(request: Request) -> Response:
    return Response(200, b"%b %b" % (request.method.encode(), request.path.encode()) + b"?" + request.query.encode())


def echo_body(request: Request) -> Response:
    return Response(200, request.body)


async def test_answers_a_get(serve: Any) -> None:
    client = await (await serve(echo)).connect()
    client.get("/api/v1?watch=1")

    answer = await client.answer()

    assert (answer.status, answer.body) == (200, b"GET /api/v1?watch=1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache, private"
    assert parsedate_to_datetime(answer.headers["date"])
    assert "connection" not in answer.headers


async def test_the_connection_is_kept_and_is_one_object(serve: Any) -> None:
    connections: list[Connection] = []

    def handler(request: Request) -> Response:
        connections.append(request.connection)
        return Response(200)

    client = await (await serve(handler)).connect()
    for _ in range(3):
        client.get("/")
        await client.answer()

    assert len(connections) == 3
    assert len({id(connection) for connection in connections}) == 1
    assert connections[0].remote == "127.0.0.1"


async def test_pipelined_requests_are_answered_in_order_one_at_a_time(serve: Any) -> None:
    first, started = asyncio.Event(), []

    async def wait(request: Request) -> Response:
        await first.wait()
        return echo(request)

    def handler(request: Request) -> Response | Awaitable[Response]:
        started.append(request.path)
        return wait(request) if request.path == "/0" else echo(request)

    client = await (await serve(handler)).connect()
    for number in range(300):
        client.get(f"/{number}")
    other = await (await serve(handler)).connect()
    other.get("/other")
    await other.answer()
    client.get("/last")
    first.set()
    bodies = [(await client.answer()).body for _ in range(301)]

    assert started[:2] == ["/0", "/other"]
    assert bodies == [b"GET /%d?" % number for number in range(300)] + [b"GET /last?"]


async def test_connection_close_is_honoured_and_what_follows_ignored(serve: Any) -> None:
    client = await (await serve(echo)).connect()
    client.get("/1", "Connection: close")
    client.get("/2")

    answer = await client.answer()

    assert answer.headers["connection"] == "close"
    assert await client.end() == b""


@pytest.mark.parametrize(
    "head",
    [
        b"POST /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n",
        b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ],
)
async def test_who_asks_for_another_protocol_is_answered_in_this_one(serve: Any, head: bytes) -> None:
    client = await (await serve(echo)).connect()
    client.send(head)
    answer = await client.answer()
    client.get("/after")

    assert (answer.status, answer.body.partition(b" ")[2]) == (200, b"/exec?")
    assert (await client.answer()).body == b"GET /after?"


async def test_http_1_0_is_answered_and_closed(serve: Any) -> None:
    client = await (await serve(echo)).connect()
    client.send(b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    answer = await client.answer()

    assert (answer.status, answer.body, answer.headers["connection"]) == (200, b"GET /old?", "close")
    assert await client.end() == b""


async def test_head_has_the_length_and_no_body(serve: Any) -> None:
    client = await (await serve(lambda request: Response(200, [b"x" * 200_000, b"yz"]))).connect()
    client.get("/", method="HEAD")
    head = await client.answer("HEAD")
    client.get("/")
    full = await client.answer()

    assert head.headers["content-length"] == "200002"
    assert len(full.body) == 200_002


async def test_no_content_has_neither_body_nor_length(serve: Any) -> None:
    client = await (await serve(lambda request: Response(204))).connect()
    client.get("/")
    answer = await client.answer()
    client.get("/")

    assert "content-length" not in answer.headers
    assert (await client.answer()).status == 204


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (b"Content-Length: 5\r\n", b"hello"),
        (b"Content-Length:  5 \t\r\n", b"hello"),
        (b"Transfer-Encoding: chunked\r\n", b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: Chunked\r\n", b"2;name=value\r\nhe\r\n03\r\nllo\r\n0\r\nTrailer: x\r\nHost: y\r\n\r\n"),
    ],
)
async def test_bodies_are_read_whole(serve: Any, fields: bytes, body: bytes) -> None:
    client = await (await serve(echo_body)).connect()
    for _ in range(2):
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n" + body)
        assert (await client.answer()).body == b"hello"


async def test_a_body_as_large_as_the_limit_is_read(serve: Any) -> None:
    body = bytes(range(256)) * (3 << 12)
    client = await (await serve(echo_body)).connect()
    client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    assert (await client.answer()).body == body


async def test_trailers_do_not_become_header_fields(serve: Any) -> None:
    client = await (await serve(lambda request: Response(200, repr(sorted(request.headers)).encode()))).connect()
    client.send(
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
    )

    assert (await client.answer()).body == b"[b'host', b'transfer-encoding']"


async def test_repeated_fields_are_joined(serve: Any) -> None:
    client = await (await serve(lambda request: Response(200, request.headers[b"accept"]))).connect()
    client.get("/", "Accept: text/plain", "aCCEPT:application/json  ")

    assert (await client.answer()).body == b"text/plain, application/json"


async def test_a_client_that_expects_continue_gets_it(serve: Any) -> None:
    client = await (await serve(echo_body)).connect()
    client.get("/", "Content-Length: 5", "Expect: 100-continue", method="POST")
    interim = await client.answer()
    client.send(b"hello")

    assert interim.status == 100
    assert (await client.answer()).body == b"hello"


async def test_continue_waits_for_the_answers_before(serve: Any) -> None:
    release = asyncio.Event()

    async def handler(request: Request) -> Response:
        await release.wait()
        return echo_body(request)

    client = await (await serve(handler)).connect()
    client.get("/", "Content-Length: 5", method="POST")
    client.send(b"first")
    client.get("/", "Content-Length: 6", "Expect: 100-continue", method="POST")
    release.set()
    first, interim = await client.answer(), await client.answer()
    client.send(b"second")

    assert (first.body, interim.status) == (b"first", 100)
    assert (await client.answer()).body == b"second"


async def test_a_body_too_large_is_refused_before_it_is_sent(serve: Any) -> None:
    client = await (await serve(echo_body, body_bytes=4)).connect()
    client.get("/", "Content-Length: 5", "Expect: 100-continue", method="POST")

    assert (await client.answer()).status == 413
    assert await client.end() == b""


@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
async def test_upgrades_are_ignored(serve: Any, upgrade: str) -> None:
    client = await (await serve(echo)).connect()
    client.get("/1", f"Upgrade: {upgrade}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__")
    client.get("/2")

    assert [(await client.answer()).body for _ in range(2)] == [b"GET /1?", b"GET /2?"]


# Failures.


async def test_an_api_error_is_its_status(serve: Any) -> None:
    def handler(request: Request) -> Response:
        raise service_unavailable("slow down", 7)

    client = await (await serve(handler)).connect()
    client.get("/")
    answer = await client.answer()

    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert b'"reason":"ServiceUnavailable"' in answer.body


def fails(request: Request) -> Response:
    raise KeyError("secret")


async def fails_later(request: Request) -> Response:
    await asyncio.sleep(0)
    raise KeyError("secret")


def unfit(request: Request) -> Response:
    return Response(200, headers=((b"X", b"secret\r\nSet-Cookie: a=b"),))


async def unfit_later(request: Request) -> Stream:
    return Stream(asyncio.sleep, content_type=b"secret\n")  # type: ignore[arg-type]


@pytest.mark.parametrize("handler", [fails, fails_later, unfit, unfit_later])
async def test_a_defect_is_logged_and_tells_the_client_nothing(
    serve: Any, handler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = await (await serve(handler)).connect()
    client.get("/path")
    answer = await client.answer()

    assert answer.status == 500
    assert b"InternalError" in answer.body
    assert b"secret" not in answer.body
    record = next(record for record in caplog.records if record.name.startswith("steersman"))
    assert record.exc_info
    assert "GET /path failed" in record.message
    client.get("/path")
    assert (await client.answer()).status == 500


async def test_a_handler_that_is_cancelled_gives_no_answer(serve: Any) -> None:
    async def handler(request: Request) -> Response:
        raise asyncio.CancelledError

    client = await (await serve(handler)).connect()
    client.get("/")

    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()


# Time.


async def test_the_deadline_passes(serve: Any) -> None:
    cancelled = asyncio.Event()

    async def slow(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    def handler(request: Request) -> Any:
        return slow(request) if request.path == "/slow" else echo(request)

    client = await (await serve(handler, request_seconds=0.03, **QUICK)).connect()
    client.get("/slow")
    client.get("/next")
    answer = await client.answer()

    assert answer.status == 504
    assert b"Timeout: request did not complete within the allotted timeout" in answer.body
    assert (await client.answer()).body == b"GET /next?"
    await cancelled.wait()


async def test_an_answer_after_the_deadline_goes_nowhere(serve: Any) -> None:
    late = asyncio.Event()

    async def stubborn(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            late.set()
        return Response(200, b"late")

    def handler(request: Request) -> Any:
        return stubborn(request) if request.path == "/slow" else echo(request)

    client = await (await serve(handler, request_seconds=0.03, **QUICK)).connect()
    client.get("/slow")
    assert (await client.answer()).status == 504
    await late.wait()
    client.get("/next", "Connection: close")

    assert (await client.answer()).body == b"GET /next?"
    assert await client.end() == b""


async def test_an_idle_connection_is_closed(serve: Any) -> None:
    client = await (await serve(echo, idle_seconds=0.03, **QUICK)).connect()
    client.get("/")
    await client.answer()

    assert await client.end() == b""


@pytest.mark.parametrize(
    ("part", "what"),
    [
        (b"GET / HTTP/1.1\r\nHost:", b"head"),
        (b"G", b"head"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", b"body"),
    ],
)
async def test_a_request_must_arrive_in_time(serve: Any, part: bytes, what: bytes) -> None:
    client = await (await serve(echo, header_seconds=0.03, body_seconds=0.03, **QUICK)).connect()
    client.send(part)
    answer = await client.answer()

    assert answer.status == 408
    assert what in answer.body
    assert await client.end() == b""


async def test_a_client_that_takes_nothing_is_cut(serve: Any) -> None:
    body = [b"x" * 10_000] * 3_000
    serving = await serve(lambda request: Response(200, body), write_seconds=0.03, **QUICK)
    client = await serving.connect()
    client.get("/")
    await client.head()

    while serving.server.connections:
        await asyncio.sleep(0.01)

    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.reader.readexactly(30_000_000)


# TLS.


@pytest.fixture
def whoami() -> Any:
    return lambda request: Response(200, repr((request.connection.secure, request.connection.certificate)).encode())


@pytest.mark.parametrize("transport", ["tls"])
async def test_a_client_certificate_is_read_from_the_handshake(
    serve: Any, whoami: Any, certificates: CertificatePaths
) -> None:
    serving = await serve(whoami)
    serving.tls.load_cert_chain(certificates.admin, certificates.admin_key)
    client = await serving.connect()
    client.get("/")

    expected = b"(True, PeerCertificate(common_name='kubernetes-admin', organizations=('system:masters',)))"
    assert (await client.answer()).body == expected
    assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"


async def test_without_a_client_certificate_there_is_none(serve: Any, whoami: Any, transport: str) -> None:
    client = await (await serve(whoami)).connect()
    client.get("/")

    assert (await client.answer()).body == (b"(True, None)" if transport == "tls" else b"(False, None)")


# Listening.


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine cannot listen on both at once")
async def test_the_ipv6_wildcard_takes_ipv4_too(host: str) -> None:
    server = HttpServer(echo)
    bound, port = await server.listen("::", 0)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert bound == "::"
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.transport.abort()
    await server.drain(1)
