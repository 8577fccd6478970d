"""Label selectors inside of objects: what is wrong with one (``LabelSelector``)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery.errors import FieldError, field_forbidden, field_invalid, field_required
from steersman.apimachinery.names import check_label_key, check_label_value

_WITH_VALUES, _WITHOUT_VALUES = ("In", "NotIn"), ("Exists", "DoesNotExist")


def selector_problems(selector: Mapping[str, Any], path: str, *, values: bool = True) -> Iterator[FieldError]:
    """``values`` tells whether the values that ``matchExpressions`` name are looked at."""
    for key, value in (selector.get("matchLabels") or {}).items():
        for problem in check_label_key(key):
            yield field_invalid(f"{path}.matchLabels", key, problem)
        for problem in check_label_value(value):
            yield field_invalid(f"{path}.matchLabels", value, problem)
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        yield from _requirement(expression, f"{path}.matchExpressions[{index}]", values)


def _requirement(expression: Mapping[str, Any], path: str, check_values: bool) -> Iterator[FieldError]:
    operator, values = expression.get("operator") or "", expression.get("values") or []
    if operator in _WITH_VALUES and not values:
        yield field_required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in _WITHOUT_VALUES and values:
        yield field_forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator not in (*_WITH_VALUES, *_WITHOUT_VALUES):
        yield field_invalid(f"{path}.operator", operator, "not a valid selector operator")
    key = expression.get("key") or ""
    for problem in check_label_key(key):
        yield field_invalid(f"{path}.key", key, problem)
    if check_values:
        yield from _values(values, path)


def _values(values: Sequence[str], path: str) -> Iterator[FieldError]:
    for index, value in enumerate(values):
        for problem in check_label_value(value):
            yield field_invalid(f"{path}.values[{index}]", value, problem)
