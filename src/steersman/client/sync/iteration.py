"""Lists and watches as plain iterators."""

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from steersman.client.listing import Listing, ObjectList
from steersman.client.sync.loop_thread import LoopThread
from steersman.client.watch import Watch, WatchEvent

T = TypeVar("T")


class SyncListing(Generic[T]):
    """A list that has been asked for: ``for pod in pods.list()``, a page at a time in memory. Raises as Listing."""

    def __init__(self, loop: LoopThread, listing: Listing[T]) -> None:
        self._loop, self._listing = loop, listing

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    def pages(self) -> Iterator[ObjectList[T]]:
        pages = self._listing.pages()
        while (page := self._loop.run(_next(pages))) is not None:
            yield page

    def page(self) -> ObjectList[T]:
        """The first page."""
        return self._loop.run(self._listing.page())

    def all(self) -> ObjectList[T]:
        """Everything, of one revision."""
        return self._loop.run(_whole(self._listing))


class SyncWatch(Generic[T]):
    """A watch that has been asked for: ``with pods.watch() as events``, then ``for event in events``.

    Raises as Watch.
    """

    def __init__(self, loop: LoopThread, watch: Watch[T]) -> None:
        self._loop, self._watch = loop, watch

    @property
    def resource_version(self) -> str:
        """That of the last event, from which another watch goes on."""
        return self._watch.resource_version

    def __enter__(self) -> Self:
        self._loop.run(self._watch.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.run(self._watch.__aexit__(kind, error, traceback))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> WatchEvent[T]:
        event = self._loop.run(_next(self._watch))
        if event is None:
            raise StopIteration
        return event


async def _next(iterator: AsyncIterator[T]) -> T | None:
    return await anext(iterator, None)


async def _whole(listing: Listing[T]) -> ObjectList[T]:
    return await listing
