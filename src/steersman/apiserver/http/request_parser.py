"""Bytes of a connection → requests: llhttp (through httptools) in its strict mode, and the checks it leaves to us."""

from collections import deque

import httptools

from steersman.apimachinery.errors import ApiError, bad_request
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Connection, Request
from steersman.apiserver.http.request_head import (
    METHODS,
    add_field,
    body_too_large,
    check_framing,
    check_host,
    head_too_large,
    method_not_allowed,
    parse_target,
    target_too_long,
    too_many_fields,
)

# What a chunked body may have beside its data: so much for each chunk, and so much in all.
_CHUNK_OVERHEAD = 32
_BODY_OVERHEAD = 64 << 10


class ReceivedRequest(Request):
    """A request with what the framing of its answer depends on.

    ``persistent``: the client keeps the connection. ``chunks``: it understands chunked coding (HTTP/1.1).
    """

    __slots__ = ("chunks", "persistent")

    chunks: bool
    persistent: bool


class RequestParser:
    """``feed`` takes bytes; whole requests, in order, appear in ``ready``.

    ``midway`` is true while a request has begun and not ended, ``in_body`` while its body is awaited, and
    ``expects_continue`` when the client waits for 100 Continue before it sends that body. ``ended`` is true once no
    further request may come on this connection; what is fed then is dropped.
    """

    __slots__ = (
        "_body",
        "_chunks",
        "_connection",
        "_fields",
        "_head_size",
        "_host",
        "_limits",
        "_method",
        "_overhead",
        "_parser",
        "_path",
        "_persistent",
        "_query",
        "_target",
        "_version_1_1",
        "ended",
        "expects_continue",
        "in_body",
        "midway",
        "ready",
    )

    def __init__(self, connection: Connection, limits: Limits) -> None:
        self.ready: deque[ReceivedRequest] = deque()
        self.midway = self.in_body = self.expects_continue = self.ended = False
        self._connection, self._limits = connection, limits
        self._parser = httptools.HttpRequestParser(self)
        self._host: bytes | None = None
        self._method = self._path = self._query = ""
        self._version_1_1 = self._persistent = True
        self._reset()

    def _reset(self) -> None:
        self._target = b""
        self._fields: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._head_size = self._overhead = self._chunks = 0

    def feed(self, data: memoryview) -> None:
        """Raises :class:`ApiError` for what is no acceptable request; the connection is not usable after that."""
        if self.ended:
            return
        was_in_body = self.in_body
        self.midway = True
        try:
            self._execute(data)
            if self.midway:
                self._measure(len(data), was_in_body)
        except ApiError:
            self.ended = True
            raise

    def _execute(self, data: memoryview) -> None:
        while True:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                # A request to upgrade is answered as any other; what follows it is the next request.
                data = data[upgrade.args[0] :]
                if not data:
                    return
            except httptools.HttpParserCallbackError as error:
                if isinstance(error.__context__, ApiError):
                    raise error.__context__ from None
                raise
            except httptools.HttpParserError as error:
                if self.ended:
                    return  # bytes after the last request of the connection
                raise bad_request(f"malformed HTTP request: {error}") from None

    def _measure(self, size: int, was_in_body: bool) -> None:
        """Bounds what the parser holds back while a head, a chunk header or a trailer goes on."""
        if not self.in_body:
            self._head_size += size
            if self._head_size > self._limits.header_bytes:
                raise head_too_large(self._limits.header_bytes)
        elif was_in_body:
            self._overhead += size
            if self._overhead - len(self._body) > _BODY_OVERHEAD + _CHUNK_OVERHEAD * self._chunks:
                raise bad_request("the chunked body has too much beside its data")

    def on_url(self, part: bytes) -> None:
        self.midway = True
        self._target += part
        if len(self._target) > self._limits.target_bytes:
            raise target_too_long(self._limits.target_bytes)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_body:
            return  # a trailer: nothing here has a use for one
        fields = self._fields
        name = name.lower()
        if name in fields:
            add_field(fields, name, value.rstrip(b" \t"))
        else:
            fields[name] = value.rstrip(b" \t")
            if len(fields) > self._limits.header_count:
                raise too_many_fields(self._limits.header_count)

    def on_headers_complete(self) -> None:
        fields, parser = self._fields, self._parser
        method = METHODS.get(parser.get_method())
        if method is None:
            raise method_not_allowed(parser.get_method().decode())
        self._method = method
        self._persistent = parser.should_keep_alive()
        if self._persistent and b"connection" not in fields:
            self._version_1_1 = True  # keeping the connection is the default of this version alone
        else:
            self._check_version(parser.get_http_version())
        self._path, self._query = parse_target(self._target)
        host = fields.get(b"host")
        if host is None or host != self._host:
            self._check_host(host)
        if b"content-length" in fields or b"transfer-encoding" in fields or b"expect" in fields:
            self._begin_body(fields)
        self.in_body = True

    def _check_version(self, version: str) -> None:
        if version not in ("1.1", "1.0"):
            raise bad_request(f"HTTP/{version} is not served here, HTTP/1.1 is")
        self._version_1_1 = version == "1.1"
        self._persistent = self._persistent and self._version_1_1

    def _check_host(self, host: bytes | None) -> None:
        if host is not None:
            check_host(host)
            self._host = host
        elif self._version_1_1:
            raise bad_request("the header host is missing")

    def _begin_body(self, fields: dict[bytes, bytes]) -> None:
        check_framing(fields)
        coded, length = b"transfer-encoding" in fields, int(fields.get(b"content-length", b"0"))
        if coded and not self._version_1_1:
            raise bad_request("HTTP/1.0 has no transfer codings")
        if (coded or length) and self._parser.should_upgrade():
            # llhttp takes what follows for the other protocol's bytes; we speak no other, and a body would be lost.
            raise bad_request("a request to upgrade the connection cannot have a body")
        if length > self._limits.body_bytes:
            raise body_too_large(self._limits.body_bytes)
        expect = fields.get(b"expect")
        if expect is not None and self._version_1_1:
            if expect.lower() != b"100-continue":
                raise ApiError(417, "ExpectationFailed", "the only expectation met here is 100-continue")
            self.expects_continue = coded or length > 0

    def on_chunk_header(self) -> None:
        self._chunks += 1

    def on_body(self, part: bytes) -> None:
        self.expects_continue = False
        if self._body:
            self._body = bytearray(self._body) if type(self._body) is bytes else self._body
            self._body += part
        else:
            self._body = part
        if len(self._body) > self._limits.body_bytes:
            raise body_too_large(self._limits.body_bytes)

    def on_message_complete(self) -> None:
        body = self._body if type(self._body) is bytes else bytes(self._body)
        request = ReceivedRequest(self._method, self._path, self._query, self._fields, body, self._connection)
        request.persistent, request.chunks = self._persistent, self._version_1_1
        self.ready.append(request)
        self.midway = self.in_body = self.expects_continue = False
        self.ended = not self._persistent
        self._reset()
