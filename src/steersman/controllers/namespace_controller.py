"""The namespace controller: empties a namespace that is marked for deletion, then lets it go."""

import logging
from collections.abc import Callable
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

FINALIZER = "kubernetes"
NAMESPACES = ApiResource("", "v1", "namespaces", "Namespace", False, DICTS)
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
"""How soon a namespace is looked at again in which something stays: twice as long each time."""
WORKERS = 5

_OUTRUN = frozenset(("Conflict", "NotFound"))
_logger = logging.getLogger(__name__)


class ContentRemains(ApiError):
    """Finalizers hold some of what a namespace has; it goes on when they are gone."""


class NamespaceController:
    """Deletes the content of ``client``'s namespaces that are being deleted; ``informer`` has the namespaces.

    Level-triggered: what is left in the namespace decides. Conditions in its status tell what that is, as they do in
    Kubernetes' ``minor``; ``now`` gives the time in RFC 3339.
    """

    def __init__(self, client: Client, informer: SharedInformer, minor: int, now: Callable[[], str]) -> None:
        self._client, self._informer, self._minor, self._now = client, informer, minor, now
        self._namespaces = client.resource(NAMESPACES)
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        handler = ResourceEventHandlerFuncs(
            on_add=lambda namespace, _: self._look_at(namespace), on_update=self._changed
        )
        informer.add_event_handler(handler)

    async def run(self) -> None:
        """Remove namespaces until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._remove, name="namespace controller", workers=WORKERS)

    def _changed(self, old: CachedObject, new: CachedObject) -> None:
        """One that was going already is looked at until it is gone: what is said of it meanwhile, is said here."""
        if old.deletion_timestamp is None or old.uid != new.uid:
            self._look_at(new)

    def _look_at(self, namespace: CachedObject) -> None:
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
        # Imported with the first namespace that goes: it takes reading what is served.
        from steersman.controllers.namespace_conditions import conditions_after
        from steersman.controllers.namespace_content import delete_content

        outcome = await delete_content(self._client, name, self._minor)
        present = (namespace.get("status") or {}).get("conditions") or []
        namespace = await self._tell(namespace, conditions_after(present, outcome, self._minor, self._now()))
        if outcome.failures or outcome.undiscovered:
            raise ApiError(500, "InternalError", str(outcome))
        if not outcome.is_empty:
            raise ContentRemains(409, "Conflict", str(outcome))
        finalizers = [one for one in namespace["spec"]["finalizers"] if one != FINALIZER]
        namespace["spec"] = {**namespace["spec"], "finalizers": finalizers}
        try:
            await self._namespaces.update(namespace, subresource="finalize")
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    async def _tell(self, namespace: dict[str, Any], conditions: list[dict[str, Any]] | None) -> dict[str, Any]:
        """The namespace as it is once ``conditions`` are in its status (None: they are). It goes without, too."""
        if conditions is None:
            return namespace
        told = {**namespace, "status": {**(namespace.get("status") or {}), "conditions": conditions}}
        try:
            return await self._namespaces.update_status(told)
        except ApiError as error:
            if error.reason not in _OUTRUN:
                _logger.warning("the status of the namespace %s cannot be written: %s", told["metadata"]["name"], error)
            return namespace
