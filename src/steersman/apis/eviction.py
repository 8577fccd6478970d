"""``pods/eviction``: deletes a Pod where its PodDisruptionBudget allows that (KEP-85; policy/v1 Eviction)."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from msgspec import Struct, field
from msgspec.structs import replace

from steersman.apimachinery.errors import ApiError, bad_request, not_found, path_not_found, timeout
from steersman.apimachinery.group_version import GroupResource
from steersman.apis.disruption_budget import BUDGETS, budgets_of, may_go_unready, still_processed, take_disruption
from steersman.apis.pod_conditions import set_condition
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.registry import metadata
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionCall, Object, Resource
from steersman.apiserver.registry.write_options import DeleteOptions, WriteOptions

PODS = GroupResource("", "pods")
ATTEMPTS = 20
"""How often an eviction that met another write is tried again."""
CONDITION_MINOR = 26
"""The minor from which on an evicted Pod has a condition that says why it goes (KEP-3329)."""

_CONDITION = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}
_NOT_SAID = frozenset(("apiVersion", "kind", "dryRun"))
_DONE = frozenset(("Succeeded", "Failed"))


def check_eviction(body: Object, namespace: str, name: str) -> None:
    """Raises 400 for another name than the URL's."""
    if body["metadata"].get("name") != name:
        raise bad_request("name in URL does not match name in Eviction object")


class PodEviction(Struct, frozen=True):
    """Evicts Pods. ``now`` gives the time in RFC 3339; ``minor`` is the Kubernetes minor."""

    lifecycle: Lifecycle
    objects: ObjectReader
    now: Callable[[], str]
    minor: int
    locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """Of each budget that is being taken from: a drained node evicts many Pods of one at a time."""

    async def act(self, call: ActionCall) -> Object:
        """Raises 429 where the budget allows no disruption, 409 for preconditions, 500 for more than one budget."""
        options = _deletion(call)
        if not await self._deleted_regardless(call, options):
            await self._delete_within_budget(call, options)
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}

    async def _deleted_regardless(self, call: ActionCall, options: DeleteOptions) -> bool:
        """Whether the Pod is gone, being one that no budget counts: it has not begun, or has ended."""
        is_free, left = "resourceVersion" not in options.preconditions, ATTEMPTS
        while _counts_for_no_budget(pod := await self._pod(call)):
            left -= 1
            enforces = _phase(pod) not in _DONE and "deletionTimestamp" not in pod["metadata"]
            try:
                await self._delete(call, _at_version(options, pod) if enforces and is_free else options)
            except ApiError as error:
                if error.reason == "Conflict" and is_free and left:
                    continue
                raise
            return True
        return False

    async def _delete_within_budget(self, call: ActionCall, options: DeleteOptions) -> None:
        pod = await self._pod(call)
        found = [entry.parsed() for entry in await self.objects.list(BUDGETS, call.namespace)]
        budgets = budgets_of(pod, found, self.minor)
        if len(budgets) > 1:
            told = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            raise ApiError(500, "InternalError", told)
        if not budgets:
            await self._delete(call, options)
            return
        name = budgets[0]["metadata"]["name"]
        if not may_go_unready(pod, budgets[0]):
            await self._take(name, call, options.dry_run)
            await self._delete(call, options)
            return
        try:
            # As long as it is unready.
            await self._delete(call, _at_version(options, pod))
        except ApiError as error:
            if error.reason == "Conflict" and "resourceVersion" not in options.preconditions:
                raise still_processed(name) from None
            raise

    async def _take(self, name: str, call: ActionCall, dry_run: bool) -> None:
        """Take one disruption from the budget. Raises 429."""
        resource, namespace = self._resource(BUDGETS), call.namespace
        take = partial(take_disruption, pod=call.name, now=self.now())
        lock = self.locks.get((namespace, name))
        if lock is None:
            lock = self.locks[namespace, name] = asyncio.Lock()
        async with lock:
            try:
                await self.lifecycle.update(
                    resource,
                    namespace,
                    name,
                    take,
                    WriteOptions(SERVER, dry_run=dry_run),
                    resource.subresources.get("status"),
                )
            except ApiError as error:
                if error.reason == "Conflict":
                    raise timeout(f'couldn\'t update PodDisruptionBudget "{name}" due to conflicts', 10) from None
                # A budget that went meanwhile allows all; that it is not found is not for the client, who would
                # take it to mean the Pod.
                if error.reason != "NotFound":
                    raise

    async def _delete(self, call: ActionCall, options: DeleteOptions) -> None:
        pods = self._resource(PODS)
        if not options.dry_run and self.minor >= CONDITION_MINOR:

            def mark(pod: Object) -> Object:
                metadata.check_preconditions(options.preconditions, pod["metadata"], pods)
                set_condition(pod, _CONDITION, self.now())
                return pod

            entry = await self.lifecycle.rewrite(pods, call.namespace, call.name, mark)
            if "resourceVersion" in options.preconditions:
                options = _with_version(options, str(entry.revision))
        await self.lifecycle.delete(pods, call.namespace, call.name, options)

    async def _pod(self, call: ActionCall) -> Object:
        entry = await self.objects.get(PODS, call.namespace, call.name)
        if entry is None:
            raise not_found(PODS, call.name)
        pod: Object = entry.parsed()
        return pod

    def _resource(self, resource: GroupResource) -> Resource:
        found = self.objects.resource(resource)
        if found is None:
            raise path_not_found()
        return found


def _deletion(call: ActionCall) -> DeleteOptions:
    """What the eviction says of the deletion; a dry run may be asked for in the query or there."""
    said: dict[str, Any] = call.body.get("deleteOptions") or {}
    dry_run = said.get("dryRun") or []
    if call.dry_run and dry_run not in ([], ["All"]):
        told = f"[All] and [{' '.join(dry_run)}]"
        raise bad_request(f"Non-matching dry-run options in request and content: {told}")
    options = {name: value for name, value in said.items() if name not in _NOT_SAID}
    return DeleteOptions(call.user, call.dry_run or bool(dry_run), options, admitted=True)


def _at_version(options: DeleteOptions, pod: Object) -> DeleteOptions:
    return _with_version(options, pod["metadata"]["resourceVersion"])


def _with_version(options: DeleteOptions, version: str) -> DeleteOptions:
    preconditions = {**options.preconditions, "resourceVersion": version}
    return replace(options, said={**options.said, "preconditions": preconditions})


def _phase(pod: Object) -> str:
    return (pod.get("status") or {}).get("phase") or "Pending"


def _counts_for_no_budget(pod: Object) -> bool:
    return _phase(pod) in _DONE or _phase(pod) == "Pending" or "deletionTimestamp" in pod["metadata"]
