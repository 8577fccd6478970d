"""The evaluator of each kind, and what a quota says of the kinds that it is about."""

from collections.abc import Iterable, Iterator, Mapping

from steersman.admission.resource_quota.evaluator import Evaluator, Selector, object_count, read_selectors
from steersman.admission.resource_quota.object_usage import CLAIM_EVALUATOR, SERVICE_EVALUATOR
from steersman.admission.resource_quota.pod_usage import POD_EVALUATOR
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.resource import Object

QUOTAS = GroupResource("", "resourcequotas")

_COUNTED_BY_NAME = ("configmaps", "replicationcontrollers", "resourcequotas", "secrets")
"""Counted under their own name too, as before there was ``count/``."""

EVALUATORS: Mapping[GroupResource, Evaluator] = {
    one.resource: one
    for one in (
        POD_EVALUATOR,
        SERVICE_EVALUATOR,
        CLAIM_EVALUATOR,
        *(object_count(GroupResource("", name), name) for name in _COUNTED_BY_NAME),
    )
}
IGNORED = frozenset((GroupResource("", "events"), GroupResource("events.k8s.io", "events")))
"""No quota counts them."""

_COUNT = "count/"


def evaluator_of(resource: GroupResource) -> Evaluator:
    return EVALUATORS.get(resource) or object_count(resource)


def evaluators_for(names: Iterable[str]) -> Iterator[Evaluator]:
    """Of all kinds that take of something in ``names``, which are resources as quotas have them."""
    names = list(names)
    for evaluator in EVALUATORS.values():
        if any(map(evaluator.tracks, names)):
            yield evaluator
    for name in names:
        if name.startswith(_COUNT):
            plural, _, group = name.removeprefix(_COUNT).partition(".")
            resource = GroupResource(group, plural)
            if resource not in EVALUATORS and resource not in IGNORED:
                yield object_count(resource)


def selectors_of(quota: Object) -> list[Selector]:
    """The quota's scopes: an object has to be in all."""
    spec = quota.get("spec") or {}
    simple = [Selector(scope, "Exists") for scope in spec.get("scopes") or ()]
    return simple + read_selectors((spec.get("scopeSelector") or {}).get("matchExpressions"))
