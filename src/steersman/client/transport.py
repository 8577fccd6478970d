"""What a client and a transport say to each other: one request, one reply that is read whole or as it comes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

HeaderFields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """``target`` is the percent-encoded path with its query, as it stands in a request line (RFC 9112, origin-form)."""

    method: str
    target: str
    headers: HeaderFields = ()
    body: bytes = b""


class Reply(Protocol):
    """The status line and headers have come; the body has not. Whoever has a reply closes it."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> HeaderFields:
        """Names in lower case; a name stands as often as it was sent."""
        ...

    async def read(self) -> bytes:
        """The whole body. Raises TransportError if it ends before its end."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces as they come, cut anywhere. Raises TransportError if it is cut off."""
        ...

    async def close(self) -> None:
        """Let go of the connection; one whose body was not read to the end is cut. It may be called twice."""
        ...


class Transport(Protocol):
    """Carries requests to one API server: over HTTP, or by a call inside one process."""

    async def send(self, request: Request) -> Reply:
        """Raises TransportError if no reply came. Cancelling it gives the request up."""
        ...

    async def close(self) -> None: ...


class TransportError(Exception):
    """The connection could not be made, or was lost: nothing is known of what the server did with the request."""


class ConnectionLost(TransportError):
    """There was a connection, and it ended before the answer did. To ask again may well help."""
