"""RuntimeClass: a Pod takes on the overhead, node selector and tolerations of the class that runs it.

Specified in "Runtime Class" and KEP-688 (Pod overhead).
"""

from collections.abc import Awaitable
from typing import Any

from steersman.admission import tolerations
from steersman.admission.configuration import ReadsObjects
from steersman.admission.pod_spec import PODS, Amounts, amounts
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.registry.resource import Object

RUNTIME_CLASSES = GroupResource("node.k8s.io", "runtimeclasses")


class RuntimeClass(ReadsObjects):
    name = "RuntimeClass"
    operations = frozenset((CREATE,))
    resources = frozenset((PODS,))

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        if attributes.subresource or attributes.object is None:
            return None
        spec = attributes.object.get("spec") or {}
        return None if spec.get("runtimeClassName") is None else self._take_on(attributes, spec)

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        if attributes.subresource or attributes.object is None:
            return None
        spec = attributes.object.get("spec") or {}
        if spec.get("runtimeClassName") is not None:
            return self._compare(attributes, spec)
        _check_overhead(attributes, spec, None)
        return None

    async def _take_on(self, attributes: Attributes, spec: Object) -> None:
        runtime_class = await self._class_of(attributes, spec)
        overhead = _overhead(runtime_class)
        if overhead is not None:
            if spec.get("overhead") is not None and _amounts(spec["overhead"]) != _amounts(overhead):
                raise _mismatch(attributes)
            spec["overhead"] = overhead
        scheduling = runtime_class.get("scheduling")
        if scheduling:
            _schedule(attributes, spec, scheduling)

    async def _compare(self, attributes: Attributes, spec: Object) -> None:
        _check_overhead(attributes, spec, _overhead(await self._class_of(attributes, spec)))

    async def _class_of(self, attributes: Attributes, spec: Object) -> Object:
        name = spec["runtimeClassName"]
        entry = await self._objects.get(RUNTIME_CLASSES, "", name)
        if entry is None:
            raise forbidden(PODS, attributes.name, f'pod rejected: RuntimeClass "{name}" not found')
        found: Object = entry.parsed()
        return found


def _check_overhead(attributes: Attributes, spec: Object, overhead: Object | None) -> None:
    """That the Pod has the overhead of its class, and no other."""
    sent = spec.get("overhead")
    if overhead is None and sent is not None:
        message = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
        raise forbidden(PODS, attributes.name, message)
    if overhead is not None and _amounts(sent) != _amounts(overhead):
        raise _mismatch(attributes)


def _schedule(attributes: Attributes, spec: Object, scheduling: Object) -> None:
    selected = spec.get("nodeSelector") or {}
    ordered = scheduling.get("nodeSelector") or {}
    for key, value in ordered.items():
        if selected.get(key, value) != value:
            message = (
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value};"
                f" pod.spec.nodeSelector[{key}] = {selected[key]}"
            )
            raise forbidden(PODS, attributes.name, message)
    if ordered:
        spec["nodeSelector"] = {**selected, **ordered}
    if scheduling.get("tolerations"):
        spec["tolerations"] = tolerations.merge(tolerations.of_pod(spec), scheduling["tolerations"])


def _overhead(runtime_class: Object) -> Object | None:
    overhead = runtime_class.get("overhead")
    return None if overhead is None else overhead.get("podFixed") or {}


def _amounts(overhead: Any) -> Amounts:
    return amounts({"requests": overhead}, "requests")


def _mismatch(attributes: Attributes) -> Exception:
    message = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
    return forbidden(PODS, attributes.name, message)
