"""The controller that checks the types of ValidatingAdmissionPolicies, and tells what it found in their status."""

from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.resource_client import ResourceClient
from steersman.client.work_queue import RateLimitingQueue
from steersman.client.workers import run_workers
from steersman.controllers.policy_type_checking import PolicyTypeChecker

NAME = "validatingadmissionpolicy-status"


class ValidatingAdmissionPolicyStatusController:
    """Writes ``status.typeChecking`` and ``status.observedGeneration``, once for each generation; nothing else of the
    status is touched.
    """

    def __init__(
        self, policies: ResourceClient[dict[str, Any]], informer: SharedInformer, checker: PolicyTypeChecker
    ) -> None:
        self._policies, self._informer, self._checker = policies, informer, checker
        self._queue: RateLimitingQueue[str] = RateLimitingQueue()
        handler = ResourceEventHandlerFuncs(
            on_add=lambda policy, _: self._queue.add(policy.key),
            on_update=lambda _, policy: self._queue.add(policy.key),
        )
        informer.add_event_handler(handler)

    async def run(self) -> None:
        """Check policies until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._check, name=NAME)

    async def _check(self, name: str) -> None:
        """Raises what the server answers."""
        cached: CachedObject | None = self._informer.indexer.get_by_key(name)
        if cached is None:
            return
        policy = cached.deep_copy()
        generation = policy["metadata"].get("generation") or 0
        if generation <= ((policy.get("status") or {}).get("observedGeneration") or 0):
            return
        warnings = await self._checker.warnings(policy.get("spec") or {})
        status = {"observedGeneration": generation, "typeChecking": {"expressionWarnings": warnings or None}}
        try:
            await self._policies.patch(name, {"status": status}, subresource="status", field_manager=NAME)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
