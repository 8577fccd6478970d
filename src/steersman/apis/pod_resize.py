"""``pods/resize``: other amounts of CPU and memory for the containers of a Pod that runs (KEP-1287)."""

from collections.abc import Iterator, Mapping
from typing import Any

from steersman.apimachinery.errors import FieldError, field_forbidden, field_invalid
from steersman.apimachinery.quantity import Quantity
from steersman.apis.status import take_guards
from steersman.apiserver.authorization.node.references import MIRROR
from steersman.apiserver.registry.resource import Object

_KINDS = ("containers", "initContainers")
_TAKEN = ("resources", "resizePolicy")
_COMPUTE = frozenset(("cpu", "memory"))
_PARTS = ("requests", "limits")

Amounts = Mapping[str, Quantity]


def put_resources(parent: Object, body: Object) -> Object:
    """The Pod with what the body says of its containers' resources; nothing else in it counts.

    Containers that come, go or change places are taken as they are sent, for the check to refuse them.
    """
    sent = body.get("spec") or {}
    spec = parent["spec"] = dict(parent.get("spec") or {})
    for kind in _KINDS:
        if kind in spec or sent.get(kind):
            spec[kind] = _resized(spec.get(kind) or [], sent.get(kind) or [])
    return take_guards(parent, body)


def _resized(old: list[Object], new: list[Object]) -> list[Object]:
    if _names(old) != _names(new):
        return new
    return [_with_resources(before, after) for before, after in zip(old, new, strict=True)]


def _with_resources(before: Object, after: Object) -> Object:
    kept = {key: value for key, value in before.items() if key not in _TAKEN}
    return {**kept, **{key: after[key] for key in _TAKEN if key in after}}


def check_resources(new: Object, old: Object) -> list[FieldError]:
    """What is wrong with ``new``, whose containers have other resources than those of ``old``."""
    if MIRROR in (old["metadata"].get("annotations") or {}):
        return [field_forbidden("", "static pods cannot be resized")]
    if ((old["spec"].get("os") or {}).get("name")) == "windows":
        return [field_forbidden("", "windows pods cannot be resized")]
    errors = [error for kind in _KINDS for error in _order_errors(kind, new, old)]
    if errors:
        return errors
    return [*_pod_errors(new, old), *(error for kind in _KINDS for error in _container_errors(kind, new, old))]


def _order_errors(kind: str, new: Object, old: Object) -> Iterator[FieldError]:
    after, before = _names(_containers(new, kind)), _names(_containers(old, kind))
    if len(after) != len(before):
        yield field_forbidden(f"spec.{kind}", f"{kind} may not be added or removed on resize")
        return
    for index, name in enumerate(before):
        if after[index] != name:
            place = f"spec.{kind}[{index}].name"
            yield field_forbidden(place, f"{kind} may not be renamed or reordered on resize")


def _pod_errors(new: Object, old: Object) -> Iterator[FieldError]:
    before = (old.get("status") or {}).get("qosClass") or qos_class(old)
    if qos_class(new) != before:
        yield field_invalid("spec", before, "Pod QOS Class may not change as a result of resizing")
    statuses = (old.get("status") or {}).get("containerStatuses") or ()
    running = [one for one in statuses if (one.get("state") or {}).get("running") is not None]
    if running and running[0].get("resources") is None:
        yield field_forbidden("spec", "Pod running on node without support for resize")


def _container_errors(kind: str, new: Object, old: Object) -> Iterator[FieldError]:
    for index, (after, before) in enumerate(zip(_containers(new, kind), _containers(old, kind), strict=True)):
        place, mine, theirs = f"spec.{kind}[{index}]", after.get("resources") or {}, before.get("resources") or {}
        for part in _PARTS:
            if not set(_amounts(theirs, part)) <= set(_amounts(mine, part)):
                yield field_forbidden(f"{place}.resources.{part}", f"resource {part} cannot be removed")
        limits = _amounts(mine, "limits")
        for name, wanted in _amounts(mine, "requests").items():
            if name in limits and wanted > limits[name]:
                told = f"must be less than or equal to {name} limit of {limits[name]}"
                yield field_invalid(f"{place}.resources.requests", str(wanted), told)
        if _beside_compute(after) != _beside_compute(before):
            if kind == "containers":
                yield field_forbidden("spec", "only cpu and memory resources are mutable")
            else:
                yield field_forbidden(place, "only cpu and memory resources for init or sidecar containers are mutable")
        elif kind != "containers" and mine != theirs and _restarts_for_it(after):
            told = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
            yield field_forbidden(place, told)


def _restarts_for_it(container: Object) -> bool:
    policies = container.get("resizePolicy") or ()
    restarts = any(one.get("restartPolicy") == "RestartContainer" for one in policies)
    return restarts and container.get("restartPolicy") != "Always"


def _beside_compute(container: Object) -> Any:
    """The container without what may change in it."""
    resources = container.get("resources") or {}
    others = {
        part: {name: amount for name, amount in _amounts(resources, part).items() if name not in _COMPUTE}
        for part in _PARTS
    }
    return {**container, "resources": {**others, "claims": resources.get("claims") or []}}


def qos_class(pod: Object) -> str:
    """How far the Pod is promised what it asks for: Guaranteed, Burstable or BestEffort."""
    whole = (pod.get("spec") or {}).get("resources")
    parts = [one.get("resources") for kind in _KINDS for one in _containers(pod, kind)] if not whole else [whole]
    requests, limits = ([_compute(one, part) for one in parts] for part in _PARTS)
    if not any(requests) and not any(limits):
        return "BestEffort"
    is_limited = all(set(one) == _COMPUTE for one in limits)
    return "Guaranteed" if is_limited and _sum(requests) == _sum(limits) else "Burstable"


def _compute(resources: Any, part: str) -> Amounts:
    found = _amounts(resources or {}, part).items()
    return {name: amount for name, amount in found if name in _COMPUTE and amount.nanos > 0}


def _sum(listed: list[Amounts]) -> dict[str, Quantity]:
    total: dict[str, Quantity] = {}
    for one in listed:
        for name, amount in one.items():
            total[name] = total[name] + amount if name in total else amount
    return total


def _amounts(resources: Object, part: str) -> dict[str, Quantity]:
    return {name: Quantity.parse(value) for name, value in (resources.get(part) or {}).items()}


def _containers(pod: Object, kind: str) -> list[Object]:
    return (pod.get("spec") or {}).get(kind) or []


def _names(containers: list[Object]) -> list[Any]:
    return [one.get("name") for one in containers]
