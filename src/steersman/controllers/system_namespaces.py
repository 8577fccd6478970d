"""The system namespaces controller: the namespaces that every cluster has come again where they are missing.

The server makes them before it serves. Admission may have refused them then, and one may be deleted: while the server
runs, they are made as soon as admission lets them.
"""

from steersman.apimachinery.errors import ApiError
from steersman.apis.namespaces import SYSTEM_NAMESPACES
from steersman.client import Client
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers
from steersman.controllers.namespace_controller import NAMESPACES

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 60.0
"""How soon it is tried again: twice as long each time."""


class SystemNamespacesController:
    """``namespaces`` has all namespaces."""

    def __init__(self, client: Client, namespaces: SharedInformer) -> None:
        self._client, self._namespaces = client.resource(NAMESPACES), namespaces
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        namespaces.add_event_handler(ResourceEventHandlerFuncs(on_delete=self._deleted))

    async def run(self) -> None:
        """Look after them until cancelled."""
        await self._namespaces.wait_for_sync()
        for name in SYSTEM_NAMESPACES:
            self._queue.add(name)
        await run_workers(self._queue, self._create, name="system namespaces")

    def _deleted(self, namespace: CachedObject | DeletedFinalStateUnknown) -> None:
        if namespace.key in SYSTEM_NAMESPACES:
            self._queue.add(namespace.key)

    async def _create(self, name: str) -> None:
        """Raises what the server answers, unless it is there already."""
        if self._namespaces.indexer.get_by_key(name) is not None:
            return
        try:
            await self._client.create({"metadata": {"name": name}})
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
