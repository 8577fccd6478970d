"""Waiting until caches and handlers have what there was at the beginning."""

import asyncio
from typing import Protocol


class InformerStopped(RuntimeError):
    """An informer was stopped: it will not do what was asked, now or later."""


class Synced:
    """Something that becomes true once, unless what would make it true is stopped before."""

    __slots__ = ("_decided", "has_synced")

    def __init__(self) -> None:
        self.has_synced = False
        self._decided = asyncio.Event()

    def set(self) -> None:
        """It is true now."""
        if not self._decided.is_set():
            self.has_synced = True
            self._decided.set()

    def stop(self) -> None:
        """If it is not true yet, it never will be."""
        self._decided.set()

    async def wait(self) -> None:
        """Return when it is true. Raises InformerStopped if it will never be."""
        await self._decided.wait()
        if not self.has_synced:
            raise InformerStopped("the informer was stopped, or the handler removed, before it had synced")


class HasSynced(Protocol):
    """What has synced at some time: an informer, or the registration of an event handler."""

    @property
    def has_synced(self) -> bool: ...

    async def wait_for_sync(self) -> None: ...


async def wait_for_cache_sync(*caches: HasSynced, timeout: float | None = None) -> None:
    """Return when all have synced; ``timeout`` is in seconds. Raises TimeoutError, InformerStopped."""
    try:
        async with asyncio.timeout(timeout):
            for cache in caches:
                await cache.wait_for_sync()
    except TimeoutError:
        lacking = sum(not cache.has_synced for cache in caches)
        raise TimeoutError(f"{lacking} of {len(caches)} caches have not synced in time; the log has why") from None
