"""Watches: changes as they come (API concepts, "Efficient detection of changes")."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec

from steersman.client.api_resource import ApiResource
from steersman.client.object_bytes import read_head
from steersman.client.rest.status import api_error
from steersman.client.transport import Reply, TransportError

T = TypeVar("T")

ADDED = "ADDED"
MODIFIED = "MODIFIED"
DELETED = "DELETED"
BOOKMARK = "BOOKMARK"
_ERROR = "ERROR"

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class WatchEvent(Generic[T]):
    """What happened to one object: ``type`` is ADDED, MODIFIED, DELETED or BOOKMARK.

    ``raw`` is the object's JSON. A BOOKMARK only says how far the watch has come: its object has a resourceVersion and
    little else, so that most types cannot read it.
    """

    __slots__ = ("_codec", "_object", "raw", "resource_version", "type")

    def __init__(self, type: str, raw: bytes, resource: ApiResource[T]) -> None:
        """Raises ValueError if ``raw`` is no object."""
        self.type, self.raw, self._codec = type, raw, resource.codec
        self.resource_version = read_head(raw).resource_version

    @property
    def object(self) -> T:
        """The object after the change, or as it was last for DELETED; decoded at the first look.

        Raises ValueError if it does not fit the type.
        """
        try:
            return self._object
        except AttributeError:
            self._object: T = self._codec.decode(self.raw)
            return self._object

    @property
    def ends_initial_events(self) -> bool:
        """Whether this BOOKMARK says that all objects there were at the start have come (``send_initial_events``)."""
        return self.type == BOOKMARK and INITIAL_EVENTS_END.encode() in self.raw

    def __repr__(self) -> str:
        return f"WatchEvent({self.type}, {self.raw!r})"


class _Line(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


_decode_line = msgspec.json.Decoder(_Line).decode


class LineBuffer:
    """Puts the lines of a stream together from pieces that are cut anywhere."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that ``piece`` completes, without empty ones."""
        first, newline, rest = piece.partition(b"\n")
        self._begun.append(first)
        if not newline:
            return []
        *whole, last = rest.split(b"\n")
        found = [b"".join(self._begun), *whole]
        self._begun = [last]
        return [line for line in found if line]

    @property
    def is_within_line(self) -> bool:
        return any(self._begun)


class Watch(Generic[T]):
    """A watch that has been asked for; it begins where the block does, and ends with it::

        async with pods.watch(resource_version=listed.resource_version) as events:
            async for event in events: ...

    The loop ends when the server ends the watch, as it does after a while: go on from ``resource_version``, which is
    that of the last event. After an error, and after a read that was cancelled, it takes another watch to go on.
    """

    def __init__(
        self,
        stream: AbstractAsyncContextManager[Reply],
        resource: ApiResource[T],
        resource_version: str = "",
    ) -> None:
        self.resource_version = resource_version
        self._stream, self._resource = stream, resource
        self._chunks: AsyncIterator[bytes] | None = None
        self._buffer = LineBuffer()
        self._lines: deque[bytes] = deque()

    async def __aenter__(self) -> Self:
        """Raises ApiError if the server refuses the watch (410 Expired: the version is too old); TransportError."""
        reply = await self._stream.__aenter__()
        self._chunks = reply.chunks()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._chunks = None
        await self._stream.__aexit__(kind, error, traceback)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WatchEvent[T]:
        """The next event, when it comes.

        Raises ApiError for an ERROR event (410 where the server no longer has what came next), and TransportError
        where the stream is cut or garbled.
        """
        if self._chunks is None:
            raise RuntimeError("a watch is read inside its block, up to its first error: async with ….watch() as watch")
        try:
            return await self._next(self._chunks)
        except StopAsyncIteration:
            raise
        except BaseException:
            # An iterator that has raised ends quietly when it is asked again: that would look like the server's end.
            self._chunks = None
            raise

    async def _next(self, chunks: AsyncIterator[bytes]) -> WatchEvent[T]:
        while not self._lines:
            try:
                piece = await anext(chunks)
            except StopAsyncIteration:
                if self._buffer.is_within_line:
                    raise TransportError("the watch was cut off within an event") from None
                raise
            self._lines.extend(self._buffer.feed(piece))
        event = self._event(self._lines.popleft())
        self.resource_version = event.resource_version or self.resource_version
        return event

    def _event(self, line: bytes) -> WatchEvent[T]:
        try:
            read = _decode_line(line)
            if read.type != _ERROR:
                return WatchEvent(read.type, bytes(read.object), self._resource)
        except (msgspec.MsgspecError, ValueError) as error:
            raise TransportError(f"the server's watch event cannot be read: {error}") from None
        raise api_error(500, bytes(read.object))
