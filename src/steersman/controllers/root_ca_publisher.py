"""The root CA publisher: every namespace has the certificate by which programs in it know the server.

It is the ConfigMap ``kube-root-ca.crt``, which the volume with a Pod's token shows beside it ("Managing Service
Accounts").
"""

from typing import Any

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.controllers.in_every_namespace import InEveryNamespace

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


class RootCAPublisher(InEveryNamespace):
    """``namespaces`` has the namespaces, ``config_maps`` at least those of this name; ``authority`` is PEM.

    What is deleted is made again, and what is changed is changed back.
    """

    def __init__(self, client: Client, namespaces: SharedInformer, config_maps: SharedInformer, authority: str) -> None:
        super().__init__(namespaces, config_maps, NAME)
        self._config_maps, self._data = client.resource(CONFIG_MAPS), {KEY: authority}
        config_maps.add_event_handler(
            ResourceEventHandlerFuncs(on_update=lambda _, found: self._changed(found), on_delete=self._changed)
        )

    async def run(self) -> None:
        """Publish until cancelled."""
        await self._run("root CA publisher")

    async def _provide(self, namespace: str, present: CachedObject | None) -> None:
        if present is None:
            metadata = {"name": NAME, "annotations": {DESCRIPTION_ANNOTATION: DESCRIPTION}}
            await self._config_maps.create({"metadata": metadata, "data": self._data}, namespace=namespace)
        elif (corrected := self._corrected(present)) is not None:
            await self._config_maps.update(corrected)

    def _corrected(self, published: CachedObject) -> dict[str, Any] | None:
        """As it should be; None if it is."""
        found = published.deep_copy()
        annotations = found["metadata"].get("annotations") or {}
        if found.get("data") == self._data and annotations.get(DESCRIPTION_ANNOTATION):
            return None
        found["metadata"]["annotations"] = {**annotations, DESCRIPTION_ANNOTATION: DESCRIPTION}
        return {**found, "data": self._data}
