"""``"…%s…".format([…])`` of cel-go's string extension."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.temporal import format_duration, format_timestamp
from steersman.apimachinery.cel.type_conversions import format_double, type_of
from steersman.apimachinery.cel.types import Type
from steersman.apimachinery.cel.values import Duration, Timestamp, Uint, Value

_CLAUSE: Final = re.compile(r"%(?:%|(?:\.([0-9]*))?(.)?)", re.DOTALL)
_DEFAULT_PRECISION: Final = 6
_GREATEST_PRECISION: Final = 1000
_ONLY: Final = {
    "s": "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, "
    "and timestamps",
    "d": "decimal clause can only be used on integers",
    "f": "fixed-point clause can only be used on doubles",
    "e": "scientific clause can only be used on doubles",
    "b": "only integers and bools can be formatted as binary",
    "x": "only integers, byte buffers, and strings can be formatted as hex",
    "o": "octal clause can only be used on integers",
}
_SPECIAL_NUMBERS: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def format_string(template: str, arguments: Sequence[Value]) -> str:
    """The template with its clauses replaced by the arguments, one after the other. Raises EvaluationError."""
    position = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal position
        if match[0] == "%%":
            return "%"
        if position >= len(arguments):
            raise EvaluationError(f"index {position} out of range")
        position += 1
        return _clause(match, arguments[position - 1])

    return _CLAUSE.sub(replacement, template)


def _clause(match: re.Match[str], value: Value) -> str:
    letter = match[2]
    if letter is None:
        raise EvaluationError("unexpected end of string")
    formatter = _FORMATTERS.get(letter)
    if formatter is None:
        raise EvaluationError(f'could not parse formatting clause: unrecognized formatting clause "{letter}"')
    precision = int(match[1][:6]) if match[1] else _DEFAULT_PRECISION
    if precision > _GREATEST_PRECISION:
        problem = f"precision {precision} exceeds maximum allowed precision {_GREATEST_PRECISION}"
        raise EvaluationError(f"could not parse formatting clause: error while parsing precision: {problem}")
    return formatter(value, precision)


def _refuse(letter: str, value: Value) -> EvaluationError:
    return EvaluationError(f"error during formatting: {_ONLY[letter]}, was given {type_of(value).name}")


def _string(value: Value, _: int = 0) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    if isinstance(value, Mapping):
        pairs = sorted((_quoted(key), _quoted(content)) for key, content in value.items())
        return f"{{{', '.join(f'{key}:{content}' for key, content in pairs)}}}"
    if isinstance(value, Type):
        return value.name
    convert = _TEXTS.get(value.__class__)
    if convert is None:
        raise _refuse("s", value)
    return convert(value)


_TEXTS: Final[Mapping[type, Callable[[Value], str]]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    Uint: lambda value: str(int(value)),
    float: format_double,
    bytes: lambda value: value.decode(errors="replace"),
    type(None): lambda _: "null",
    Timestamp: format_timestamp,
    Duration: format_duration,
}


def _quoted(value: Value) -> str:
    """A value within a list or map."""
    text = _string(value)
    if isinstance(value, str):
        return _go_quoted(text)
    if isinstance(value, bytes):
        return f"b{_go_quoted(text)}"
    if isinstance(value, float):
        return f"{value:.6f}" if math.isfinite(value) else _go_quoted(text)
    if isinstance(value, Timestamp):
        return f"timestamp({_go_quoted(text)})"
    if isinstance(value, Duration):
        return f"duration({_go_quoted(text)})"
    return f"type({text})" if isinstance(value, Type) else text


def _go_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _decimal(value: Value, _: int) -> str:
    if value.__class__ is int or value.__class__ is Uint:
        return str(int(value))
    raise _refuse("d", value)


def _number(letter: str) -> Callable[[Value, int], str]:
    def render(value: Value, precision: int) -> str:
        if isinstance(value, str) and value in _SPECIAL_NUMBERS:
            value = float(value)
        if not isinstance(value, float):
            raise _refuse(letter, value)
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "∞" if value > 0 else "-∞"
        if letter == "f":
            return f"{value:.{precision}f}"
        mantissa, _, exponent = f"{value:.{precision}e}".partition("e")
        return f"{mantissa}e{int(exponent):+03}"

    return render


def _binary(value: Value, _: int) -> str:
    if value.__class__ in (int, Uint, bool):
        return f"{int(value):b}"
    raise _refuse("b", value)


def _octal(value: Value, _: int) -> str:
    if value.__class__ in (int, Uint):
        return f"{int(value):o}"
    raise _refuse("o", value)


def _hex(value: Value, _: int) -> str:
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, bytes):
        return value.hex()
    if value.__class__ in (int, Uint):
        return f"{int(value):x}"
    raise _refuse("x", value)


_FORMATTERS: Final[Mapping[str, Callable[[Value, int], str]]] = {
    "s": _string,
    "d": _decimal,
    "f": _number("f"),
    "e": _number("e"),
    "b": _binary,
    "o": _octal,
    "x": _hex,
    "X": lambda value, precision: _hex(value, precision).upper(),
}
