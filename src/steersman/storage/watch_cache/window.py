"""The latest changes of one resource, so that a watch resumes without reading the store's log."""

from collections import deque

from steersman.storage.watch_cache.entry import Change


class Window:
    """Every change after the revision ``start``, bounded by count and by the bytes of their objects."""

    __slots__ = ("_bytes", "_changes", "_max_bytes", "_max_changes", "start")

    def __init__(self, start: int, max_changes: int, max_bytes: int) -> None:
        self.start = start
        self._max_changes, self._max_bytes = max_changes, max_bytes
        self._changes: deque[Change] = deque()
        self._bytes = 0

    def append(self, change: Change) -> None:
        changes = self._changes
        changes.append(change)
        self._bytes += len(change.entry.data)
        while self._bytes > self._max_bytes or len(changes) > self._max_changes:
            self._drop_oldest()

    def forget(self, revision: int) -> None:
        """Drop the changes at or below ``revision``."""
        while self._changes and self._changes[0].entry.revision <= revision:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._changes.popleft().entry
        self._bytes -= len(oldest.data)
        self.start = oldest.revision

    def after(self, revision: int) -> list[Change]:
        """The changes above ``revision``, oldest first; complete only where ``revision`` is not below ``start``."""
        found: list[Change] = []
        for change in reversed(self._changes):
            if change.entry.revision <= revision:
                break
            found.append(change)
        found.reverse()
        return found
