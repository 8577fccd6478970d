"""Namespaces: their life cycle, the four that are there from the start, and the removal of what is in them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.names import label_name
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.lifecycle import DeleteOptions, Lifecycle, WriteOptions
from steersman.apiserver.registry.resource import Object, Resource, Strategy, Subresource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.store import StoreClosed
from steersman.storage.watch_cache import Cacher, Change, Entry

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
FINALIZER = "kubernetes"
NAME_LABEL = "kubernetes.io/metadata.name"
RETRY_SECONDS = 1.0
"""How soon a removal that failed is tried again."""
RECHECK_SECONDS = 30.0
"""How soon a namespace is looked at again whose content is held by finalizers, and nothing of it went."""

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
    """Create those that are missing; another replica may be at it too. The server runs without one that is refused."""
    cacher = await lifecycle.cacher(namespaces)
    for name in SYSTEM_NAMESPACES:
        if cacher.get("", name) is None:
            obj: dict[str, Any] = {"metadata": {"name": name}}
            try:
                await lifecycle.create(namespaces, "", obj, WriteOptions(_CONTROLLER))
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    _logger.error("the namespace %s cannot be created: %s", name, error)


class NamespaceRemoval:
    """Empties a namespace that is marked for deletion, then lets it go.

    Level-triggered: what is left in the namespace decides, and it is looked at again when some of it goes.
    """

    def __init__(self, lifecycle: Lifecycle, served: ServedResources, namespaces: Resource) -> None:
        self._lifecycle, self._served, self._namespaces = lifecycle, served, namespaces
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        """Take up what is marked already, and follow what will be."""
        cacher = await self._lifecycle.cacher(self._namespaces)
        self._unsubscribe = cacher.subscribe(self._applied)
        for entry in cacher.list(None)[0]:
            self._look_at(entry)

    async def stop(self) -> None:
        """Leave off; what is not done is taken up at the next start."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _applied(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if not change.deleted:
                self._look_at(change.entry)

    def _look_at(self, entry: Entry) -> None:
        name = entry.name
        if entry.metadata.deletion_timestamp is not None:
            self._again.add(name)
            if name not in self._tasks:
                self._tasks[name] = asyncio.get_running_loop().create_task(self._remove(name), name=f"remove {name}")

    async def _remove(self, name: str) -> None:
        try:
            while name in self._again:
                self._again.discard(name)
                if not await self._removed(name):
                    self._again.add(name)
        except StoreClosed:
            _logger.info("namespace %s: its removal goes on when the store is back", name)
        finally:
            del self._tasks[name]

    async def _removed(self, name: str) -> bool:
        """One round. False when something is left, or failed; then it has waited until a new one is worth it."""
        try:
            left = await self._delete_contents(name)
            if not left:
                await self._finalize(name)
                return True
            await _next_deletion(left, name)
        except StoreClosed:
            raise
        except Exception as error:
            known = isinstance(error, ApiError)
            _logger.log(
                logging.WARNING if known else logging.ERROR,
                "namespace %s: its content could not be deleted: %s",
                name,
                error,
                exc_info=not known,
            )
            await asyncio.sleep(RETRY_SECONDS)
        return False

    async def _delete_contents(self, name: str) -> list[Cacher]:
        """Delete what the namespace holds; the caches of those kinds of which something stays, for its finalizers."""
        left, failure = [], None
        for resource in self._contents():
            cacher = await self._lifecycle.cacher(resource)
            entries = [entry for entry in cacher.list(name)[0] if entry.metadata.deletion_timestamp is None]
            try:
                await self._lifecycle.delete_collection(resource, entries, DeleteOptions(_CONTROLLER))
            except ApiError as error:
                failure = failure or error
            if cacher.list(name)[0]:
                left.append(cacher)
        if failure is not None:
            raise failure
        return left

    async def _finalize(self, name: str) -> None:
        finalize, options = self._namespaces.subresources["finalize"], WriteOptions(_CONTROLLER)
        try:
            await self._lifecycle.update(self._namespaces, "", name, _without_finalizer, options, finalize)
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    def _contents(self) -> list[Resource]:
        """One namespaced resource for each stored kind."""
        by_prefix = {one.stored.prefix: one for one in self._served.all() if one.namespaced and one.stored is not None}
        return list(by_prefix.values())


async def _next_deletion(cachers: Sequence[Cacher], namespace: str) -> None:
    """Return when an object of the namespace is gone from one of the caches, in :data:`RECHECK_SECONDS` at the latest.

    At once where a cache has become empty since it was looked at: then that event has been missed.
    """
    gone = asyncio.Event()

    def applied(changes: Sequence[Change]) -> None:
        if any(change.deleted and change.entry.namespace == namespace for change in changes):
            gone.set()

    with contextlib.ExitStack() as stack:
        for cacher in cachers:
            stack.callback(cacher.subscribe(applied))
        if all(cacher.list(namespace)[0] for cacher in cachers):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), RECHECK_SECONDS)


def _without_finalizer(namespace: Object) -> Object:
    finalizers = [one for one in namespace["spec"].get("finalizers") or () if one != FINALIZER]
    namespace["spec"] = {**namespace["spec"], "finalizers": finalizers}
    return namespace
