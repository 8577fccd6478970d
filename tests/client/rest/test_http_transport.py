"""Requests over HTTP as servers see them, and what goes wrong on the way."""

import asyncio
import base64
import gzip
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from tests.client.config.certificates import Pair, issue
from tests.client.rest.scripted_server import CHUNKED_HEAD, Answer, Cut, ScriptedServer, Silence, answer, chunk

from steersman.client.config import ClientCertificate, Config, Headers, TlsConfig
from steersman.client.rest.http_transport import HttpTransport
from steersman.client.rest.tcp import open_socket
from steersman.client.transport import ConnectionLost, Request, TransportError

GET = Request("GET", "/version")


async def read(transport: HttpTransport, request: Request = GET) -> bytes:
    reply = await transport.send(request)
    try:
        return await reply.read()
    finally:
        await reply.close()


async def read_pieces(transport: HttpTransport, request: Request = GET) -> bytes:
    reply = await transport.send(request)
    try:
        return b"".join([piece async for piece in reply.chunks()])
    finally:
        await reply.close()


READERS = pytest.mark.parametrize("reader", [read, read_pieces])


async def test_a_request_is_sent_as_it_is() -> None:
    target, body = "/api/v1/namespaces/a%20b/pods?labelSelector=a%3Db%2Cc&x=%2F", b'{"a": 1}'
    fields = (("Accept", "application/json"), ("X-Twice", "1"), ("X-Twice", "2"), ("X-Name", "für"))
    async with ScriptedServer([answer(201, b"made", "X-Twice: 3", "X-Twice: 4")]) as server:
        transport = HttpTransport(Config(f"{server.url}/some/base/"))
        reply = await transport.send(Request("POST", target, fields, body))
        assert (reply.status, await reply.read()) == (201, b"made")
        assert [value for name, value in reply.headers if name == "x-twice"] == ["3", "4"]
        await transport.close()

    (request,) = server.received
    assert (request.method, request.target, request.body) == ("POST", f"/some/base{target}", body)
    sent = [(name, value) for name, value in request.fields if name not in ("host", "content-length")]
    assert sent == [(name.lower(), value) for name, value in fields]


async def test_connections_are_used_again_and_as_many_as_are_needed() -> None:
    async with ScriptedServer([answer(200), answer(200), answer(200), CHUNKED_HEAD]) as server:
        transport = HttpTransport(Config(server.url))
        for _ in range(3):
            await read(transport)
        assert server.connections == 1
        replies = [await transport.send(GET) for _ in range(150)]
        assert server.connections == 150
        for reply in replies:
            await reply.close()
        await transport.close()


async def test_a_user_in_the_url_is_sent_unless_there_are_credentials() -> None:
    async with ScriptedServer([answer(200)]) as server:
        transport = HttpTransport(Config(server.url.replace("://", "://me:p%40ss@")))
        await read(transport)
        await read(transport, Request("GET", "/", (("Authorization", "Bearer token"),)))
        await transport.close()

    first, second = (request.values("authorization") for request in server.received)
    assert first == [f"Basic {base64.b64encode(b'me:p@ss').decode()}"]
    assert second == ["Bearer token"]


async def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    moved = answer(307, b"", "Location: http://127.0.0.1:1/", "Set-Cookie: a=b")
    async with ScriptedServer([moved]) as server:
        # By name: cookies of bare addresses are not kept anyway.
        transport = HttpTransport(Config(f"http://localhost:{server.port}"))
        for _ in range(2):
            reply = await transport.send(GET)
            assert reply.status == 307
            await reply.read()
        await transport.close()
    assert [request.values("cookie") for request in server.received] == [[], []]


