"""What a queue asks of its rules: the items that have to be processed, and those that are being processed.

Pure: a backlog has no clock and waits for nothing. Times are seconds on any clock that does not go back, as long as it
is the same one for one backlog.
"""

from collections.abc import Hashable, Sized
from typing import Protocol, TypeVar

T = TypeVar("T", bound=Hashable)


class Backlog(Protocol[T]):
    """Takes items in, hands each out to one processor at a time, and hands out again what was added meanwhile."""

    @property
    def queued(self) -> Sized:
        """What ``get`` can hand out now: always the same object, so that its length can be asked often."""

    @property
    def idle(self) -> bool:
        """Whether no item is queued or being processed. Items whose time has not come do not count."""

    @property
    def shutting_down(self) -> bool:
        """Whether ``shut_down`` was called."""

    def add(self, item: T) -> bool:
        """Mark ``item`` as needing processing. Return False where it already was, or if shutting down."""

    def get(self) -> T:
        """Hand out the next item, which then is being processed. Raise IndexError if none is queued."""

    def done(self, item: T) -> bool:
        """End the processing of ``item``. Return whether it is queued again, for it was added meanwhile.

        Raise ValueError if it was not being processed.
        """

    def shut_down(self) -> None:
        """Take nothing in any more, and drop what waits for its time."""


class DelayingBacklog(Backlog[T], Protocol[T]):
    """A backlog that also takes in items for later."""

    @property
    def next_at(self) -> float | None:
        """The earliest time at which a waiting item has to be added; None if none waits."""

    def add_after(self, item: T, at: float) -> None:
        """Have ``advance`` add ``item`` when the time is ``at``; of several times for one item the earliest counts."""

    def advance(self, now: float) -> list[T]:
        """Add the items whose time has come, by time. Return those that were not marked as needing processing yet."""
