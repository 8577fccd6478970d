"""``pods/binding``, and ``bindings`` of old: a scheduler says on which node a Pod is to run."""

from collections.abc import Callable

from msgspec import Struct

from steersman.apimachinery.errors import (
    FieldError,
    bad_request,
    conflict,
    field_not_supported,
    field_required,
    invalid,
    path_not_found,
)
from steersman.apimachinery.group_version import GroupKind, GroupResource
from steersman.apimachinery.object_meta import validate_annotations, validate_labels
from steersman.apis.pod_conditions import set_condition
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionCall, Object

PODS = GroupResource("", "pods")
_BINDINGS = GroupResource("", "pods/binding")
_KIND = GroupKind("", "Binding")
_LABELS_MINOR = 35
"""The minor from which on a binding's labels become the Pod's, and its nomination for a node ends."""


def check_binding(body: Object, namespace: str, name: str) -> None:
    """Raises 400 for another name than the URL's, 422 for a target that is no node."""
    if body["metadata"].get("name") != name:
        raise bad_request("name in URL does not match name in Binding object")
    target, errors = body.get("target") or {}, list[FieldError]()
    if target.get("kind") not in (None, "", "Node"):
        errors.append(field_not_supported("target.kind", target["kind"], ("Node", "<empty>")))
    if not target.get("name"):
        errors.append(field_required("target.name"))
    if errors:
        raise invalid(_KIND, name, errors)


class PodBinding(Struct, frozen=True):
    """Binds Pods. ``now`` gives the time in RFC 3339; ``minor`` is the Kubernetes minor."""

    lifecycle: Lifecycle
    objects: ObjectReader
    now: Callable[[], str]
    minor: int

    async def act(self, call: ActionCall) -> Object:
        """Raises 404 without the Pod, 409 for one that has a node, that goes, or that the binding does not mean.

        422 for what cannot be its labels or annotations.
        """
        pods = self.objects.resource(PODS)
        if pods is None:
            raise path_not_found()
        await self.lifecycle.rewrite(
            pods, call.namespace, call.name, lambda pod: self._bound(pod, call.body), dry_run=call.dry_run
        )
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}

    def _bound(self, pod: Object, binding: Object) -> Object:
        _check_pod(pod, binding["metadata"])
        pod["spec"]["nodeName"] = binding["target"]["name"]
        _merge(pod, binding, "annotations")
        if self.minor >= _LABELS_MINOR:
            _merge(pod, binding, "labels")
            (pod.get("status") or {}).pop("nominatedNodeName", None)
        meta = pod["metadata"]
        errors = validate_annotations(meta.get("annotations") or {}, "metadata.annotations")
        errors += validate_labels(meta.get("labels") or {}, "metadata.labels")
        if errors:
            raise invalid(_KIND, meta["name"], errors)
        set_condition(pod, {"type": "PodScheduled", "status": "True"}, self.now())
        return pod


def _check_pod(pod: Object, wanted: Object) -> None:
    """Raises 409 for a Pod that cannot be bound, or is not the one in the state that is ``wanted``."""
    meta, spec = pod["metadata"], pod["spec"]
    name = meta["name"]
    for field, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        if wanted.get(field) and wanted[field] != meta.get(field):
            failed = f"{label} in precondition: {wanted[field]}, {label} in object meta: {meta.get(field)}"
            raise conflict(PODS, name, f"Precondition failed: {failed}")
    if meta.get("deletionTimestamp"):
        raise conflict(_BINDINGS, name, f"pod {name} is being deleted, cannot be assigned to a host")
    if spec.get("nodeName"):
        raise conflict(_BINDINGS, name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
    if spec.get("schedulingGates"):
        raise conflict(_BINDINGS, name, f"pod {name} has non-empty .spec.schedulingGates")


def _merge(pod: Object, binding: Object, field: str) -> None:
    said = binding["metadata"].get(field)
    if said:
        pod["metadata"][field] = {**(pod["metadata"].get(field) or {}), **said}
