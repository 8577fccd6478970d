"""cel-go's lists extension, version 3: ``slice``, ``flatten``, ``sortBy``, ``distinct``, ``lists.range``…"""

from collections.abc import Sequence
from typing import Any, Final

from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.libraries.lists import COMPARABLE
from steersman.apimachinery.cel.macros import SORTING_MACROS
from steersman.apimachinery.cel.type_conversions import type_of
from steersman.apimachinery.cel.types import DYN, INT, list_type, parameter_type
from steersman.apimachinery.cel.values import Value, contains

_RANGE_LIMIT: Final = 1_000_000
"""As much as one evaluation may cost: a list of more elements could not be used."""


def _slice(values: list[Value], start: int, end: int) -> list[Value]:
    problem = ""
    if start < 0 or end < 0:
        problem = "negative indexes not supported"
    elif start > end:
        problem = "start index must be less than or equal to end index"
    elif end > len(values):
        problem = f"list is length {len(values)}"
    if problem:
        raise EvaluationError(f"cannot slice({start}, {end}), {problem}")
    return values[start:end]


def _flatten(values: Sequence[Value], depth: int = 1) -> list[Value]:
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    flat: list[Value] = []
    for value in values:
        if isinstance(value, list) and depth > 0:
            flat.extend(_flatten(value, depth - 1))
        else:
            flat.append(value)
    return flat


def _sort(values: Sequence[Value]) -> list[Value]:
    return _sort_by(values, values)


def _sort_by(values: Sequence[Value], keys: Sequence[Any]) -> list[Value]:
    if not keys:
        return list(values)
    kinds = {type_of(key) for key in keys}
    if kinds - set(COMPARABLE):
        raise EvaluationError("list elements must be comparable")
    if len(kinds) > 1:
        raise EvaluationError("list elements must have the same type")
    return [values[position] for position in sorted(range(len(keys)), key=keys.__getitem__)]


def _distinct(values: Sequence[Value]) -> list[Value]:
    found: list[Value] = []
    strings: set[str] = set()
    for value in values:
        if isinstance(value, str):
            if value not in strings:
                strings.add(value)
                found.append(value)
        elif not contains(found, value):
            found.append(value)
    return found


def _range(count: int) -> list[int]:
    if count > _RANGE_LIMIT:
        raise EvaluationError(f"lists.range() size exceeds limit: {_RANGE_LIMIT}")
    return list(range(count))


def _result_length(result: Sequence[Value], *_: Value) -> int:
    return 11 + len(result)


def _square(_: Value, values: Sequence[Value]) -> int:
    return 11 + len(values) ** 2


def _sorting(_: Value, values: Sequence[Value], *__: Value) -> int:
    return 11 + len(values) * max(len(values).bit_length(), 1)


_ELEMENT: Final = parameter_type("T")
_LIST: Final = list_type(_ELEMENT)
_ANY_LIST: Final = list_type(DYN)

LIST_EXTENSION: Final[Library] = library(
    "lists",
    {
        "slice": (method((_LIST, INT, INT), _LIST, _slice, _result_length),),
        "flatten": (
            method((list_type(_LIST),), _LIST, _flatten, _result_length),
            method((_ANY_LIST, INT), _ANY_LIST, _flatten, _result_length),
        ),
        "sort": tuple(method((list_type(type),), list_type(type), _sort, _sorting) for type in COMPARABLE),
        "@sortByAssociatedKeys": tuple(
            method((_LIST, list_type(type)), _LIST, _sort_by, _sorting) for type in COMPARABLE
        ),
        "distinct": (method((_LIST,), _LIST, _distinct, _square),),
        "reverse": (method((_LIST,), _LIST, lambda values: values[::-1], _result_length),),
        "lists.range": (function((INT,), list_type(INT), _range, _result_length),),
    },
    macros=SORTING_MACROS,
)
