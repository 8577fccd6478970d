"""Emptying a namespace: everything that it holds is deleted, whatever kinds are served at the moment."""

import asyncio
from collections.abc import Sequence
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.client import Client
from steersman.client.discovery import ServedResource
from steersman.client.resource_client import ResourceClient
from steersman.client.transport import TransportError
from steersman.controllers.namespace_conditions import Outcome, unread_groups

PODS = GroupResource("", "pods")
PODS_FIRST_SINCE = 33
"""The minor from which on nothing else goes before the Pods are gone (KEP-5080)."""

_NEEDED = frozenset(("list", "delete"))
_NOT_THERE = frozenset((404, 405))


async def delete_content(client: Client, namespace: str, minor: int) -> Outcome:
    """Delete what the namespace holds, as far as that goes, and tell what came of it."""
    outcome, pods_first = Outcome(), minor >= PODS_FIRST_SINCE
    for resource in await _resources(client, outcome, pods_first):
        try:
            await _delete_all(client, resource, namespace, outcome)
        except ApiError as error:
            if error.code not in _NOT_THERE:
                outcome.failures.append(error.message)
        if pods_first and outcome.remaining and _is_pods(resource):
            break
        # Many kinds are asked for, mostly in vain: others get their turn.
        await asyncio.sleep(0)
    return outcome


async def _resources(client: Client, outcome: Outcome, pods_first: bool) -> Sequence[ServedResource]:
    """The namespaced resources that can be listed and deleted, each in its preferred version."""
    client.discovery.invalidate()
    try:
        served = await client.discovery.served()
    except (ApiError, TransportError, TimeoutError) as error:
        outcome.undiscovered = str(error) or type(error).__name__
        return ()
    if served.failures:
        outcome.undiscovered = unread_groups(served.failures)
    found = [one for one in served.preferred() if one.namespaced and one.verbs >= _NEEDED]
    return sorted(found, key=lambda one: not _is_pods(one)) if pods_first else found


async def _delete_all(client: Client, resource: ServedResource, namespace: str, outcome: Outcome) -> None:
    """Raises the first failure."""
    objects = client.resource(resource.api_resource)
    page = await objects.list(namespace=namespace, limit=1, include_uninitialized=True).page()
    if not page.items:
        return
    if "deletecollection" in resource.verbs:
        await objects.delete_collection(namespace=namespace, include_uninitialized=True)
    else:
        await _delete_each(objects, namespace)
    remaining = [one async for one in objects.list(namespace=namespace, include_uninitialized=True)]
    if not remaining:
        return
    outcome.remaining[resource.group_version_resource] = len(remaining)
    finalizers = [name for one in remaining for name in one["metadata"].get("finalizers") or ()]
    outcome.finalizers.update(finalizers)
    if not finalizers:
        what = f"namespace: {namespace} for gvr: {resource.group_version_resource}"
        outcome.failures.append(f"unexpected items still remain in {what}")


async def _delete_each(objects: ResourceClient[dict[str, Any]], namespace: str) -> None:
    """For the kinds that cannot be deleted all at once, such as Services before 1.23."""
    async for one in objects.list(namespace=namespace, include_uninitialized=True):
        try:
            await objects.delete(one["metadata"]["name"], namespace=namespace)
        except ApiError as error:
            if error.reason != "NotFound":
                raise


def _is_pods(resource: ServedResource) -> bool:
    return (resource.group, resource.plural) == PODS
