"""What the objects of a namespace take of a quota in all."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from steersman.admission.pod_spec import Amounts
from steersman.admission.resource_quota.amounts import NONE, only, plus
from steersman.admission.resource_quota.evaluator import Evaluator
from steersman.admission.resource_quota.registry import evaluators_for, selectors_of
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.registry.resource import Object

Objects = Callable[[Evaluator], Sequence[Callable[[], Object]]]
"""The objects of the evaluator's kind in the namespace, each read when it is asked for."""


def recount(quota: Object, hard: Iterable[str], objects: Objects, now: datetime) -> Amounts:
    """Of each resource in ``hard`` that something takes of, what is taken."""
    hard = list(hard)
    selectors = selectors_of(quota)
    used: Amounts = {}
    for evaluator in evaluators_for(hard):
        names = [name for name in hard if evaluator.tracks(name)]
        used = {**dict.fromkeys(names, NONE), **used}
        found = objects(evaluator)
        if evaluator.only_counts:
            number = 0 if selectors else len(found)
            used.update(dict.fromkeys(names, Quantity.parse(number)))
            continue
        for read in found:
            obj = read()
            if all(evaluator.in_scope(selector, obj) for selector in selectors):
                used = plus(used, only(evaluator.usage(obj, now), names))
    return used
