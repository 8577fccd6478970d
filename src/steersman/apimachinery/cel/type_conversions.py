"""``int(x)``, ``string(x)`` and the other conversions, and the type that a value has at run time."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from steersman.apimachinery.cel.cost import traversal
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import ConstantArgument, Functions, Implementation, Overload, function
from steersman.apimachinery.cel.temporal import (
    NANOS,
    format_duration,
    format_timestamp,
    parse_duration,
    parse_timestamp,
    timestamp,
)
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
    TYPE,
    UINT,
    Type,
    list_type,
    map_type,
    optional_type,
)
from steersman.apimachinery.cel.values import (
    INT_GREATEST,
    INT_LEAST,
    UINT_GREATEST,
    Duration,
    Optional,
    Timestamp,
    Uint,
    Value,
)

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_UNSIGNED: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_FLOAT: Final = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.I
)
_BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}

_RUNTIME_TYPES: Final[Mapping[type, Type]] = {
    type(None): NULL,
    bool: BOOL,
    int: INT,
    Uint: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    list: list_type(DYN),
    dict: map_type(DYN, DYN),
    Timestamp: TIMESTAMP,
    Duration: DURATION,
    Optional: optional_type(DYN),
}


def type_of(value: Value) -> Type:
    """The type of a value at run time, where lists and maps do not know what is in them."""
    found = _RUNTIME_TYPES.get(value.__class__)
    if found is not None:
        return found
    if isinstance(value, Type):
        return Type(TYPE.kind, TYPE.name, (DYN,))
    declared: Type = getattr(value, "cel_type", DYN)
    return declared


def _conversion_error(source: str, target: Type) -> EvaluationError:
    return EvaluationError(f"type conversion error from '{source}' to '{target.name}'")


def _within(least: int, greatest: int, problem: str, wrap: Callable[[int], int]) -> Callable[[int], int]:
    def convert(value: int) -> int:
        if least <= value <= greatest:
            return wrap(value)
        raise EvaluationError(problem)

    return convert


_to_int: Final = _within(INT_LEAST, INT_GREATEST, "integer overflow", int)
_to_uint: Final = _within(0, UINT_GREATEST, "unsigned integer overflow", Uint)


def _truncated(convert: Callable[[int], int], problem: str) -> Callable[[float], int]:
    def from_double(value: float) -> int:
        if not math.isfinite(value):
            raise EvaluationError(problem)
        return convert(int(value))

    return from_double


def _double_to_int(value: float) -> int:
    # Doubles this near to the limits are refused, because they may have been beyond them before they were rounded.
    if not -(2.0**63) < value < 2.0**63:
        raise EvaluationError("integer overflow")
    return int(value)


def _parsed(pattern: re.Pattern[str], convert: Callable[[int], int], target: Type) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not pattern.fullmatch(text):
            raise _conversion_error("string", target)
        try:
            return convert(int(text))
        except EvaluationError:
            raise _conversion_error("string", target) from None

    return parse


def _parse_double(text: str) -> float:
    if len(text) > 400 or not _FLOAT.fullmatch(text):
        raise _conversion_error("string", DOUBLE)
    return float(text)


def _parse_bool(text: str) -> bool:
    if text not in _BOOLEANS:
        raise _conversion_error("string", BOOL)
    return _BOOLEANS[text]


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None


def format_double(value: float) -> str:
    """As Go's ``%g``: the shortest digits that read back the same, with an exponent below 1e-04 and from 1e+06 up."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0") or "0"
    point = len(digits) + exponent
    minus = "-" if sign else ""
    if text == "0":
        return f"{minus}0"
    if not -4 <= point - 1 < 6:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        return f"{minus}{text[0]}{fraction}e{point - 1:+03}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    if point >= len(text):
        return f"{minus}{text}{'0' * (point - len(text))}"
    return f"{minus}{text[:point]}.{text[point:]}"


def _same(value: Value) -> Value:
    return value


def _parse_timestamp(text: str) -> Timestamp:
    try:
        return parse_timestamp(text)
    except EvaluationError:
        raise _conversion_error("string", TIMESTAMP) from None


def _parse_duration(text: str) -> Duration:
    try:
        return parse_duration(text)
    except EvaluationError:
        raise _conversion_error("string", DURATION) from None


def _checked(parse: Callable[[str], Value]) -> ConstantArgument:
    """Looks at a constant when it is compiled, so that a wrong one is found then."""

    def prepare(text: Value) -> Implementation:
        if isinstance(text, str):
            parse(text)
        return parse

    return ConstantArgument(0, prepare)


def _to(target: Type, sources: Mapping[Type, Implementation]) -> tuple[Overload, ...]:
    return tuple(function((source,), target, convert) for source, convert in sources.items())


CONVERSIONS: Final[Functions] = {
    "int": _to(
        INT,
        {
            INT: _same,
            UINT: lambda value: _to_int(int(value)),
            DOUBLE: _double_to_int,
            STRING: _parsed(_INTEGER, _to_int, INT),
            TIMESTAMP: lambda value: value.nanos // NANOS,
            DURATION: lambda value: value.nanos,
        },
    ),
    "uint": _to(
        UINT,
        {
            UINT: _same,
            INT: _to_uint,
            DOUBLE: _truncated(_to_uint, "unsigned integer overflow"),
            STRING: _parsed(_UNSIGNED, _to_uint, UINT),
        },
    ),
    "double": _to(DOUBLE, {DOUBLE: _same, INT: float, UINT: float, STRING: _parse_double}),
    "bool": _to(BOOL, {BOOL: _same, STRING: _parse_bool}),
    "string": (
        *_to(
            STRING,
            {
                STRING: _same,
                INT: str,
                UINT: lambda value: str(int(value)),
                DOUBLE: format_double,
                BOOL: lambda value: "true" if value else "false",
                TIMESTAMP: format_timestamp,
                DURATION: format_duration,
            },
        ),
        function((BYTES,), STRING, _decode, traversal),
    ),
    "bytes": (function((BYTES,), BYTES, _same), function((STRING,), BYTES, str.encode, traversal)),
    "timestamp": (
        function((TIMESTAMP,), TIMESTAMP, _same),
        function((INT,), TIMESTAMP, lambda value: timestamp(value * NANOS)),
        function((STRING,), TIMESTAMP, _parse_timestamp, constant=_checked(_parse_timestamp)),
    ),
    "duration": (
        function((DURATION,), DURATION, _same),
        function((INT,), DURATION, Duration),
        function((STRING,), DURATION, _parse_duration, constant=_checked(_parse_duration)),
    ),
}
