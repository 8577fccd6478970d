"""The stream of a watch: bytes that come cut anywhere, made into lines and those into events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

from steersman.client.cache import CachedObject, MalformedObject, split_event

MAX_LINE_BYTES: Final = 64 << 20
"""An object has a few megabytes at most; a line of more than this is no event."""

BATCH: Final = 256
"""Events in a row before others get a turn: a few milliseconds."""

WatchEvent = tuple[str, CachedObject | dict[str, Any]]


class LineSplitter:
    """Cuts a stream into lines. What of a line has come is joined once, when its end comes."""

    __slots__ = ("_limit", "_pieces", "_size")

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that end in ``chunk``, without their ends. Raises MalformedObject for a line over the limit."""
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if self._pieces and lines:
            self._pieces.append(lines[0])
            lines[0] = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
        if rest:
            self._pieces.append(rest)
            self._size += len(rest)
            if self._size > self._limit:
                raise MalformedObject(f"a line of the watch stream has more than {self._limit} bytes")
        return lines


async def watch_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[WatchEvent], None]:
    """The events of a watch in batches as they come; others get a turn in between.

    Raises MalformedObject after the last event that was whole, and what ``chunks`` raises.
    """
    splitter = LineSplitter()
    since_turn = 0
    async for chunk in chunks:
        lines = splitter.feed(chunk)
        for start in range(0, len(lines), BATCH):
            batch: list[WatchEvent] = []
            try:
                for line in lines[start : start + BATCH]:
                    if line:
                        batch.append(split_event(line))
            except MalformedObject:
                yield batch
                raise
            yield batch
            since_turn += len(batch)
            if since_turn >= BATCH:
                since_turn = 0
                await asyncio.sleep(0)
