"""Match conditions of a webhook or a policy that is written: how many there may be, and what they are called.

Specified in admissionregistration.k8s.io/v1, MatchCondition (KEP-3716).
"""

from collections.abc import Callable, Iterator, Sequence

from steersman.apimachinery.errors import FieldError, field_duplicate, field_invalid, field_required, field_too_many
from steersman.apimachinery.names import check_qualified_name
from steersman.apiserver.registry.resource import Object

MAX_MATCH_CONDITIONS = 64


def match_condition_problems(
    conditions: Sequence[Object], path: str, check_expression: Callable[[str, str], Iterator[FieldError]]
) -> Iterator[FieldError]:
    """``check_expression`` tells what is wrong with an expression, empty if there is none, from it and its path."""
    if len(conditions) > MAX_MATCH_CONDITIONS:
        yield field_too_many(path, len(conditions), MAX_MATCH_CONDITIONS)
    names = set[str]()
    for index, condition in enumerate(conditions):
        at, name = f"{path}[{index}]", condition.get("name") or ""
        yield from check_expression(condition.get("expression") or "", f"{at}.expression")
        if not name:
            yield field_required(f"{at}.name")
            continue
        for problem in check_qualified_name(name):
            yield field_invalid(f"{at}.name", name, problem)
        if name in names:
            yield field_duplicate(f"{at}.name", name)
        names.add(name)
