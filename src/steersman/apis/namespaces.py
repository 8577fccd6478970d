"""Namespaces: their life cycle, the four that are there from the start, and the removal of what is in them."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.names import label_name
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.lifecycle import DeleteOptions, Lifecycle, WriteOptions
from steersman.apiserver.registry.resource import Object, Resource, Strategy, Subresource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.watch_cache import Change

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
FINALIZER = "kubernetes"
NAME_LABEL = "kubernetes.io/metadata.name"
RETRY_SECONDS = 1.0
"""How soon a namespace whose content would not go is looked at again."""

_CONTROLLER = UserInfo("system:serviceaccount:kube-system:namespace-controller", groups=("system:masters",))
_logger = logging.getLogger(__name__)


class NamespaceStrategy(Strategy):
    """A namespace goes when both metadata.finalizers and spec.finalizers are empty."""

    has_status = True
    validate_name = staticmethod(label_name)

    def prepare_for_create(self, obj: Object) -> None:
        finalizers = [one for one in (obj.get("spec") or {}).get("finalizers") or () if one != FINALIZER]
        obj["spec"] = {**(obj.get("spec") or {}), "finalizers": [*finalizers, FINALIZER]}
        obj["status"] = {"phase": "Active"}
        meta = obj["metadata"]
        meta["labels"] = {**(meta.get("labels") or {}), NAME_LABEL: meta.get("name") or ""}

    def prepare_for_update(self, obj: Object, old: Object) -> None:
        super().prepare_for_update(obj, old)
        obj["spec"] = {**(obj.get("spec") or {}), "finalizers": (old.get("spec") or {}).get("finalizers") or []}
        meta = obj["metadata"]
        meta["labels"] = {**(meta.get("labels") or {}), NAME_LABEL: meta["name"]}

    def may_go(self, obj: Object) -> bool:
        return super().may_go(obj) and not (obj.get("spec") or {}).get("finalizers")

    def begin_deletion(self, obj: Object) -> None:
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}


def _finalize(parent: Object, body: Object) -> Object:
    spec = body.get("spec") or {}
    parent["spec"] = {**(parent.get("spec") or {}), "finalizers": spec.get("finalizers") or []}
    return parent


FINALIZE = Subresource(
    "finalize", GroupVersionKind("", "v1", "Namespace"), ("update",), read=lambda parent: parent, write=_finalize
)


async def create_system_namespaces(lifecycle: Lifecycle, namespaces: Resource) -> None:
    """Create those that are missing."""
    cacher = await lifecycle.cacher(namespaces)
    for name in SYSTEM_NAMESPACES:
        if cacher.get("", name) is None:
            obj: dict[str, Any] = {"metadata": {"name": name}}
            await lifecycle.create(namespaces, "", obj, WriteOptions(_CONTROLLER))


class NamespaceRemoval:
    """Empties a namespace that is marked for deletion, then lets it go."""

    def __init__(self, lifecycle: Lifecycle, served: ServedResources, namespaces: Resource) -> None:
        self._lifecycle, self._served, self._namespaces = lifecycle, served, namespaces
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Take up what is marked already, and follow what will be."""
        cacher = await self._lifecycle.cacher(self._namespaces)
        cacher.subscribe(self._applied)
        for entry in cacher.list(None)[0]:
            if entry.metadata.deletion_timestamp is not None:
                self._begin(entry.name)

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _applied(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if not change.deleted and change.entry.metadata.deletion_timestamp is not None:
                self._begin(change.entry.name)

    def _begin(self, name: str) -> None:
        if name not in self._tasks:
            task = self._tasks[name] = asyncio.get_running_loop().create_task(self._remove(name))
            task.add_done_callback(lambda _done: self._tasks.pop(name, None))

    async def _remove(self, name: str) -> None:
        while not await self._emptied(name):
            await asyncio.sleep(RETRY_SECONDS)
        finalize = self._namespaces.subresources["finalize"]
        try:
            await self._lifecycle.update(
                self._namespaces, "", name, _without_finalizer, WriteOptions(_CONTROLLER), finalize
            )
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    async def _emptied(self, name: str) -> bool:
        """Delete what the namespace holds; false when something stays (finalizers, or a failure)."""
        left = 0
        for resource in self._contents():
            cacher = await self._lifecycle.cacher(resource)
            entries, _ = cacher.list(name)
            if not entries:
                continue
            try:
                await self._lifecycle.delete_collection(resource, entries, DeleteOptions(_CONTROLLER))
            except ApiError as error:
                _logger.warning("namespace %s: %s could not be deleted: %s", name, resource.group_resource, error)
            left += len(cacher.list(name)[0])
        return left == 0

    def _contents(self) -> list[Resource]:
        """One namespaced resource for each stored kind."""
        by_prefix = {one.stored.prefix: one for one in self._served.all() if one.namespaced and one.stored is not None}
        return list(by_prefix.values())


def _without_finalizer(namespace: Object) -> Object:
    finalizers = [one for one in namespace["spec"].get("finalizers") or () if one != FINALIZER]
    namespace["spec"] = {**namespace["spec"], "finalizers": finalizers}
    return namespace
