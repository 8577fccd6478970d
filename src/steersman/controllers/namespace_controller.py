"""The namespace controller: empties a namespace that is marked for deletion, then lets it go."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.resource_client import ResourceClient
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

FINALIZER = "kubernetes"
NAMESPACES = ApiResource("", "v1", "namespaces", "Namespace", False, DICTS)
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
"""How soon a namespace is looked at again in which something stays: twice as long each time."""
WORKERS = 5

_NEEDED = frozenset(("list", "deletecollection"))


class ContentRemains(ApiError):
    """Finalizers hold some of what a namespace has; it goes on when they are gone."""


class NamespaceController:
    """Deletes the content of ``client``'s namespaces that are being deleted; ``informer`` has the namespaces.

    Level-triggered: what is left in the namespace decides.
    """

    def __init__(self, client: Client, informer: SharedInformer) -> None:
        self._client, self._informer = client, informer
        self._namespaces = client.resource(NAMESPACES)
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        handler = ResourceEventHandlerFuncs(
            on_add=lambda namespace, _: self._changed(namespace),
            on_update=lambda _, namespace: self._changed(namespace),
        )
        informer.add_event_handler(handler)

    async def run(self) -> None:
        """Remove namespaces until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._remove, name="namespace controller", workers=WORKERS)

    def _changed(self, namespace: CachedObject) -> None:
        if namespace.deletion_timestamp is not None:
            self._queue.add(namespace.key)

    async def _remove(self, name: str) -> None:
        """Raises ContentRemains while something stays, and what the server answers."""
        cached = self._informer.indexer.get_by_key(name)
        if cached is None or cached.deletion_timestamp is None:
            return
        namespace = cached.deep_copy()
        if FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return
        remaining = [kind async for kind in self._delete_contents(name)]
        if remaining:
            raise ContentRemains(409, "Conflict", f"some content remains: {', '.join(sorted(remaining))}")
        finalizers = [one for one in namespace["spec"]["finalizers"] if one != FINALIZER]
        namespace["spec"] = {**namespace["spec"], "finalizers": finalizers}
        try:
            await self._namespaces.update(namespace, subresource="finalize")
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    async def _delete_contents(self, name: str) -> AsyncIterator[str]:
        """Delete what the namespace holds; gives the resources of which something stays. Raises the first failure."""
        failure: ApiError | None = None
        for resource in await self._contents():
            objects = self._client.resource(resource)
            try:
                if not await _has_any(objects, name):
                    continue
                await objects.delete_collection(namespace=name, include_uninitialized=True)
                if await _has_any(objects, name):
                    yield str(resource.group_resource)
            except ApiError as error:
                if error.code not in (404, 405):
                    failure = failure or error
            # Many kinds are asked for, mostly in vain: others get their turn.
            await asyncio.sleep(0)
        if failure is not None:
            raise failure

    async def _contents(self) -> list[ApiResource[Any]]:
        """The namespaced resources that can be listed and deleted, each in its preferred version."""
        self._client.discovery.invalidate()
        served = await self._client.discovery.served()
        return [one.api_resource for one in served.preferred() if one.namespaced and one.verbs >= _NEEDED]


async def _has_any(objects: ResourceClient[Any], namespace: str) -> bool:
    """Whether there is anything of a kind, be it only waiting for its initializers."""
    return bool((await objects.list(namespace=namespace, limit=1, include_uninitialized=True).page()).items)
