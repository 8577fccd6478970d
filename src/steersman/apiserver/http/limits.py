"""What one HTTP server lets a client use: bytes, counts and seconds."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Sizes are in bytes, times in seconds, kept to within one ``resolution``.

    ``request_seconds`` bounds the time a handler takes to answer, ``write_seconds`` the time a client may take nothing
    of an answer that waits for it. Streams have no deadline of their own; over ASGI one that has ``stream_bytes``
    waiting for the client is cut.
    """

    header_bytes: int = 3 << 20
    header_count: int = 200
    target_bytes: int = 64 << 10
    body_bytes: int = 3 << 20
    stream_bytes: int = 16 << 20
    pipelined_requests: int = 16
    handshake_seconds: float = 10.0
    header_seconds: float = 30.0
    body_seconds: float = 60.0
    idle_seconds: float = 90.0
    request_seconds: float = 60.0
    write_seconds: float = 60.0
    resolution: float = 1.0
