"""Channels: watchers that see the same share each event, filtered, encoded and framed once."""

import logging
from collections.abc import Iterator
from typing import Any, Generic, Protocol

from steersman.storage.watch_cache.entry import Change
from steersman.storage.watch_cache.flusher import Flusher, Receiver
from steersman.storage.watch_cache.limits import MIB
from steersman.storage.watch_cache.view import F, View

logger = logging.getLogger(__name__)

SEAL_BYTES = MIB
"""Pending events of this size are framed at once; a frame is not made larger."""


class Member(Receiver, Protocol):
    """A watcher that has joined a channel."""

    bookmarks: bool

    def end(self) -> None: ...


class Channel(Generic[F]):
    """The watchers of one view.

    All have got, or have on its way, every event up to the revision ``sealed``; those of later revisions are pending.
    """

    __slots__ = ("_flusher", "_parts", "_size", "_upto", "members", "sealed", "view")

    def __init__(self, view: View[F], flusher: Flusher, revision: int) -> None:
        self.view = view
        self.sealed = self._upto = revision
        self.members: dict[Member, None] = {}
        self._flusher = flusher
        self._parts: list[bytes] = []
        self._size = 0

    def publish(self, change: Change) -> None:
        """Take a change that the view covers, later than all before."""
        event = self.view.event(change)
        if event is None:
            return
        if not self._parts:
            self._flusher.dirty(self)
        self._parts += event
        self._upto = change.entry.revision
        self._size += len(event[1])
        if self._size > SEAL_BYTES:
            self.seal()

    def seal(self) -> None:
        """Frame what is pending and have it sent to the present members."""
        if self._parts:
            frame = self.view.frame(b"".join(self._parts))
            self._parts.clear()
            self._size = 0
            self._flusher.push(frame, list(self.members))
        self.sealed = self._upto

    def join(self, member: Member, revision: int) -> int:
        """Add a member that has seen all up to ``revision``.

        Returns the revision up to which the caller still has to send it the events after ``revision``, itself.
        """
        if revision > self.sealed:
            # Part of what is pending is known to the newcomer: the others get it without him.
            self.seal()
        self.members[member] = None
        return self.sealed

    def bookmark(self, revision: int) -> None:
        """Send a bookmark to the members that asked for bookmarks."""
        members = [member for member in self.members if member.bookmarks]
        if members:
            self.seal()
            self._flusher.push(self.view.bookmark_frame(revision, {}), members)


class Channels:
    """The channels of one resource, found by the namespace and name they are limited to."""

    __slots__ = ("_flusher", "_scopes")

    def __init__(self, flusher: Flusher) -> None:
        self._flusher = flusher
        self._scopes: dict[tuple[str | None, str | None], dict[Any, Channel[Any]]] = {}

    def of(self, view: View[F], revision: int) -> Channel[F]:
        """The view's channel, made at ``revision`` where there is none."""
        channels = self._scopes.setdefault((view.namespace, view.name), {})
        channel = channels.get(view.key)
        if channel is None:
            channel = channels[view.key] = Channel(view, self._flusher, revision)
        return channel

    def leave(self, channel: Channel[Any], member: Member) -> None:
        channel.members.pop(member, None)
        scope, key = (channel.view.namespace, channel.view.name), channel.view.key
        channels = self._scopes.get(scope, {})
        if not channel.members and channels.get(key) is channel:
            del channels[key]
            if not channels:
                del self._scopes[scope]

    def publish(self, change: Change) -> None:
        """Give a change to the channels it lies in; one whose view fails is ended, the others go on."""
        namespace, name = change.entry.namespace, change.entry.name
        for scope in ((None, None), (namespace, None), (namespace, name), (None, name)):
            for channel in self._scopes.get(scope, {}).values():
                try:
                    channel.publish(change)
                except Exception:
                    logger.exception("a watch of %s/%s failed and is ended", namespace, name)
                    for member in channel.members:
                        member.end()

    def __iter__(self) -> Iterator[Channel[Any]]:
        for channels in self._scopes.values():
            yield from channels.values()

    def __bool__(self) -> bool:
        return bool(self._scopes)
