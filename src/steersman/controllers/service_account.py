"""The service accounts controller: every namespace has a ServiceAccount named ``default``."""

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

DEFAULT = "default"
SERVICE_ACCOUNTS = ApiResource("", "v1", "serviceaccounts", "ServiceAccount", True, DICTS)
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
"""How soon it is tried again: twice as long each time."""

_NOBODY_MINDS = frozenset(("AlreadyExists", "NotFound"))


class ServiceAccountController:
    """``namespaces`` and ``accounts`` are informers of both kinds. An account that is deleted is made again."""

    def __init__(self, client: Client, namespaces: SharedInformer, accounts: SharedInformer) -> None:
        self._client, self._namespaces, self._accounts = client, namespaces, accounts
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        namespaces.add_event_handler(
            ResourceEventHandlerFuncs(
                on_add=lambda namespace, _: self._queue.add(namespace.key),
                on_update=lambda _, namespace: self._queue.add(namespace.key),
            )
        )
        accounts.add_event_handler(ResourceEventHandlerFuncs(on_delete=self._deleted))

    async def run(self) -> None:
        """Make accounts until cancelled."""
        await self._namespaces.wait_for_sync()
        await self._accounts.wait_for_sync()
        await run_workers(self._queue, self._provide, name="service account controller", workers=1)

    def _deleted(self, account: CachedObject | DeletedFinalStateUnknown) -> None:
        namespace, _, name = account.key.rpartition("/")
        if name == DEFAULT:
            self._queue.add(namespace)

    async def _provide(self, namespace: str) -> None:
        """Raises what the server answers, unless the account is there or the namespace goes."""
        cached = self._namespaces.indexer.get_by_key(namespace)
        if cached is None or cached.deletion_timestamp is not None:
            return
        if self._accounts.indexer.get_by_key(f"{namespace}/{DEFAULT}") is not None:
            return
        try:
            accounts = self._client.resource(SERVICE_ACCOUNTS)
            await accounts.create({"metadata": {"name": DEFAULT}}, namespace=namespace)
        except ApiError as error:
            if error.reason not in _NOBODY_MINDS:
                raise
