"""One watch, from its first event to its end.

It begins on its own: with the initial state, or with the past from the window in memory or the store's log, sent at
the client's pace. Once it has caught up it joins the channel of its view, and only waits for its end.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol

from steersman.storage.store import Compacted, Event, KeyValue, Watch
from steersman.storage.watch_cache.channel import Channel, Channels
from steersman.storage.watch_cache.entry import Change, Entry, change_between
from steersman.storage.watch_cache.flusher import Flusher
from steersman.storage.watch_cache.limits import Limits
from steersman.storage.watch_cache.view import INITIAL_EVENTS_END, F, Sink, View
from steersman.storage.watch_cache.window import Window

logger = logging.getLogger(__name__)

_LONG = 86_400.0
_POLL, _MAX_POLL = 0.001, 0.05
_CHANGES_PER_SLICE = 256


class Source(Protocol):
    """The resource that is watched."""

    window: Window
    channels: Channels
    flusher: Flusher
    limits: Limits

    @property
    def revision(self) -> int: ...

    def present(self, namespace: str | None, name: str | None) -> Sequence[Entry]: ...

    def log(self, start: int) -> Watch: ...

    def decode(self, kv: KeyValue) -> Entry | None: ...

    async def wait_for(self, revision: int, deadline: float) -> None: ...


class Watcher(Generic[F]):
    """Carries what a view sees of a source into a sink; ``bookmarks``: whether the client understands them."""

    __slots__ = ("_active", "_channel", "_done", "_log", "_sink", "_sink_bytes", "_source", "_view", "bookmarks")

    def __init__(self, source: Source, view: View[F], sink: Sink[F], bookmarks: bool) -> None:
        self._source, self._view, self._sink = source, view, sink
        self._sink_bytes = source.limits.sink_bytes
        self.bookmarks = bookmarks
        self._active = True
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channel: Channel[F] | None = None
        self._log: Watch | None = None

    async def run(self, start: int | None, initial_events: bool, timeout: float | None) -> None:
        """Send events until the timeout, or until the watch is ended from elsewhere; see :meth:`Cacher.watch`."""
        ends = None if timeout is None else asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout_at(ends) as scope:
                await self._catch_up(await self._begin(start, initial_events))
                if timeout is not None and ends is not None and self.bookmarks:
                    await self._bookmark_at(ends - min(self._source.limits.bookmark_lead, timeout / 2))
                await self._done
        except TimeoutError:
            if not scope.expired():
                raise
        finally:
            self.end()
            if self._channel is not None:
                self._source.channels.leave(self._channel, self)

    def deliver(self, frame: F) -> None:
        """Take a frame from the channel; a sink that still holds too much of the earlier ones is cut instead."""
        if not self._active:
            return
        try:
            if self._sink.buffered > self._sink_bytes:
                self._cut()
            else:
                self._sink.send(frame)
        except Exception:
            logger.exception("a watcher's sink failed, its watch is ended")
            self.end()

    def end(self) -> None:
        """Let :meth:`run` return; nothing is sent any more."""
        self._active = False
        if not self._done.done():
            self._done.set_result(None)
        if self._log is not None:
            self._log.close()

    def _cut(self) -> None:
        self._sink.abort()
        self.end()

    async def _begin(self, start: int | None, initial_events: bool) -> int:
        """Send the initial state where one is due, and return the revision that has been reached."""
        source, view = self._source, self._view
        await source.wait_for(start or 0, asyncio.get_running_loop().time() + source.limits.future)
        if start is not None and not initial_events:
            return start
        revision = source.revision
        await self._send(Change(entry, None) for entry in source.present(view.namespace, view.name))
        if initial_events and self.bookmarks and self._active:
            self._sink.send(view.bookmark_frame(revision, INITIAL_EVENTS_END))
        return revision

    async def _catch_up(self, position: int) -> None:
        """Send what happened after ``position``, and join the channel without a gap."""
        source = self._source
        while self._active:
            if position < source.window.start:
                position = await self._follow_log(position)
            elif position > source.revision:
                # The log is ahead of the cache, which would repeat what it has shown.
                await source.wait_for(position, asyncio.get_running_loop().time() + _LONG)
            else:
                behind = source.window.after(position)
                first = _slice(behind, source.limits.slice_bytes)
                if len(first) == len(behind):
                    self._join(position, behind)
                    return
                await self._send(first)
                position = first[-1].entry.revision

    def _join(self, position: int, behind: Sequence[Change]) -> None:
        source = self._source
        self._channel = source.channels.of(self._view, source.revision)
        upto = self._channel.join(self, position)
        parts = [piece for change in behind if change.entry.revision <= upto for piece in self._event(change)]
        if parts:
            self._sink.send(self._view.frame(b"".join(parts)))

    async def _follow_log(self, position: int) -> int:
        """Send the events after ``position`` from the store's log until the window goes on from there."""
        source = self._source
        self._log = source.log(position + 1)
        try:
            async for events in self._log:
                await self._send(filter(None, map(self._change, events)))
                position = events[-1].kv.mod_revision
                if position >= source.window.start or not self._active:
                    break
            else:
                self.end()
        finally:
            self._log.close()
            self._log = None
        return position

    def _change(self, event: Event) -> Change | None:
        kv = event.kv
        if event.deleted and event.previous is None:
            raise Compacted(kv.mod_revision + 1)
        previous = None if event.previous is None else self._source.decode(event.previous)
        return change_between(previous, None if event.deleted else self._source.decode(kv), kv.mod_revision)

    def _event(self, change: Change) -> Sequence[bytes]:
        return (self._view.event(change) or ()) if self._view.covers(change.entry) else ()

    async def _send(self, changes: Iterable[Change]) -> None:
        """Send events in slices, each once the client has taken most of those before."""
        limit = self._source.limits.slice_bytes
        parts: list[bytes] = []
        size = 0
        for number, change in enumerate(changes, 1):
            for piece in self._event(change):
                parts.append(piece)
                size += len(piece)
            if size >= limit or number % _CHANGES_PER_SLICE == 0:
                if parts:
                    self._sink.send(self._view.frame(b"".join(parts)))
                    parts, size = [], 0
                await self._drained()
                if not self._active:
                    return
        if parts:
            self._sink.send(self._view.frame(b"".join(parts)))

    async def _drained(self) -> None:
        """Let others run, and wait until the client has taken what it was sent; cut it where it takes nothing."""
        await asyncio.sleep(0)
        sink, limits = self._sink, self._source.limits
        now = asyncio.get_running_loop().time
        wait, lowest, stalls_at = _POLL, sink.buffered, now() + limits.stall
        while self._active and sink.buffered > limits.drained_bytes:
            if sink.closed:
                self.end()
            elif sink.buffered < lowest:
                lowest, stalls_at = sink.buffered, now() + limits.stall
            elif now() > stalls_at:
                self._cut()
            await asyncio.sleep(wait)
            wait = min(2 * wait, _MAX_POLL)

    async def _bookmark_at(self, when: float) -> None:
        """Send a bookmark at that time of the loop's clock, unless the watch ends before."""
        await asyncio.wait([self._done], timeout=when - asyncio.get_running_loop().time())
        if self._active and self._channel is not None:
            self._channel.seal()
            self._source.flusher.push(self._view.bookmark_frame(self._source.revision, {}), (self,))


def _slice(changes: Sequence[Change], limit: int) -> Sequence[Change]:
    """The first changes, of at least ``limit`` bytes together where there are so many; a revision is not divided."""
    size = 0
    for index, change in enumerate(changes, 1):
        size += len(change.entry.data)
        if size >= limit and index < len(changes) and changes[index].entry.revision > change.entry.revision:
            return changes[:index]
    return changes
