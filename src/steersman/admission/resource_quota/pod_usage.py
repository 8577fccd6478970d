"""What a Pod takes of a quota.

Specified in "Resource Quotas", sections "Compute Resource Quota" and "Quota Scopes".
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from steersman.admission.pod_spec import INIT, MAIN, PODS, Amounts, amounts, containers, is_best_effort, pod_amounts
from steersman.admission.resource_quota.amounts import ONE, plus, read
from steersman.admission.resource_quota.evaluator import Evaluator, Selector, selects
from steersman.apimachinery.time import parse_time
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.registry.resource import Object

_OVER = frozenset(("Failed", "Succeeded"))
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"
_REQUESTS = "requests."
_NAMES = frozenset(
    ("count/pods", "pods", *_COMPUTE, *(f"{part}.{name}" for part in ("requests", "limits") for name in _COMPUTE))
)
_TO_SPECIFY = frozenset(("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"))
"""Where a quota has one of these, each container has to say it."""


def _handles(attributes: Attributes) -> bool:
    return (attributes.operation, attributes.subresource) in ((CREATE, ""), (UPDATE, "resize"))


def _tracks(name: str) -> bool:
    is_extended = name.startswith(_REQUESTS) and not _is_native(name)
    return name in _NAMES or is_extended or name.startswith((_HUGE_PAGES, _REQUESTS + _HUGE_PAGES))


def _usage(pod: Object, now: datetime) -> Amounts:
    """A Pod that has run its course is still counted as an object."""
    counted = {"count/pods": ONE}
    if (pod.get("status") or {}).get("phase") in _OVER or _is_past_grace(pod["metadata"], now):
        return counted
    overhead = read((pod.get("spec") or {}).get("overhead"))
    requests, limits = pod_amounts(pod, "requests"), pod_amounts(pod, "limits")
    limited = {name: quantity for name, quantity in overhead.items() if name in limits}
    return {**counted, "pods": ONE, **_named(plus(requests, overhead), plus(limits, limited))}


def _named(requests: Amounts, limits: Amounts) -> Amounts:
    """Under the names that quotas have."""
    found: Amounts = {}
    for name, quantity in requests.items():
        if name in _COMPUTE or name.startswith(_HUGE_PAGES):
            found[name] = found[_REQUESTS + name] = quantity
        elif not _is_native(name):
            found[_REQUESTS + name] = quantity
    found.update((f"limits.{name}", quantity) for name, quantity in limits.items() if name in _COMPUTE)
    return found


def _missing(names: frozenset[str], pod: Object) -> str:
    """``limits.cpu for: web; requests.cpu for: web``."""
    whole = _specified((pod.get("spec") or {}).get("resources"))
    wanted = (names & _TO_SPECIFY) - whole
    lacking: dict[str, set[str]] = {}
    if wanted:
        for _, container in containers(pod, (MAIN, INIT)):
            for name in wanted - _specified(container.get("resources")):
                lacking.setdefault(name, set()).add(container.get("name") or "")
    return "; ".join(f"{name} for: {','.join(sorted(lacking[name]))}" for name in sorted(lacking))


def _specified(resources: Any) -> frozenset[str]:
    return frozenset(_named(amounts(resources, "requests"), amounts(resources, "limits")))


def _is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def _is_past_grace(metadata: Mapping[str, Any], now: datetime) -> bool:
    deleted, grace = metadata.get("deletionTimestamp"), metadata.get("deletionGracePeriodSeconds")
    return bool(deleted) and grace is not None and now > parse_time(str(deleted)) + timedelta(seconds=grace)


def _in_scope(selector: Selector, pod: Object) -> bool:
    spec = pod.get("spec") or {}
    match selector.scope:
        case "Terminating":
            return _is_terminating(spec)
        case "NotTerminating":
            return not _is_terminating(spec)
        case "BestEffort":
            return is_best_effort(pod)
        case "NotBestEffort":
            return not is_best_effort(pod)
        case "PriorityClass":
            return selects(selector, [spec["priorityClassName"]] if spec.get("priorityClassName") else [])
        case "CrossNamespacePodAffinity":
            return any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in _terms(spec))
    return False


def _is_terminating(spec: Object) -> bool:
    return (spec.get("activeDeadlineSeconds") or -1) >= 0


def _terms(spec: Object) -> Iterator[Mapping[str, Any]]:
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        of_kind = affinity.get(kind) or {}
        yield from of_kind.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in of_kind.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or {}


POD_EVALUATOR = Evaluator(PODS, _tracks, _usage, _handles, _in_scope, _missing)
