"""What the controllers share that keep an object of one name in every namespace."""

from abc import ABC, abstractmethod

from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
"""How soon it is tried again: twice as long each time."""

_NOBODY_MINDS = frozenset(("AlreadyExists", "NotFound"))


class InEveryNamespace(ABC):
    """``namespaces`` has the namespaces, ``objects`` at least those of the name ``name``.

    Every namespace that comes or changes is looked at, and so is that of an object for which ``_changed`` is called.
    """

    def __init__(self, namespaces: SharedInformer, objects: SharedInformer, name: str) -> None:
        self._namespaces, self._objects, self._name = namespaces, objects, name
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        namespaces.add_event_handler(
            ResourceEventHandlerFuncs(
                on_add=lambda namespace, _: self._queue.add(namespace.key),
                on_update=lambda _, namespace: self._queue.add(namespace.key),
            )
        )

    @abstractmethod
    async def _provide(self, namespace: str, present: CachedObject | None) -> None:
        """Make or mend the object of a namespace; raises what the server answers."""

    async def _run(self, name: str) -> None:
        await self._namespaces.wait_for_sync()
        await self._objects.wait_for_sync()
        await run_workers(self._queue, self._look_at, name=name)

    def _changed(self, found: CachedObject | DeletedFinalStateUnknown) -> None:
        namespace, _, name = found.key.rpartition("/")
        if name == self._name:
            self._queue.add(namespace)

    async def _look_at(self, namespace: str) -> None:
        """Raises what the server answers, unless the object is there already or the namespace goes."""
        cached = self._namespaces.indexer.get_by_key(namespace)
        if cached is None or cached.deletion_timestamp is not None:
            return
        try:
            await self._provide(namespace, self._objects.indexer.get_by_key(f"{namespace}/{self._name}"))
        except ApiError as error:
            if error.reason not in _NOBODY_MINDS:
                raise
