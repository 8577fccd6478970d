"""An event handler that remembers what it was told, and can be waited for."""

import asyncio
from collections.abc import Callable
from typing import Any

from steersman.client.cache import CachedObject, DeletedFinalStateUnknown


def value(obj: CachedObject) -> str:
    return str(obj["data"]["value"])


class Told:
    """``events`` are tuples of the verb, the name, and what else is told."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self._news = asyncio.Event()

    def on_add(self, obj: CachedObject, is_in_initial_list: bool, /) -> None:
        self._tell("add", obj.name, value(obj), is_in_initial_list)

    def on_update(self, old: CachedObject, new: CachedObject, /) -> None:
        self._tell("update", new.name, value(old), value(new))

    def on_delete(self, obj: CachedObject | DeletedFinalStateUnknown, /) -> None:
        if isinstance(obj, DeletedFinalStateUnknown):
            self._tell("tombstone", obj.key, None if obj.object is None else value(obj.object))
        else:
            self._tell("delete", obj.name, value(obj))

    def _tell(self, *event: Any) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when the condition is true, which is looked at after each event."""
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def of(self, count: int) -> list[tuple[Any, ...]]:
        """All events, when there are as many."""
        await self.until(lambda: len(self.events) >= count)
        return self.events
