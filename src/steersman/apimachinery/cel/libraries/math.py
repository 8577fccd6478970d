"""cel-go's math extension, which Kubernetes leaves out: ``math.greatest(…)``, ``math.ceil(x)`` and the like."""

import math
from collections.abc import Callable
from typing import Final

from steersman.apimachinery.cel.errors import EvaluationError, no_such_overload
from steersman.apimachinery.cel.functions import Functions, Library, Overload, function, library
from steersman.apimachinery.cel.standard import int_result, uint_result
from steersman.apimachinery.cel.types import BOOL, DOUBLE, DYN, INT, UINT, Type, list_type
from steersman.apimachinery.cel.values import INT_GREATEST, UINT_GREATEST, Uint, Value

_NUMBERS: Final = frozenset({int, Uint, float})
_NUMERIC: Final = (INT, UINT, DOUBLE)
_GREATEST_ARITY: Final = 8


def _extreme(name: str, choose: Callable[..., Value]) -> tuple[Overload, ...]:
    def of_list(values: list[Value]) -> Value:
        if not values:
            raise EvaluationError(f"math.{name}(list) argument must not be empty")
        return of_values(*values)

    def of_values(*values: Value) -> Value:
        if any(value.__class__ not in _NUMBERS for value in values):
            raise no_such_overload()
        return choose(values)

    same = tuple(
        function((type,) * count, type, of_values) for type in _NUMERIC for count in range(1, _GREATEST_ARITY + 1)
    )
    mixed = tuple(function((DYN,) * count, DYN, of_values) for count in range(2, _GREATEST_ARITY + 1))
    lists = tuple(function((list_type(type),), type, of_list) for type in _NUMERIC)
    return (*same, *lists, *mixed)


def _whole(rounding: Callable[[float], int]) -> tuple[Overload]:
    def apply(value: float) -> float:
        return float(rounding(value)) if math.isfinite(value) else value

    return (function((DOUBLE,), DOUBLE, apply),)


def _half_away_from_zero(value: float) -> int:
    whole = math.floor(abs(value))
    whole += abs(value) - whole >= 0.5
    return -whole if value < 0 else whole


def _test(test: Callable[[float], bool]) -> tuple[Overload]:
    return (function((DOUBLE,), BOOL, test),)


def _each(implementations: dict[Type, Callable[..., Value]], arity: int = 1) -> tuple[Overload, ...]:
    return tuple(function((type,) * arity, type, implementation) for type, implementation in implementations.items())


def _sign(value: float) -> float:
    if math.isnan(value):
        return value
    return float((value > 0) - (value < 0))


def _square_root(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


def _bitwise(operation: Callable[[int, int], int]) -> tuple[Overload, ...]:
    return _each({INT: operation, UINT: lambda a, b: Uint(operation(int(a), int(b)))}, 2)


def _shifted(shift: Callable[[int, int], int]) -> tuple[Overload, ...]:
    def check(count: int) -> int:
        if count < 0:
            raise EvaluationError(f"math.bitShift() negative offset: {count}")
        return min(count, 64)

    def of_int(value: int, count: int) -> int:
        bits = shift(value & UINT_GREATEST, check(count)) & UINT_GREATEST
        return bits - 2**64 if bits > INT_GREATEST else bits

    def of_uint(value: Uint, count: int) -> Uint:
        return Uint(shift(int(value), check(count)) & UINT_GREATEST)

    return function((INT, INT), INT, of_int), function((UINT, INT), UINT, of_uint)


_FUNCTIONS: Final[Functions] = {
    "math.greatest": _extreme("greatest", max),
    "math.least": _extreme("least", min),
    "math.ceil": _whole(math.ceil),
    "math.floor": _whole(math.floor),
    "math.round": _whole(_half_away_from_zero),
    "math.trunc": _whole(math.trunc),
    "math.isNaN": _test(math.isnan),
    "math.isInf": _test(math.isinf),
    "math.isFinite": _test(math.isfinite),
    "math.abs": _each({INT: lambda value: int_result(abs(value)), UINT: lambda value: value, DOUBLE: abs}),
    "math.sign": _each(
        {INT: lambda value: (value > 0) - (value < 0), UINT: lambda value: uint_result(value > 0), DOUBLE: _sign}
    ),
    "math.sqrt": tuple(function((type,), DOUBLE, lambda value: _square_root(float(value))) for type in _NUMERIC),
    "math.bitAnd": _bitwise(lambda a, b: a & b),
    "math.bitOr": _bitwise(lambda a, b: a | b),
    "math.bitXor": _bitwise(lambda a, b: a ^ b),
    "math.bitNot": _each({INT: lambda value: ~value, UINT: lambda value: Uint(UINT_GREATEST - value)}),
    "math.bitShiftLeft": _shifted(lambda value, count: value << count),
    "math.bitShiftRight": _shifted(lambda value, count: value >> count),
}

MATH: Final[Library] = library("math", _FUNCTIONS)
