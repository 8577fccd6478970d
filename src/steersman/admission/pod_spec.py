"""What admission plugins read in the spec of a Pod: its containers with their paths, and the resources it takes.

Before validation a spec may lack what it must have, and lists may hold nulls: all of this reads over it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.registry.resource import Object

PODS = GroupResource("", "pods")
INIT, MAIN, EPHEMERAL = CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

_AT_POD_LEVEL = frozenset(("cpu", "memory"))
"""Resources of which a Pod as a whole can have its own requests and limits (KEP-2837)."""

Amounts = dict[str, Quantity]


def spec_of(pod: Object) -> Object:
    """The Pod's spec, to be changed; an empty one is put into a Pod that has none."""
    spec = pod.get("spec")
    if not isinstance(spec, dict):
        spec = pod["spec"] = {}
    return spec


def objects_in(values: Any) -> Iterator[tuple[int, Object]]:
    """The objects of a list, with their places in it."""
    return ((at, value) for at, value in enumerate(values or ()) if isinstance(value, dict))


def containers(pod: Object, kinds: tuple[str, ...] = CONTAINERS) -> Iterator[tuple[str, Object]]:
    """Path (``spec.containers[0]``) and container."""
    spec = pod.get("spec") or {}
    for kind in kinds:
        for at, container in objects_in(spec.get(kind)):
            yield f"spec.{kind}[{at}]", container


def amounts(resources: Any, part: Literal["requests", "limits"]) -> Amounts:
    """``requests`` or ``limits`` of a container's or claim's ``resources``."""
    listed = (resources or {}).get(part) or {}
    return {name: Quantity.parse(value) for name, value in listed.items() if value is not None}


def pod_amounts(pod: Object, part: Literal["requests", "limits"]) -> Amounts:
    """What the Pod asks for or is limited to as a whole, its overhead apart.

    Init containers run one after the other before the others do; those that are restarted run beside all that come
    after them (KEP-753). What is said for the Pod as a whole goes before all that.
    """
    total: Amounts = {}
    for _, container in containers(pod, (MAIN,)):
        _add(total, amounts(container.get("resources"), part))
    beside: Amounts = {}
    greatest: Amounts = {}
    for _, container in containers(pod, (INIT,)):
        own = amounts(container.get("resources"), part)
        if container.get("restartPolicy") == "Always":
            _add(total, own)
            _add(beside, own)
            _raise(greatest, beside)
        else:
            _add(own, beside)
            _raise(greatest, own)
    _raise(total, greatest)
    whole = amounts((pod.get("spec") or {}).get("resources"), part)
    total.update((name, quantity) for name, quantity in whole.items() if name in _AT_POD_LEVEL)
    return total


def is_best_effort(pod: Object) -> bool:
    """Whether the Pod is promised nothing: no part of it requests or is limited to any CPU or memory."""
    whole = (pod.get("spec") or {}).get("resources")
    parts = [whole, *(container.get("resources") for _, container in containers(pod, (INIT, MAIN)))]
    return not any(_of_compute(part) for part in parts)


def _of_compute(resources: Any) -> bool:
    found = {**amounts(resources, "requests"), **amounts(resources, "limits")}
    return any(name in _AT_POD_LEVEL and quantity.nanos > 0 for name, quantity in found.items())


def _add(total: Amounts, more: Mapping[str, Quantity]) -> None:
    for name, quantity in more.items():
        total[name] = total[name] + quantity if name in total else quantity


def _raise(total: Amounts, other: Mapping[str, Quantity]) -> None:
    """Each amount to the greater of the two."""
    for name, quantity in other.items():
        if name not in total or quantity > total[name]:
            total[name] = quantity
