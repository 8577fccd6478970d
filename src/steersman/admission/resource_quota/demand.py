"""What a request would take of each quota of its namespace, and the refusals that need no look at what is left."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from steersman.admission.pod_spec import Amounts
from steersman.admission.resource_quota.amounts import minus, only, read
from steersman.admission.resource_quota.configuration import LimitedResource
from steersman.admission.resource_quota.evaluator import Evaluator, Selector
from steersman.admission.resource_quota.registry import selectors_of
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apiserver.admission import Attributes
from steersman.apiserver.registry.resource import Object

Demands = Mapping[str, Amounts]
"""Name of a quota to what is taken of it; quotas of which nothing is taken are left out."""


def demands_of(
    attributes: Attributes,
    obj: Object,
    evaluator: Evaluator,
    quotas: Sequence[Object],
    limited: Sequence[LimitedResource],
    now: datetime,
) -> Demands:
    """``quotas`` are those of the namespace. Raises ApiError 403."""
    tracked = {quota["metadata"]["name"]: _tracked(quota, evaluator) for quota in quotas}
    concerned = [quota for quota in quotas if tracked[quota["metadata"]["name"]] and _matches(quota, evaluator, obj)]
    for quota in concerned:
        _check_constraints(attributes, obj, evaluator, quota, tracked[quota["metadata"]["name"]])
    usage = evaluator.usage(obj, now)
    if negative := sorted(name for name, quantity in usage.items() if quantity.nanos < 0):
        raise _refused(attributes, f"quota usage is negative for resource(s): {','.join(negative)}")
    old = attributes.old_object
    delta = usage if old is None else minus(usage, evaluator.usage(old, now))
    demands: dict[str, Amounts] = {}
    for quota in concerned:
        was_in_it = old is not None and _matches(quota, evaluator, old)
        name = quota["metadata"]["name"]
        taken = only(delta if was_in_it else usage, tracked[name])
        if taken := {part: quantity for part, quantity in taken.items() if quantity}:
            demands[name] = taken
    if demands or (not concerned and any(delta.values())):
        covered = frozenset().union(*(tracked[quota["metadata"]["name"]] for quota in concerned))
        _check_limited(attributes, obj, evaluator, quotas, limited, usage, covered)
    return demands


def _tracked(quota: Object, evaluator: Evaluator) -> frozenset[str]:
    return frozenset(filter(evaluator.tracks, (quota.get("status") or {}).get("hard") or ()))


def _matches(quota: Object, evaluator: Evaluator, obj: Object) -> bool:
    return all(evaluator.in_scope(selector, obj) for selector in selectors_of(quota))


def _check_constraints(
    attributes: Attributes, obj: Object, evaluator: Evaluator, quota: Object, tracked: frozenset[str]
) -> None:
    name = quota["metadata"]["name"]
    missing = evaluator.missing(tracked, obj)
    if missing:
        raise _refused(attributes, f"failed quota: {name}: must specify {missing}")
    if not tracked <= read((quota.get("status") or {}).get("used")).keys():
        raise _refused(attributes, f"status unknown for quota: {name}, resources: {','.join(sorted(tracked))}")


def _check_limited(
    attributes: Attributes,
    obj: Object,
    evaluator: Evaluator,
    quotas: Sequence[Object],
    limited: Sequence[LimitedResource],
    usage: Amounts,
    covered: frozenset[str],
) -> None:
    """That what may only be taken of a quota is in one."""
    uncovered = {
        name
        for one in limited
        if one.resource == evaluator.resource
        for name, quantity in usage.items()
        if quantity.nanos > 0 and any(part in name for part in one.contains)
    } - covered
    if uncovered:
        raise _refused(attributes, f"insufficient quota to consume: {','.join(sorted(uncovered))}")
    scopes = [scope for one in limited for scope in one.scopes if evaluator.in_scope(scope, obj)]
    if not scopes:
        return
    of_quotas = {
        selector.scope for quota in quotas for selector in selectors_of(quota) if evaluator.in_scope(selector, obj)
    }
    alone: list[Selector] = [scope for scope in scopes if scope.scope not in of_quotas]
    if alone:
        listed = " ".join(map(str, alone))
        raise _refused(attributes, f"insufficient quota to match these scopes: [{listed}]")


def _refused(attributes: Attributes, message: str) -> ApiError:
    return forbidden(attributes.group_resource, attributes.name, message)
