"""The contract for malformed requests, over every face: refused with a Status, and never seen by the handler."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from steersman.apiserver.http.asgi import AsgiApp
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Request, Response

LIMITS: dict[str, int] = {"header_bytes": 20_000, "header_count": 20, "target_bytes": 2_000, "body_bytes": 5_000}
HOST = (b"host", b"localhost")


@dataclass(frozen=True)
class Malformed:
    """``raw`` goes over a socket; ``scope`` and ``body`` are as bad for ASGI, where it has the concept."""

    name: str
    raw: bytes
    scope: dict[str, Any] | None = None
    body: tuple[bytes, ...] = (b"",)
    code: int = 400


def get(target: bytes, fields: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n"


def post(fields: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n" + body


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked\r\n", body)


def target(name: str, value: bytes, code: int = 400) -> Malformed:
    path, _, query = value.partition(b"?")
    return Malformed(name, get(value), {"raw_path": path, "query_string": query}, code=code)


def fields(name: str, *pairs: tuple[bytes, bytes], code: int = 400) -> Malformed:
    raw = b"".join(field + b": " + value + b"\r\n" for field, value in pairs)
    return Malformed(name, post(raw, b"0\r\n\r\n"), {"method": "POST", "headers": [HOST, *pairs]}, code=code)


CASES = [
    # Where a body ends.
    fields("length and coding", (b"content-length", b"5"), (b"transfer-encoding", b"chunked")),
    fields("coding and length", (b"transfer-encoding", b"chunked"), (b"content-length", b"5")),
    fields("two lengths", (b"content-length", b"5"), (b"content-length", b"6")),
    fields("the same length twice", (b"content-length", b"5"), (b"content-length", b"5")),
    fields("list of lengths", (b"content-length", b"5, 5")),
    fields("length with plus", (b"content-length", b"+5")),
    fields("length with minus", (b"content-length", b"-5")),
    fields("length with space", (b"content-length", b"5 5")),
    fields("length in hexadecimal", (b"content-length", b"0x5")),
    fields("length with underscore", (b"content-length", b"1_0")),
    fields("length in other digits", (b"content-length", "٥".encode())),
    fields("empty length", (b"content-length", b"")),
    fields("length too long to be one", (b"content-length", b"9" * 5_000)),
    fields("coding gzip, chunked", (b"transfer-encoding", b"gzip, chunked")),
    fields("coding chunked, identity", (b"transfer-encoding", b"chunked, identity")),
    fields("coding identity", (b"transfer-encoding", b"identity")),
    fields("coding xchunked", (b"transfer-encoding", b"xchunked")),
    fields("coding quoted", (b"transfer-encoding", b'"chunked"')),
    fields("coding with vertical tab", (b"transfer-encoding", b"\x0bchunked")),
    fields("coding twice", (b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")),
    Malformed("coding in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Malformed("upgrade with a body", post(b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 3\r\n", b"abc")),
    # Chunks.
    Malformed("chunk size with sign", chunked(b"+3\r\nabc\r\n0\r\n\r\n")),
    Malformed("chunk size negative", chunked(b"-3\r\nabc\r\n0\r\n\r\n")),
    Malformed("chunk size with prefix", chunked(b"0x3\r\nabc\r\n0\r\n\r\n")),
    Malformed("chunk size with space before", chunked(b" 3\r\nabc\r\n0\r\n\r\n")),
    Malformed("chunk size with space after", chunked(b"3 \r\nabc\r\n0\r\n\r\n")),
    Malformed("chunk size missing", chunked(b"\r\nabc\r\n0\r\n\r\n")),
    Malformed("chunk size too large", chunked(b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n")),
    Malformed("chunk ends with bare LF", chunked(b"3\nabc\n0\n\n")),
    Malformed("chunk longer than its size", chunked(b"3\r\nabcd\r\n0\r\n\r\n")),
    Malformed("chunk extension with a line feed", chunked(b'3;a="\n"\r\nabc\r\n0\r\n\r\n')),
    Malformed("chunk extension without end", chunked(b"3;" + b"a" * 200_000)),
    Malformed("trailer without end", chunked(b"0\r\nX: " + b"a" * 200_000)),
    Malformed("trailer with control byte", chunked(b"0\r\nX: a\x00\r\n\r\n")),
    # Header fields.
    Malformed("folded field", get(b"/", b"X: a\r\n b\r\n")),
    Malformed("folded first field", b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"),
    Malformed(
        "space before colon", get(b"/", b"X : a\r\n"), {"headers": [HOST, (b"x ", b"a")]}
    ),
    Malformed("space in name", get(b"/", b"X Y: a\r\n"), {"headers": [HOST, (b"x y", b"a")]}),
    Malformed("empty name", get(b"/", b": a\r\n"), {"headers": [HOST, (b"", b"a")]}),
    Malformed("no colon", get(b"/", b"X\r\n")),
    Malformed("separator in name", get(b"/", b"X(Y): a\r\n"), {"headers": [HOST, (b"x(y)", b"a")]}),
    Malformed("name beyond ASCII", get(b"/", b"X\xe4: a\r\n"), {"headers": [HOST, (b"x\xe4", b"a")]}),
    fields("CR in value", (b"x", b"a\rb")),
    fields("CR and CR in value", (b"x", b"a\r\rb")),
    Malformed("LF in value", get(b"/", b"X: a\nb\r\n"), {"headers": [HOST, (b"x", b"a\nb")]}),
    fields("NUL in value", (b"x", b"a\x00b")),
    fields("control byte in value", (b"x", b"a\x01b")),
    fields("DEL in value", (b"x", b"a\x7fb")),
    Malformed("bare LF lines", b"GET / HTTP/1.1\nHost: localhost\n\n"),
    Malformed("no host", b"GET / HTTP/1.1\r\n\r\n", {"headers": []}),
    Malformed("two hosts", get(b"/", b"Host: localhost\r\n"), {"headers": [HOST, HOST]}),
    Malformed("host with path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", {"headers": [(b"host", b"a/b")]}),
    Malformed("host with user", b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", {"headers": [(b"host", b"a@b")]}),
    Malformed("host list", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", {"headers": [(b"host", b"a, b")]}),
    fields("two authorizations", (b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")),
    # The target.
    target("bad escape", b"/a%zz"),
    target("cut escape", b"/a%2"),
    target("escaped slash", b"/api%2Fv1"),
    target("escaped slash in lower case", b"/api%2fv1"),
    target("escaped NUL", b"/a%00"),
    target("escaped line feed", b"/a%0a"),
    target("escape that is not UTF-8", b"/a%ff"),
    target("overlong slash", b"/a%c0%af"),
    target("dot segment", b"/a/../b"),
    target("dot segment at the end", b"/a/.."),
    target("single dot segment", b"/a/./b"),
    target("escaped dot segment", b"/a/%2e%2e/b"),
    target("half escaped dot segment", b"/a/.%2E/b"),
    target("NUL in target", b"/a\x00"),
    target("control byte in target", b"/a\x01"),
    target("control byte in query", b"/a?\x01"),
    target("byte beyond ASCII in target", b"/\xff"),
    target("byte beyond ASCII in query", b"/?\xff"),
    target("fragment", b"/a#b"),
    target("asterisk", b"*"),
    target("no leading slash", b"api"),
    target("other scheme", b"ftp://localhost/"),
    target("user in authority", b"http://a@localhost/"),
    Malformed("tab in target", get(b"/a\tb")),
    Malformed("space in target", get(b"/a b")),
    # The request line.
    Malformed("empty method", b" / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Malformed("unknown method", b"FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Malformed("method in lower case", b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Malformed("no version", b"GET /\r\n\r\n"),
    Malformed("HTTP/0.9", b"GET / HTTP/0.9\r\n\r\n"),
    Malformed("HTTP/1.2", b"GET / HTTP/1.2\r\nHost: localhost\r\n\r\n"),
    Malformed("HTTP/2.0", b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n"),
    Malformed("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Malformed("version in lower case", b"GET / http/1.1\r\nHost: localhost\r\n\r\n"),
    Malformed("space after version", b"GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n"),
    Malformed("RTSP", b"PLAY / RTSP/1.0\r\n\r\n", code=405),
    Malformed("Icecast", b"SOURCE / ICE/1.0\r\n\r\n", code=405),
    Malformed("TLS where none is spoken", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    Malformed("noise", bytes(range(256))),
    # What is well-formed, and still not served.
    Malformed("CONNECT", b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", {"method": "CONNECT"}, code=405),
    Malformed("TRACE", b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", {"method": "TRACE"}, code=405),
    Malformed("expectation", post(b"Content-Length: 3\r\nExpect: magic\r\n"), code=417),
    target("long target", b"/" + b"a" * 3_000, code=414),
    target("long query", b"/?" + b"a" * 3_000, code=414),
    fields("long header", (b"x", b"a" * 50_000), code=431),
    fields("many fields", *((b"x-%d" % number, b"") for number in range(30)), code=431),
    Malformed("head without end", b"GET / HTTP/1.1\r\nX: " + b"a" * 50_000, code=431),
    fields("length over the limit", (b"content-length", b"6000"), code=413),
    Malformed(
        "body over the limit", chunked(b"1770\r\n" + b"a" * 6000), {"method": "POST"}, (b"a" * 3000, b"a" * 3000), 413
    ),
]  # fmt: skip

OVER_ASGI = [case for case in CASES if case.scope is not None]


@pytest.fixture
def seen() -> list[Request]:
    return []


@pytest.fixture
def handler(seen: list[Request]) -> Callable[[Request], Response]:
    def record(request: Request) -> Response:
        seen.append(request)
        return Response(200, b"{}")

    return record


def check(code: int, body: bytes, case: Malformed) -> None:
    status = json.loads(body)
    assert (code, status["code"]) == (case.code, case.code), status
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert status["message"]
    assert status["reason"] == "BadRequest" or case.code != 400
    assert "Traceback" not in body.decode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_over_a_socket(serve: Any, handler: Any, seen: list[Request], case: Malformed) -> None:
    client = await (await serve(handler, **LIMITS)).connect()
    client.send(case.raw)

    answer = await client.answer()

    check(answer.status, answer.body, case)
    assert answer.headers["connection"] == "close"
    assert await client.end() == b""
    assert seen == []


@pytest.mark.parametrize("case", OVER_ASGI, ids=lambda case: case.name)
async def test_over_asgi(handler: Any, seen: list[Request], case: Malformed) -> None:
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/", "raw_path": b"/"}
    incoming = [
        {"type": "http.request", "body": part, "more_body": at < len(case.body)} for at, part in enumerate(case.body, 1)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    app = AsgiApp(handler, limits=Limits(**LIMITS))
    await app({**scope, "query_string": b"", "headers": [HOST], **(case.scope or {})}, receive, send)

    check(sent[0]["status"], b"".join(message["body"] for message in sent[1:]), case)
    assert seen == []


async def test_requests_before_the_malformed_one_are_answered(serve: Any, handler: Any, seen: list[Request]) -> None:
    client = await (await serve(handler)).connect()
    client.send(get(b"/one") + get(b"/two") + get(b"/..") + get(b"/three"))

    answers = [await client.answer() for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 400]
    assert await client.end() == b""
    assert [request.path for request in seen] == ["/one", "/two"]
