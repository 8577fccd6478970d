"""The functions and operators of the language definition, section "List of Standard Definitions"."""

import math
from collections.abc import Callable
from typing import Any, Final

from steersman.apimachinery.cel.cost import concatenation, pattern_match, search, traversal
from steersman.apimachinery.cel.errors import EvaluationError, no_such_overload
from steersman.apimachinery.cel.functions import (
    ConstantArgument,
    Functions,
    Library,
    Overload,
    function,
    library,
    method,
)
from steersman.apimachinery.cel.macros import STANDARD_MACROS
from steersman.apimachinery.cel.regex import compile_regex
from steersman.apimachinery.cel.temporal import duration, timestamp
from steersman.apimachinery.cel.timestamps import TIMESTAMP_METHODS
from steersman.apimachinery.cel.type_conversions import CONVERSIONS, type_of
from steersman.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_type,
    map_type,
    parameter_type,
    type_type,
)
from steersman.apimachinery.cel.values import INT_GREATEST, INT_LEAST, UINT_GREATEST, Duration, Timestamp, Uint, Value

_A: Final = parameter_type("A")
_B: Final = parameter_type("B")
_LIST: Final = list_type(_A)
_MAP: Final = map_type(_A, _B)


def int_result(value: int) -> int:
    """The int, if 64 bits hold it. Raises EvaluationError."""
    if INT_LEAST <= value <= INT_GREATEST:
        return value
    raise EvaluationError("integer overflow")


def uint_result(value: int) -> Uint:
    """The uint, if 64 bits hold it. Raises EvaluationError."""
    if 0 <= value <= UINT_GREATEST:
        return Uint(value)
    raise EvaluationError("unsigned integer overflow")


def _quotient(dividend: int, divisor: int) -> int:
    """Rounded towards zero."""
    if divisor == 0:
        raise EvaluationError("division by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) is (divisor < 0) else -quotient


def _remainder(dividend: int, divisor: int) -> int:
    """With the sign of the dividend."""
    if divisor == 0:
        raise EvaluationError("modulus by zero")
    if divisor == -1 and dividend == INT_LEAST:
        raise EvaluationError("integer overflow")
    remainder = abs(dividend) % abs(divisor)
    return -remainder if dividend < 0 else remainder


def _divide(dividend: float, divisor: float) -> float:
    if divisor:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend) or math.isnan(divisor):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1, divisor)


def _arithmetic(operation: Callable[[Any, Any], Any]) -> tuple[Overload, Overload, Overload]:
    return (
        function((INT, INT), INT, lambda a, b: int_result(operation(a, b))),
        function((UINT, UINT), UINT, lambda a, b: uint_result(operation(int(a), int(b)))),
        function((DOUBLE, DOUBLE), DOUBLE, operation),
    )


def _both_nanos(sign: int) -> Callable[[Any, Any], Duration]:
    return lambda a, b: duration(a.nanos + sign * b.nanos)


def _moved(sign: int) -> Callable[[Any, Any], Timestamp]:
    return lambda a, b: timestamp(a.nanos + sign * b.nanos)


def _compared(types: tuple[Type, ...]) -> tuple[Overload, ...]:
    # The operators themselves are compiled by their own code; these declare which types they take.
    numbers = (INT, UINT, DOUBLE)
    mixed = [(a, b) for a in numbers for b in numbers if a is not b]
    return tuple(function(pair, BOOL, _never) for pair in [*((type, type) for type in types), *mixed])


def _never(*_: Value) -> Value:
    raise no_such_overload()


_COMPARABLE: Final = (BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION)
_ORDERED: Final = _compared(_COMPARABLE)

_OPERATORS: Final[Functions] = {
    "_+_": (
        *_arithmetic(lambda a, b: a + b),
        function((STRING, STRING), STRING, lambda a, b: a + b, concatenation),
        function((BYTES, BYTES), BYTES, lambda a, b: a + b, concatenation),
        function((_LIST, _LIST), _LIST, lambda a, b: a + b),
        function((DURATION, DURATION), DURATION, _both_nanos(1)),
        function((TIMESTAMP, DURATION), TIMESTAMP, _moved(1)),
        function((DURATION, TIMESTAMP), TIMESTAMP, _moved(1)),
    ),
    "_-_": (
        *_arithmetic(lambda a, b: a - b),
        function((DURATION, DURATION), DURATION, _both_nanos(-1)),
        function((TIMESTAMP, TIMESTAMP), DURATION, _both_nanos(-1)),
        function((TIMESTAMP, DURATION), TIMESTAMP, _moved(-1)),
    ),
    "_*_": _arithmetic(lambda a, b: a * b),
    "_/_": (
        function((INT, INT), INT, lambda a, b: int_result(_quotient(a, b))),
        function((UINT, UINT), UINT, lambda a, b: Uint(_quotient(a, b))),
        function((DOUBLE, DOUBLE), DOUBLE, _divide),
    ),
    "_%_": (
        function((INT, INT), INT, _remainder),
        function((UINT, UINT), UINT, lambda a, b: Uint(_remainder(a, b))),
    ),
    "-_": (
        function((INT,), INT, lambda a: int_result(-a)),
        function((DOUBLE,), DOUBLE, lambda a: -a),
        function((DURATION,), DURATION, lambda a: duration(-a.nanos)),
    ),
    "!_": (function((BOOL,), BOOL, _never),),
    "_==_": (function((_A, _A), BOOL, _never),),
    "_!=_": (function((_A, _A), BOOL, _never),),
    "_<_": _ORDERED,
    "_<=_": _ORDERED,
    "_>_": _ORDERED,
    "_>=_": _ORDERED,
    "@in": (function((_A, _LIST), BOOL, _never), function((_A, _MAP), BOOL, _never)),
}


def _size(value: Value) -> int:
    return len(value)


_SIZED: Final = (STRING, BYTES, _LIST, _MAP)


def _matches(text: str, pattern: str) -> bool:
    return compile_regex(pattern).search(text) is not None


def _matcher(pattern: Value) -> Callable[[str, str], bool]:
    if not isinstance(pattern, str):
        return _matches
    search_in = compile_regex(pattern).search
    return lambda text, _: search_in(text) is not None


_PATTERN: Final = ConstantArgument(1, _matcher)

_FUNCTIONS: Final[Functions] = {
    "size": tuple(build((type,), INT, _size) for type in _SIZED for build in (function, method)),
    "type": (function((_A,), type_type(_A), type_of),),
    "dyn": (function((_A,), DYN, lambda value: value),),
    "contains": (method((STRING, STRING), BOOL, lambda text, part: part in text, search),),
    "startsWith": (method((STRING, STRING), BOOL, str.startswith, traversal),),
    "endsWith": (method((STRING, STRING), BOOL, str.endswith, traversal),),
    "matches": (
        method((STRING, STRING), BOOL, _matches, pattern_match, _PATTERN),
        function((STRING, STRING), BOOL, _matches, pattern_match, _PATTERN),
    ),
}

_NAMED_TYPES: Final = (
    BOOL,
    INT,
    UINT,
    DOUBLE,
    STRING,
    BYTES,
    NULL,
    TIMESTAMP,
    DURATION,
    list_type(DYN),
    map_type(DYN, DYN),
    type_type(DYN),
)

STANDARD: Final[Library] = library(
    "standard",
    {**_OPERATORS, **_FUNCTIONS, **CONVERSIONS, **TIMESTAMP_METHODS},
    macros=STANDARD_MACROS,
    types=_NAMED_TYPES,
)
