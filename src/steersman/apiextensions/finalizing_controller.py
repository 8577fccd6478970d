"""The controller that lets deleted definitions go: first their instances, then their finalizer."""

from collections.abc import Awaitable, Callable
from typing import Any

from steersman.apiextensions.conditions import (
    ESTABLISHED,
    TERMINATING,
    Condition,
    Object,
    conditions_of,
    is_condition_true,
    with_conditions,
)
from steersman.apiextensions.definition_strategy import FINALIZER
from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.resource_client import ResourceClient
from steersman.client.work_queue import RateLimitingQueue
from steersman.client.workers import run_workers


def _terminating(status: str, reason: str, message: str) -> Condition:
    return Condition(TERMINATING, status, reason, message)


_IN_PROGRESS = _terminating("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
_COMPLETED = _terminating("False", "InstanceDeletionCompleted", "removed all instances")
_NEVER_ESTABLISHED = _terminating("False", "NeverEstablished", "resource was never established")


class FinalizingController:
    """``delete_instances`` deletes a definition's instances and tells whether all are gone; ``look_at`` is to be called
    when that may have changed. ``now`` gives the time in RFC 3339 seconds.
    """

    def __init__(
        self,
        definitions: ResourceClient[dict[str, Any]],
        informer: SharedInformer,
        delete_instances: Callable[[str], Awaitable[bool]],
        now: Callable[[], str],
    ) -> None:
        self._definitions, self._informer, self._now = definitions, informer, now
        self._delete_instances = delete_instances
        self._queue: RateLimitingQueue[str] = RateLimitingQueue()
        self.look_at = self._queue.add
        handler = ResourceEventHandlerFuncs(
            on_add=lambda crd, _: self._changed(crd), on_update=lambda _, crd: self._changed(crd)
        )
        informer.add_event_handler(handler)

    async def run(self) -> None:
        """Let deleted definitions go until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._finalize, name="finalizing controller")

    def _changed(self, definition: CachedObject) -> None:
        if definition.deletion_timestamp is not None:
            self._queue.add(definition.key)

    async def _finalize(self, name: str) -> None:
        cached = self._informer.indexer.get_by_key(name)
        if cached is None or cached.deletion_timestamp is None:
            return
        crd = cached.deep_copy()
        if FINALIZER not in (crd["metadata"].get("finalizers") or ()):
            return
        if not is_condition_true(crd, ESTABLISHED):
            await self._let_go(crd, _NEVER_ESTABLISHED)
            return
        crd = await self._say(crd, _IN_PROGRESS)
        try:
            all_gone = await self._delete_instances(name)
        except ApiError as error:
            message = f"could not issue all deletes: {error}"
            await self._say(crd, _terminating("True", "InstanceDeletionFailed", message))
            raise
        if all_gone:
            await self._let_go(crd, _COMPLETED)

    async def _say(self, crd: Object, condition: Condition) -> Object:
        """The definition with the condition, written if it is a new one."""
        conditions = with_conditions(conditions_of(crd), [condition], self._now())
        if conditions == conditions_of(crd):
            return crd
        return await self._definitions.update_status(
            {**crd, "status": {**(crd.get("status") or {}), "conditions": conditions}}
        )

    async def _let_go(self, crd: Object, condition: Condition) -> None:
        crd = await self._say(crd, condition)
        finalizers = [one for one in crd["metadata"].get("finalizers") or () if one != FINALIZER]
        await self._definitions.update({**crd, "metadata": {**crd["metadata"], "finalizers": finalizers}})
