"""Letting go of what a finalizer protects: an object that is marked for deletion stays while something uses it."""

from collections.abc import Awaitable, Callable
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client import ResourceClient
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.05, 5.0
"""How soon an object in use is looked at again: twice as long each time."""

Use = Callable[[CachedObject], Awaitable[bool]]


class StillInUse(ApiError):
    """The object stays, and is looked at again."""


class DeletionProtection:
    """Removes ``finalizer`` from the objects of ``informer`` that are marked for deletion and not ``in_use``.

    Level-triggered: whether it is in use now decides. It is asked only about objects that shall go.
    """

    def __init__(
        self,
        name: str,
        objects: ResourceClient[dict[str, Any]],
        informer: SharedInformer,
        finalizer: str,
        in_use: Use,
    ) -> None:
        self._name, self._objects, self._informer = name, objects, informer
        self._finalizer, self._in_use = finalizer, in_use
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        informer.add_event_handler(
            ResourceEventHandlerFuncs(
                on_add=lambda obj, _: self._changed(obj),
                on_update=lambda _, obj: self._changed(obj),
            )
        )

    async def run(self) -> None:
        """Let objects go until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._release, name=self._name)

    def _changed(self, obj: CachedObject) -> None:
        if obj.deletion_timestamp is not None:
            self._queue.add(obj.key)

    async def _release(self, key: str) -> None:
        """Raises StillInUse, and what the server answers."""
        cached = self._informer.indexer.get_by_key(key)
        if cached is None or cached.deletion_timestamp is None:
            return
        obj = cached.deep_copy()
        finalizers = obj["metadata"].get("finalizers") or []
        if self._finalizer not in finalizers:
            return
        if await self._in_use(cached):
            raise StillInUse(409, "Conflict", "it is still in use")
        obj["metadata"]["finalizers"] = [one for one in finalizers if one != self._finalizer]
        try:
            await self._objects.update(obj)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
