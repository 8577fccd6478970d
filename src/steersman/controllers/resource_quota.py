"""Keeps the status of ResourceQuotas: what is used of each, counted anew when something goes or takes less.

What a create takes is charged by admission (ResourceQuota), before the object is there; see
:mod:`steersman.admission.resource_quota`.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from steersman.admission.resource_quota.amounts import read, written
from steersman.admission.resource_quota.evaluator import Evaluator
from steersman.admission.resource_quota.recount import recount
from steersman.admission.resource_quota.registry import evaluators_for
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer, SharedInformerFactory
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

RESOURCE_QUOTAS = ApiResource("", "v1", "resourcequotas", "ResourceQuota", True, DICTS)
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
RESYNC_SECONDS = 300.0
"""How often all is counted again."""
WORKERS = 5

Find = Callable[[GroupResource], ApiResource[dict[str, Any]] | None]
"""The resource in a version that is served; None if it is not."""


class ResourceQuotaController:
    """Of the kinds that quotas speak of, and of no others, ``factory`` keeps the objects.

    Level-triggered: what is there now decides.
    """

    def __init__(self, client: Client, factory: SharedInformerFactory, find: Find) -> None:
        self._client, self._factory, self._find = client, factory, find
        self._quotas = client.resource(RESOURCE_QUOTAS)
        self._informer = factory.for_resource(RESOURCE_QUOTAS)
        self._watched: dict[GroupResource, SharedInformer] = {}
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        handler = ResourceEventHandlerFuncs(
            on_add=lambda quota, _: self._queue.add(quota.key), on_update=self._quota_changed
        )
        self._informer.add_event_handler(handler, RESYNC_SECONDS)

    async def run(self) -> None:
        """Count until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._count, name="quota controller", workers=WORKERS)

    def _quota_changed(self, old: CachedObject, new: CachedObject) -> None:
        """What admission charges needs no count."""
        if old is new or old.get("spec") != new.get("spec") or _hard(new, "status") != _hard(new, "spec"):
            self._queue.add(new.key)

    async def _count(self, key: str) -> None:
        """Raises what the server answers."""
        cached = self._informer.indexer.get_by_key(key)
        if cached is None or cached.deletion_timestamp is not None:
            return
        quota = cached.deep_copy()
        hard = (quota.get("spec") or {}).get("hard") or {}
        for evaluator in evaluators_for(hard):
            await self._watch(evaluator)
        used = recount(quota, list(hard), partial(self._objects, cached.namespace), datetime.now(UTC))
        status = quota.get("status") or {}
        if status.get("hard") == hard and read(status.get("used")) == used:
            return
        quota["status"] = {**status, "hard": hard, "used": written(used)}
        # The count of this moment is as good as any: a charge that came meanwhile is admission's to keep.
        del quota["metadata"]["resourceVersion"]
        try:
            await self._quotas.update(quota, subresource="status")
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    def _objects(self, namespace: str, evaluator: Evaluator) -> Sequence[Callable[[], dict[str, Any]]]:
        informer = self._watched.get(evaluator.resource)
        if informer is None:
            return []
        return [one.deep_copy for one in informer.indexer.list() if one.namespace == namespace]

    async def _watch(self, evaluator: Evaluator) -> None:
        """Keep the objects of the evaluator's kind, if it is served, and hear of what changes a quota's usage."""
        informer = self._watched.get(evaluator.resource)
        if informer is None:
            found = self._find(evaluator.resource)
            if found is None:
                return
            informer = self._watched[evaluator.resource] = self._factory.for_resource(found)
            handler = ResourceEventHandlerFuncs(
                on_update=partial(self._object_changed, evaluator), on_delete=self._object_gone
            )
            informer.add_event_handler(handler)
            self._factory.start()
        await informer.wait_for_sync()

    def _object_changed(self, evaluator: Evaluator, old: CachedObject, new: CachedObject) -> None:
        keys = [] if evaluator.only_counts or old is new else self._quotas_of(new.namespace)
        now = datetime.now(UTC)
        if keys and evaluator.usage(old.deep_copy(), now) != evaluator.usage(new.deep_copy(), now):
            self._add(keys)

    def _object_gone(self, obj: CachedObject | DeletedFinalStateUnknown) -> None:
        namespace = obj.key.partition("/")[0] if isinstance(obj, DeletedFinalStateUnknown) else obj.namespace
        self._add(self._quotas_of(namespace))

    def _quotas_of(self, namespace: str) -> list[str]:
        return [quota.key for quota in self._informer.indexer.list() if quota.namespace == namespace]

    def _add(self, keys: list[str]) -> None:
        for key in keys:
            self._queue.add(key)


def _hard(quota: CachedObject, part: str) -> Any:
    return (quota.get(part) or {}).get("hard")