@READERS
@pytest.mark.parametrize("size", [0, 1, 100, 3 << 20])
async def test_bodies_of_each_framing_are_the_same(reader: Callable[..., object], size: int) -> None:
    body = bytes(range(256)) * (size // 256) if size > 256 else b"x" * size
    packed = gzip.compress(body, 1)
    chunks = b"".join(chunk(body[at : at + 70_000]) for at in range(0, size, 70_000))
    plain_head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    framings: list[Answer] = [
        answer(200, body),
        CHUNKED_HEAD + chunks + b"0\r\n\r\n",
        answer(200, packed, "Content-Encoding: gzip"),
        Cut(plain_head + body),
    ]
    async with ScriptedServer(framings) as server:
        transport = HttpTransport(Config(server.url))
        for _ in framings:
            assert await (read if reader is read else read_pieces)(transport) == body
        await transport.close()


@READERS
@pytest.mark.parametrize(
    "cut",
    [
        Cut(answer(200, b"x" * 100)[:-1]),
        Cut(CHUNKED_HEAD + chunk(b"whole")),
        Cut(CHUNKED_HEAD + b"64\r\npart"),
        Cut(answer(200, gzip.compress(b"x" * 100)[:-9], "Content-Encoding: gzip")),
        Cut(answer(200, b"this is no gzip", "Content-Encoding: gzip")),
    ],
)
async def test_a_body_that_is_cut_is_told(reader: Callable[..., object], cut: Cut) -> None:
    async with ScriptedServer([cut]) as server:
        transport = HttpTransport(Config(server.url))
        with pytest.raises(ConnectionLost, match=rf"^127\.0\.0\.1:{server.port}: "):
            await (read if reader is read else read_pieces)(transport)
        await transport.close()


async def test_what_was_read_of_a_stream_before_the_cut_is_kept() -> None:
    async with ScriptedServer([Cut(CHUNKED_HEAD + chunk(b"one\n") + chunk(b"two\n"))]) as server:
        transport = HttpTransport(Config(server.url))
        reply = await transport.send(GET)
        chunks, seen = reply.chunks(), b""
        while len(seen) < 8:
            seen += await anext(chunks)
        with pytest.raises(ConnectionLost):
            await anext(chunks)
        await reply.close()
        await transport.close()
    assert seen == b"one\ntwo\n"


async def test_a_large_body_is_sent_whole() -> None:
    body = bytes(range(256)) * 20_000
    async with ScriptedServer([answer(200)]) as server:
        transport = HttpTransport(Config(server.url))
        await read(transport, Request("PUT", "/", (("Content-Type", "text/plain"),), body))
        await transport.close()
    assert server.received[0].body == body
    assert server.received[0].values("content-type") == ["text/plain"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_connection_closed_without_an_answer_is_lost_and_a_write_is_sent_once(method: str) -> None:
    async with ScriptedServer([answer(200), Cut()]) as server:
        transport = HttpTransport(Config(server.url))
        await read(transport)
        with pytest.raises(ConnectionLost, match=rf"^127\.0\.0\.1:{server.port}: "):
            await transport.send(Request(method, "/", (), b"" if method == "GET" else b"{}"))
        await transport.close()
    assert [request.method for request in server.received] == ["GET", method]


async def test_closing_a_reply_that_is_not_read_cuts_its_connection_only() -> None:
    endless = CHUNKED_HEAD + chunk(b"event\n")
    async with ScriptedServer([endless, endless, answer(200, b"next")]) as server:
        transport = HttpTransport(Config(server.url))
        first, second = await transport.send(GET), await transport.send(GET)
        assert await anext(first.chunks()) == b"event\n"
        await first.close()
        await first.close()
        assert await anext(second.chunks()) == b"event\n"
        assert await read(transport) == b"next"
        await second.close()
        await transport.close()


async def test_after_closing_there_are_no_requests() -> None:
    async with ScriptedServer([answer(200)]) as server:
        transport = HttpTransport(Config(server.url))
        await read(transport)
        await transport.close()
        await transport.close()
        with pytest.raises(TransportError, match="has been closed"):
            await transport.send(GET)


async def test_a_stream_under_way_ends_when_the_client_closes() -> None:
    async with ScriptedServer([CHUNKED_HEAD + chunk(b"event\n")]) as server:
        transport = HttpTransport(Config(server.url))
        reply = await transport.send(GET)
        chunks = reply.chunks()
        await anext(chunks)
        waiting = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0)
        await transport.close()
        with pytest.raises(ConnectionLost):
            await waiting
        await reply.close()


# TLS.


async def test_the_server_name_is_sent_and_checked(secure_server: ScriptedServer, trust: TlsConfig) -> None:
    asked: list[str | None] = []
    assert secure_server.context is not None
    secure_server.context.sni_callback = lambda _socket, name, _context: asked.append(name)
    transport = HttpTransport(Config(secure_server.url, tls=replace(trust, server_name="api.example")))
    assert await read(transport) == b"secure"
    await transport.close()
    secure_server.context.sni_callback = None
    assert asked == ["api.example"]


async def test_a_certificate_for_another_name_says_what_to_do(secure_server: ScriptedServer, trust: TlsConfig) -> None:
    transport = HttpTransport(Config(secure_server.url, tls=trust))
    with pytest.raises(TransportError, match=r"is for another name: .*tls-server-name in a kubeconfig") as caught:
        await transport.send(GET)
    await transport.close()
    assert str(caught.value).startswith(f"127.0.0.1:{secure_server.port}: ")
    assert "\n" not in str(caught.value)


async def test_a_certificate_of_a_stranger_says_what_to_do(secure_server: ScriptedServer) -> None:
    stranger = TlsConfig(ca_data=issue("stranger", is_ca=True).cert_pem, server_name="api.example")
    transport = HttpTransport(Config(secure_server.url, tls=stranger))
    with pytest.raises(TransportError, match=r"not trusted: .*certificate-authority in a kubeconfig") as caught:
        await transport.send(GET)
    await transport.close()
    assert not isinstance(caught.value, ConnectionLost)


async def test_verification_can_be_skipped(secure_server: ScriptedServer) -> None:
    transport = HttpTransport(Config(secure_server.url, tls=TlsConfig(insecure_skip_verify=True)))
    assert await read(transport) == b"secure"
    await transport.close()


def refuse_one(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Handshakes with one client, as far as it goes; unlike asyncio's server it tells the client why it gives up."""
    accepted, _ = listener.accept()
    # A socket closed before it has been read to its end resets the connection, and the client may miss the reason.
    with accepted.dup() as held:
        with accepted, suppress(ssl.SSLError):
            context.wrap_socket(accepted, server_side=True)
        while held.recv(1 << 16):
            continue


async def test_a_server_that_wants_a_certificate_says_so(server_context: ssl.SSLContext, trust: TlsConfig) -> None:
    server_context.verify_mode = ssl.CERT_REQUIRED
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"https://127.0.0.1:{listener.getsockname()[1]}"
            refusal = asyncio.ensure_future(asyncio.to_thread(refuse_one, listener, server_context))
            transport = HttpTransport(Config(url, tls=replace(trust, server_name="api.example")))
            with pytest.raises(TransportError, match="the server demands a client certificate"):
                await transport.send(GET)
            await refusal
            await transport.close()
    finally:
        server_context.verify_mode = ssl.CERT_OPTIONAL


class RotatingCertificate:
    """Credentials whose certificate a test replaces."""

    def __init__(self, *pairs: Pair) -> None:
        self._certificates = [ClientCertificate(pair.cert_pem, pair.key_pem) for pair in pairs]
        self.client_certificate: ClientCertificate | None = self._certificates.pop(0)

    def rotate(self) -> None:
        self.client_certificate = self._certificates.pop(0)

    async def headers(self) -> Headers:
        return {}

    async def refresh(self, rejected: Headers) -> bool:
        return False


async def test_new_requests_show_the_new_certificate_and_old_streams_go_on(
    server_context: ssl.SSLContext, authority: Pair, trust: TlsConfig
) -> None:
    credentials = RotatingCertificate(issue("first", authority), issue("second", authority))
    config = Config("https://unused", tls=replace(trust, server_name="api.example"), credentials=credentials)
    answers = [CHUNKED_HEAD + chunk(b"event\n"), answer(200)]
    async with ScriptedServer(answers, server_context) as server:
        transport = HttpTransport(replace(config, server=server.url))
        stream = await transport.send(GET)
        events = stream.chunks()
        assert await anext(events) == b"event\n"
        await read(transport)
        credentials.rotate()
        await read(transport)
        await read(transport)
        assert [request.connection for request in server.received] == [0, 1, 2, 2]
        server.push(0, chunk(b"another\n"))
        assert await anext(events) == b"another\n"
        await stream.close()
        await server.until_open({2})
        await transport.close()


async def test_old_connections_end_when_the_last_request_over_them_is_given_up(
    server_context: ssl.SSLContext, authority: Pair, trust: TlsConfig
) -> None:
    credentials = RotatingCertificate(issue("first", authority), issue("second", authority))
    config = Config("https://unused", tls=replace(trust, server_name="api.example"), credentials=credentials)
    async with ScriptedServer([Silence(), answer(200)], server_context) as server:
        transport = HttpTransport(replace(config, server=server.url))
        unanswered = asyncio.ensure_future(transport.send(GET))
        await server.asked.wait()
        await read(transport)
        credentials.rotate()
        await read(transport)
        assert server.open == {0, 1, 2}
        unanswered.cancel()
        await server.until_open({2})
        await transport.close()


# Failures before there is a connection.


async def test_a_server_that_is_not_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        transport = HttpTransport(Config(f"http://127.0.0.1:{port}"))
        with pytest.raises(
            TransportError, match=rf"^127\.0\.0\.1:{port}: cannot connect: Connection refused$"
        ) as caught:
            await transport.send(GET)
        await transport.close()
    assert not isinstance(caught.value, ConnectionLost)


async def test_a_name_that_nobody_knows() -> None:
    transport = HttpTransport(Config("https://user:secret@nobody.invalid:6443"))
    with pytest.raises(TransportError, match=r"^nobody\.invalid:6443: .*cannot be resolved$"):
        await transport.send(GET)
    await transport.close()


async def test_a_server_without_tls_says_so(trust: TlsConfig) -> None:
    async with ScriptedServer([answer(400)]) as server:
        plain = await asyncio.start_server(_greet, "127.0.0.1", 0)
        port = plain.sockets[0].getsockname()[1]
        transport = HttpTransport(Config(f"https://127.0.0.1:{port}", tls=trust))
        with pytest.raises(TransportError, match="the server does not speak TLS"):
            await transport.send(GET)
        await transport.close()
        plain.close()
    assert server.received == []


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def test_an_answer_that_is_not_http() -> None:
    async with ScriptedServer([Cut(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")]) as server:
        transport = HttpTransport(Config(server.url))
        with pytest.raises(TransportError, match=rf"^127\.0\.0\.1:{server.port}: its answer is not HTTP/1.1") as caught:
            await transport.send(GET)
        await transport.close()
    assert "\n" not in str(caught.value)


def test_sockets_notice_a_peer_that_is_gone() -> None:
    with open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ())) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


async def test_cancelling_at_any_point_leaves_the_transport_usable() -> None:
    async with ScriptedServer([answer(200, b"ok")]) as server:
        transport = HttpTransport(Config(server.url))
        for steps in count():
            task = asyncio.ensure_future(read(transport))
            for _ in range(steps):
                await asyncio.sleep(0)
            if task.done():
                break
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() or task.result() == b"ok"
        assert await read(transport) == b"ok"
        await transport.close()
