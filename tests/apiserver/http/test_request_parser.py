"""Bytes → requests, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Connection
from steersman.apiserver.http.request_parser import RequestParser

REQUESTS = (
    b"GET /api/v1/namespaces?limit=5 HTTP/1.1\r\nHost: localhost:6443\r\nAccept: a\r\nAccept: b \r\n\r\n"
    b"\r\nPOST /x%20y HTTP/1.1\r\nhost: localhost:6443\r\nContent-Length: 5\r\n\r\nhello"
    b"GET /upgrade HTTP/1.1\r\nHost: [::1]:6443\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    b"PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n"
    b"DELETE http://localhost/absolute?q HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"
)
EXPECTED = [
    ("GET", "/api/v1/namespaces", "limit=5", b"", True, True),
    ("POST", "/x y", "", b"hello", True, True),
    ("GET", "/upgrade", "", b"", True, True),
    ("PUT", "/", "", b"abcde", True, True),
    ("DELETE", "/absolute", "q", b"", False, True),
]


def parser_of(limits: Limits = Limits()) -> RequestParser:  # noqa: B008 (frozen)
    return RequestParser(Connection(), limits)


def parse(*parts: bytes) -> RequestParser:
    parser = parser_of()
    for part in parts:
        parser.feed(memoryview(part))
    return parser


def summary(parser: RequestParser) -> list[tuple[object, ...]]:
    return [(one.method, one.path, one.query, one.body, one.persistent, one.chunks) for one in parser.ready]


def test_requests_in_one_piece() -> None:
    parser = parse(REQUESTS)

    assert summary(parser) == EXPECTED
    assert parser.ready[0].headers == {b"host": b"localhost:6443", b"accept": b"a, b"}
    assert set(parser.ready[3].headers) == {b"host", b"transfer-encoding"}
    assert parser.ended
    assert not parser.midway


@given(st.lists(st.integers(1, len(REQUESTS) - 1), max_size=30))
def test_requests_in_any_pieces(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(REQUESTS)]

    parser = parse(*(REQUESTS[start:stop] for start, stop in pairwise(edges)))

    assert summary(parser) == EXPECTED


def test_requests_byte_by_byte() -> None:
    assert summary(parse(*(bytes((byte,)) for byte in REQUESTS))) == EXPECTED


def test_http_1_0_is_never_persistent() -> None:
    parser = parse(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    assert summary(parser) == [("GET", "/", "", b"", False, False)]


def test_where_it_stands() -> None:
    parser = parser_of()
    stands = []
    for part in (b"POST / HTTP/1.1\r\n", b"Host: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n", b"a", b"b"):
        parser.feed(memoryview(part))
        stands.append((parser.midway, parser.in_body, parser.expects_continue))

    assert stands == [(True, False, False), (True, True, True), (True, True, False), (False, False, False)]


def refusal(limits: Limits, *parts: bytes) -> int:
    parser = parser_of(limits)
    with pytest.raises(ApiError) as refused:  # noqa: PT012
        for part in parts:
            parser.feed(memoryview(part))
    assert parser.ended
    parser.feed(memoryview(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    assert not parser.ready
    return refused.value.code


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_field_that_goes_on_is_bounded() -> None:
    parts = [b"GET / HTTP/1.1\r\nX: ", *[b"a" * 100] * 20]

    assert refusal(Limits(header_bytes=1_000), *parts) == 431


def test_header_bytes_are_those_of_one_request() -> None:
    request = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 600 + b"\r\n\r\n"
    parser = parser_of(Limits(header_bytes=1_000))
    for _ in range(10):
        parser.feed(memoryview(request[:400]))
        parser.feed(memoryview(request[400:]))

    assert len(parser.ready) == 10


@pytest.mark.parametrize(
    "parts",
    [
        [HEAD, b"3;", *[b"a" * 1000] * 100],
        [HEAD, *[b"1;" + b"a" * 1000 + b"\r\nb\r\n"] * 100],
        [HEAD, b"0\r\n", *[b"X: " + b"a" * 1000 + b"\r\n"] * 100],
    ],
    ids=["extension without end", "an extension with each chunk", "trailers"],
)
def test_what_surrounds_the_data_of_chunks_is_bounded(parts: list[bytes]) -> None:
    assert refusal(Limits(), *parts) == 400


def test_small_chunks_are_no_abuse() -> None:
    parser = parse(HEAD, *[b"1\r\nx\r\n"] * 50_000, b"0\r\n\r\n")

    assert parser.ready[0].body == b"x" * 50_000


@given(st.binary(max_size=400), st.sampled_from([b"", HEAD, b"GET / HTTP/1.1\r\nHost: a\r\n", b"GET /"]))
def test_noise_is_refused_or_read_but_raises_nothing_else(noise: bytes, before: bytes) -> None:
    parser = parser_of()
    code = None
    try:
        parser.feed(memoryview(before + noise))
    except ApiError as refused:
        code = refused.code
    assert code is None or (parser.ended and 400 <= code < 500)
