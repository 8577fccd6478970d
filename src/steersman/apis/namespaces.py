"""Namespaces: their life cycle, and the four that are there from the start."""

import logging
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.names import label_name
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.resource import Object, Resource, Strategy, Subresource
from steersman.apiserver.registry.write_options import WriteOptions

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
FINALIZER = "kubernetes"
NAME_LABEL = "kubernetes.io/metadata.name"

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
                await lifecycle.create(namespaces, "", obj, WriteOptions(SERVER))
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    _logger.error("the namespace %s cannot be created: %s", name, error)
