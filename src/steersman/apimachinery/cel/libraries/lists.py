"""Kubernetes' own functions of lists: ``isSorted``, ``sum``, ``min``, ``max``, ``indexOf``, ``includes``."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from steersman.apimachinery.cel.cost import tree_traversal
from steersman.apimachinery.cel.errors import EvaluationError, no_such_overload
from steersman.apimachinery.cel.functions import Library, Overload, library, method
from steersman.apimachinery.cel.standard import int_result, uint_result
from steersman.apimachinery.cel.temporal import duration
from steersman.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_type,
    parameter_type,
)
from steersman.apimachinery.cel.values import Duration, Timestamp, Uint, Value, equal

COMPARABLE: Final = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
_COMPARABLE_CLASSES: Final = frozenset({int, Uint, float, bool, Duration, Timestamp, str, bytes})
_NUMBERS: Final = frozenset({int, Uint, float})


def _comparable(values: Sequence[Value]) -> Sequence[Any]:
    """The values, if they can be compared with each other. Raises EvaluationError."""
    classes = {value.__class__ for value in values}
    if not classes <= _COMPARABLE_CLASSES or (len(classes) > 1 and not classes <= _NUMBERS):
        raise no_such_overload()
    return values


def _is_sorted(values: Sequence[Value]) -> bool:
    ordered = _comparable(values)
    return not any(map(operator.gt, ordered, ordered[1:]))


def _extreme(name: str, choose: Callable[..., Any]) -> Callable[[Sequence[Value]], Value]:
    def find(values: Sequence[Value]) -> Value:
        if not values:
            raise EvaluationError(f"{name} called on empty list")
        return choose(_comparable(values))

    return find


def _sum(values: Sequence[Value]) -> Value:
    classes = {value.__class__ for value in values}
    if len(classes) > 1 or not classes <= _SUMS.keys():
        raise no_such_overload()
    return _SUMS[classes.pop() if classes else int](values)


def _sum_doubles(values: Sequence[float]) -> float:
    # One after the other, as cel-go does: Python's sum is more exact.
    total = 0.0
    for value in values:
        total += value
    return total


_SUMS: Final[Mapping[type, Callable[[Sequence[Any]], Value]]] = {
    int: lambda values: int_result(sum(values)),
    Uint: lambda values: uint_result(sum(map(int, values))),
    float: _sum_doubles,
    Duration: lambda values: duration(sum(value.nanos for value in values)),
}


def _index_of(values: Sequence[Value], item: Value) -> int:
    return next((position for position, value in enumerate(values) if equal(value, item)), -1)


def _last_index_of(values: Sequence[Value], item: Value) -> int:
    return next((position for position in reversed(range(len(values))) if equal(values[position], item)), -1)


def _includes(target: Value, item: Value) -> bool:
    if isinstance(target, list):
        return any(equal(element, item) for element in target)
    return equal(target, item)


def _of_each(types: Sequence[Type], implementation: Callable[..., Value], result: Type | None) -> tuple[Overload, ...]:
    return tuple(method((list_type(type),), result or type, implementation, tree_traversal) for type in types)


_ELEMENT: Final = parameter_type("A")
_LIST: Final = list_type(_ELEMENT)

LISTS: Final[Library] = library(
    "kubernetes.lists",
    {
        "isSorted": _of_each(COMPARABLE, _is_sorted, BOOL),
        "sum": _of_each((INT, UINT, DOUBLE, DURATION), _sum, None),
        "max": _of_each(COMPARABLE, _extreme("max", max), None),
        "min": _of_each(COMPARABLE, _extreme("min", min), None),
        "indexOf": (method((_LIST, _ELEMENT), INT, _index_of, tree_traversal),),
        "lastIndexOf": (method((_LIST, _ELEMENT), INT, _last_index_of, tree_traversal),),
        "includes": (method((DYN, DYN), BOOL, _includes, tree_traversal),),
    },
)
