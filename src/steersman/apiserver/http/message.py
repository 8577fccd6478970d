"""What a transport and a handler say to each other. Both faces (own protocol, ASGI) speak these types."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field


class PeerCertificate(Struct, frozen=True):
    """The subject of a verified TLS client certificate: ``common_name`` (CN) and ``organizations`` (O, in order)."""

    common_name: str
    organizations: tuple[str, ...]


class Connection:
    """What belongs to the connection rather than to one request.

    ``remembered`` is room for the authenticator: what it found for the previous request on this connection.
    """

    __slots__ = ("certificate", "remembered", "remote", "secure")

    def __init__(self, remote: str = "", secure: bool = False, certificate: PeerCertificate | None = None) -> None:
        self.remote, self.secure, self.certificate = remote, secure, certificate
        self.remembered: Any = None


class Request:
    """One request, its body read whole. Header names are lower-case bytes; repeated headers are joined with ", ", those
    of impersonation by a line feed.

    ``path`` is percent-decoded, ``query`` the raw text after the question mark; ``user`` is set by authentication, and
    ``impersonator`` is who asks as that user, None where they ask for themselves. ``observed`` takes what admission has
    to tell of a write (:class:`~steersman.apiserver.admission.observed.Observed`), None where nobody wants to know.
    """

    __slots__ = ("body", "connection", "headers", "impersonator", "method", "observed", "path", "query", "user")

    def __init__(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[bytes, bytes],
        body: bytes,
        connection: Connection,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.connection = connection
        self.user: Any = None
        self.impersonator: Any = None
        self.observed: Any = None


class Response:
    """A finished answer. ``body`` may be a list of pieces, sent in slices with back-pressure and never joined whole."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self,
        status: int,
        body: bytes | Sequence[bytes] = b"",
        content_type: bytes = b"application/json",
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self.status, self.body, self.content_type, self.headers = status, body, content_type, headers


class Frame:
    """Bytes that go to many streams: the HTTP/1.1 chunk form is made once, whoever asks first."""

    __slots__ = ("_chunk", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._chunk: bytes | None = None

    @property
    def chunk(self) -> bytes:
        """``data`` as one HTTP/1.1 chunk."""
        if self._chunk is None:
            # No data is no chunk: a chunk of length 0 would end the stream.
            self._chunk = b"%x\r\n%b\r\n" % (len(self.data), self.data) if self.data else b""
        return self._chunk


class StreamWriter(Protocol):
    """The open end of a streaming answer. Nothing is raised once the client has left; ``closed`` tells."""

    @property
    def closed(self) -> bool: ...

    @property
    def buffered(self) -> int:
        """Bytes accepted by ``send`` that the client's socket has not taken yet."""

    def send(self, frame: Frame) -> None: ...

    def abort(self) -> None:
        """Cut the connection (a reader too slow to keep)."""


class Stream(Struct):
    """An answer that goes on: ``run`` writes to the stream until it returns; it is cancelled when the client leaves."""

    run: Callable[[StreamWriter], Awaitable[None]]
    status: int = 200
    content_type: bytes = b"application/json"
    headers: Sequence[tuple[bytes, bytes]] = field(default=())


Answer = Response | Stream
Handler = Callable[[Request], Answer | Awaitable[Answer]]
"""Answers at once where it can; an awaitable is run as a task that is cancelled when the client leaves."""
