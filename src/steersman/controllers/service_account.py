"""The service accounts controller: every namespace has a ServiceAccount named ``default``."""

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.controllers.in_every_namespace import InEveryNamespace

DEFAULT = "default"
SERVICE_ACCOUNTS = ApiResource("", "v1", "serviceaccounts", "ServiceAccount", True, DICTS)


class ServiceAccountController(InEveryNamespace):
    """``namespaces`` and ``accounts`` are informers of both kinds. An account that is deleted is made again."""

    def __init__(self, client: Client, namespaces: SharedInformer, accounts: SharedInformer) -> None:
        super().__init__(namespaces, accounts, DEFAULT)
        self._accounts = client.resource(SERVICE_ACCOUNTS)
        accounts.add_event_handler(ResourceEventHandlerFuncs(on_delete=self._changed))

    async def run(self) -> None:
        """Make accounts until cancelled."""
        await self._run("service account controller")

    async def _provide(self, namespace: str, present: CachedObject | None) -> None:
        if present is None:
            await self._accounts.create({"metadata": {"name": DEFAULT}}, namespace=namespace)
