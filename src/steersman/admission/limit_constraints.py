"""What one item of a LimitRange says against a Pod or a claim: min, max and the ratio of limits to requests.

What an update leaves as it was is not looked at again.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from steersman.admission.pod_spec import INIT, MAIN, Amounts, amounts, containers, pod_amounts
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.registry.resource import Object

CONTAINER, POD, CLAIM = "Container", "Pod", "PersistentVolumeClaim"

_ONE = Quantity.parse(1).nanos

Constraint = Callable[[str, str, Quantity, Amounts, Amounts], str | None]
"""Type, resource, what is enforced, requests and limits, to what is wrong."""


def of_pod(limit: Object, pod: Object, old: Object | None) -> Iterator[str]:
    """What is wrong with the Pod's containers, or with the Pod as a whole, by the item's type."""
    if limit.get("type") == CONTAINER:
        for kind in (MAIN, INIT):
            before = {one.get("name"): one.get("resources") for _, one in containers(old or {}, (kind,))}
            for _, container in containers(pod, (kind,)):
                name = container.get("name")
                then = _taken(before[name]) if name in before else None
                yield from _problems(limit, _taken(container.get("resources")), then)
    elif limit.get("type") == POD:
        yield from _problems(limit, _taken_by_pod(pod), _taken_by_pod(old) if old is not None else None)


def of_claim(limit: Object, claim: Object, old: Object | None) -> Iterator[str]:
    """What is wrong with the storage that the claim requests."""
    if limit.get("type") != CLAIM:
        return
    requests = amounts((claim.get("spec") or {}).get("resources"), "requests")
    before = amounts((old.get("spec") or {}).get("resources"), "requests") if old is not None else {}
    for bound, constraint in (("min", minimum), ("max", maximum_request)):
        for name, enforced in _bounds(limit, bound):
            if name not in requests or requests[name] != before.get(name):
                problem = constraint(CLAIM, name, enforced, requests, {})
                if problem is not None:
                    yield problem


def minimum(type_: str, name: str, enforced: Quantity, requests: Amounts, limits: Amounts) -> str | None:
    head = f"minimum {name} usage per {type_} is {enforced}"
    if name not in requests:
        return f"{head}.  No request is specified"
    if requests[name] < enforced:
        return f"{head}, but request is {requests[name]}"
    if name in limits and limits[name] < enforced:
        return f"{head}, but limit is {limits[name]}"
    return None


def maximum(type_: str, name: str, enforced: Quantity, requests: Amounts, limits: Amounts) -> str | None:
    head = f"maximum {name} usage per {type_} is {enforced}"
    if name not in limits:
        return f"{head}.  No limit is specified"
    if limits[name] > enforced:
        return f"{head}, but limit is {limits[name]}"
    if name in requests and requests[name] > enforced:
        return f"{head}, but request is {requests[name]}"
    return None


def maximum_request(type_: str, name: str, enforced: Quantity, requests: Amounts, limits: Amounts) -> str | None:
    head = f"maximum {name} usage per {type_} is {enforced}"
    if name not in requests:
        return f"{head}.  No request is specified"
    return f"{head}, but request is {requests[name]}" if requests[name] > enforced else None


def ratio(type_: str, name: str, enforced: Quantity, requests: Amounts, limits: Amounts) -> str | None:
    head = f"{name} max limit to request ratio per {type_} is {enforced}, but"
    if not requests.get(name):
        return f"{head} no request is specified or request is 0"
    if not limits.get(name):
        return f"{head} no limit is specified or limit is 0"
    limit, request = abs(limits[name].nanos), abs(requests[name].nanos)
    if limit * _ONE > request * enforced.nanos:
        return f"{head} provided ratio is {Decimal(limit) / Decimal(request):.6f}"
    return None


_CONSTRAINTS: tuple[tuple[str, Constraint], ...] = (
    ("min", minimum),
    ("max", maximum),
    ("maxLimitRequestRatio", ratio),
)

Taken = tuple[Amounts, Amounts]
"""Requests and limits."""


def _problems(limit: Object, taken: Taken, before: Taken | None) -> Iterator[str]:
    for bound, constraint in _CONSTRAINTS:
        for name, enforced in _bounds(limit, bound):
            if before is None or any(now.get(name) != then.get(name) for now, then in zip(taken, before, strict=True)):
                problem = constraint(limit["type"], name, enforced, *taken)
                if problem is not None:
                    yield problem


def _bounds(limit: Object, bound: str) -> Iterator[tuple[str, Quantity]]:
    return ((name, Quantity.parse(value)) for name, value in (limit.get(bound) or {}).items())


def _taken(resources: Any) -> Taken:
    return amounts(resources, "requests"), amounts(resources, "limits")


def _taken_by_pod(pod: Object) -> Taken:
    return pod_amounts(pod, "requests"), pod_amounts(pod, "limits")
