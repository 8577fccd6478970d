"""The root CA publisher: every namespace has the certificate by which programs in it know the server.

It is the ConfigMap ``kube-root-ca.crt``, which the volume with a Pod's token shows beside it ("Managing Service
Accounts").
"""

from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
NAME, KEY = "kube-root-ca.crt", "ca.crt"
SINCE = 20
"""The Kubernetes minor that it came with."""
DESCRIPTION_ANNOTATION = "kubernetes.io/description"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the"
    " internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes"
    " clusters."
)
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
"""How soon it is tried again: twice as long each time."""

_NOBODY_MINDS = frozenset(("AlreadyExists", "NotFound"))


class RootCAPublisher:
    """``namespaces`` has the namespaces, ``config_maps`` at least those of this name; ``authority`` is PEM.

    What is deleted is made again, and what is changed is changed back.
    """

    def __init__(self, client: Client, namespaces: SharedInformer, config_maps: SharedInformer, authority: str) -> None:
        self._config_maps, self._data = client.resource(CONFIG_MAPS), {KEY: authority}
        self._namespaces, self._published = namespaces, config_maps
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        namespaces.add_event_handler(
            ResourceEventHandlerFuncs(
                on_add=lambda namespace, _: self._queue.add(namespace.key),
                on_update=lambda _, namespace: self._queue.add(namespace.key),
            )
        )
        config_maps.add_event_handler(
            ResourceEventHandlerFuncs(on_update=lambda _, found: self._changed(found), on_delete=self._changed)
        )

    async def run(self) -> None:
        """Publish until cancelled."""
        await self._namespaces.wait_for_sync()
        await self._published.wait_for_sync()
        await run_workers(self._queue, self._publish, name="root CA publisher")

    def _changed(self, config_map: CachedObject | DeletedFinalStateUnknown) -> None:
        namespace, _, name = config_map.key.rpartition("/")
        if name == NAME:
            self._queue.add(namespace)

    async def _publish(self, namespace: str) -> None:
        """Raises what the server answers, unless it is there already or the namespace goes."""
        cached = self._namespaces.indexer.get_by_key(namespace)
        if cached is None or cached.deletion_timestamp is not None:
            return
        published = self._published.indexer.get_by_key(f"{namespace}/{NAME}")
        try:
            if published is None:
                metadata = {"name": NAME, "annotations": {DESCRIPTION_ANNOTATION: DESCRIPTION}}
                await self._config_maps.create({"metadata": metadata, "data": self._data}, namespace=namespace)
            elif (corrected := self._corrected(published)) is not None:
                await self._config_maps.update(corrected)
        except ApiError as error:
            if error.reason not in _NOBODY_MINDS:
                raise

    def _corrected(self, published: CachedObject) -> dict[str, Any] | None:
        """As it should be; None if it is."""
        found = published.deep_copy()
        annotations = found["metadata"].get("annotations") or {}
        if found.get("data") == self._data and annotations.get(DESCRIPTION_ANNOTATION):
            return None
        found["metadata"]["annotations"] = {**annotations, DESCRIPTION_ANNOTATION: DESCRIPTION}
        return {**found, "data": self._data}
