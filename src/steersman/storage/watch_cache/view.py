"""Watching from the outside: what a class of watchers sees, where it is sent, and the form of watch events.

The form of the events is specified in API conventions, "Efficient detection of changes".
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from steersman.storage.watch_cache.entry import Change, Entry

F = TypeVar("F")
F_contra = TypeVar("F_contra", contravariant=True)

INITIAL_EVENTS_END: Mapping[str, str] = {"k8s.io/initial-events-end": "true"}
"""The annotation of the bookmark that ends the initial state (KEP-3157)."""

ADDED = b'{"type":"ADDED","object":'
MODIFIED = b'{"type":"MODIFIED","object":'
DELETED = b'{"type":"DELETED","object":'
BOOKMARK = b'{"type":"BOOKMARK","object":'
END = b"}\n"


class Sink(Protocol[F_contra]):
    """Where one watcher's frames go. Nothing is raised once the client has left; ``closed`` tells."""

    @property
    def closed(self) -> bool: ...

    @property
    def buffered(self) -> int:
        """Bytes accepted by ``send`` that the client has not taken yet."""

    def send(self, frame: F_contra, /) -> None: ...

    def abort(self) -> None:
        """Cut the connection of a reader too slow to keep."""


class View(Struct, Generic[F], frozen=True):
    """What one class of watchers sees.

    Watchers of one resource with the same ``key``, ``namespace`` and ``name`` get the same frames, each made once.
    ``namespace`` and ``name`` None: all. ``matches`` is the compiled label and field selector, None: all.
    ``encode`` gives an object's bytes in the version and format asked for, ``bookmark`` a bookmark object's from its
    revision and annotations, ``frame`` makes of bytes what the sinks' ``send`` takes.
    """

    key: Hashable
    encode: Callable[[Entry], bytes]
    bookmark: Callable[[int, Mapping[str, str]], bytes]
    frame: Callable[[bytes], F]
    namespace: str | None = None
    name: str | None = None
    matches: Callable[[Entry], bool] | None = None

    def covers(self, entry: Entry) -> bool:
        """Whether the entry lies in this view's namespace and has its name."""
        return self.namespace in (None, entry.namespace) and self.name in (None, entry.name)

    def event(self, change: Change) -> tuple[bytes, bytes, bytes] | None:
        """The pieces of the watch event for a change that :meth:`covers` allows, None where it is not visible.

        An object that stops to match is shown as DELETED in its last matching state under the new revision.
        """
        entry, previous, matches = change.entry, change.previous, self.matches
        before = previous is not None and (matches is None or matches(previous))
        now = not change.deleted and (matches is None or matches(entry))
        if now:
            return MODIFIED if before else ADDED, self.encode(entry), END
        if not before or previous is None:
            return None
        return DELETED, self.encode(entry if change.deleted else previous.at(entry.revision)), END

    def bookmark_frame(self, revision: int, annotations: Mapping[str, str]) -> F:
        """A framed BOOKMARK event."""
        return self.frame(b"".join((BOOKMARK, self.bookmark(revision, annotations), END)))
