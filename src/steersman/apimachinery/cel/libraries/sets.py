"""cel-go's sets extension: lists compared as sets."""

from collections.abc import Sequence
from typing import Final

from steersman.apimachinery.cel.functions import Cost, Library, function, library
from steersman.apimachinery.cel.types import BOOL, list_type, parameter_type
from steersman.apimachinery.cel.values import Value, contains


def _contains(outer: list[Value], inner: Sequence[Value]) -> bool:
    return all(contains(outer, item) for item in inner)


def _equivalent(left: list[Value], right: list[Value]) -> bool:
    return _contains(left, right) and _contains(right, left)


def _intersects(left: list[Value], right: Sequence[Value]) -> bool:
    return any(contains(left, item) for item in right)


def _cost(factor: int) -> Cost:
    return lambda _, left, right: 1 + len(left) * len(right) * factor


_LIST: Final = list_type(parameter_type("T"))
_PAIR: Final = (_LIST, _LIST)

SETS: Final[Library] = library(
    "sets",
    {
        "sets.contains": (function(_PAIR, BOOL, _contains, _cost(1)),),
        "sets.equivalent": (function(_PAIR, BOOL, _equivalent, _cost(2)),),
        "sets.intersects": (function(_PAIR, BOOL, _intersects, _cost(1)),),
    },
)
