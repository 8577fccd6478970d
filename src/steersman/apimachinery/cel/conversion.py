"""From JSON to the values that a declared type promises: ``date-time`` strings become timestamps, and so on.

Only what a schema can declare and JSON cannot express is converted; where the data is not what was declared it stays as
it is, and whatever uses it finds that there is no such overload.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Final

from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.temporal import (
    format_duration,
    format_timestamp,
    parse_date,
    parse_duration,
    parse_timestamp,
)
from steersman.apimachinery.cel.types import Kind, Type
from steersman.apimachinery.cel.values import Duration, Optional, Timestamp, Uint, Value

Conversion = Callable[[Value], Value]


def conversion(type: Type) -> Conversion | None:
    """What turns a JSON value into one of the type, None if every JSON value of that type is one already."""
    simple = _CONVERSIONS.get(type.name)
    if simple is not None:
        return simple
    if type.kind is Kind.LIST and (element := conversion(type.parameters[0])) is not None:
        return lambda value: list(map(element, value)) if isinstance(value, list) else value
    if type.kind is Kind.MAP and (content := conversion(type.parameters[1])) is not None:
        return lambda value: (
            {key: content(item) for key, item in value.items()} if isinstance(value, Mapping) else value
        )
    return None


def _timestamp(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return parse_date(value) if len(value) == 10 else parse_timestamp(value)


def _duration(value: Value) -> Value:
    return parse_duration(value) if isinstance(value, str) else value


def _bytes(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise EvaluationError(f"invalid base64: {error}") from None


def _double(value: Value) -> Value:
    return float(value) if value.__class__ is int else value


_CONVERSIONS: Final[Mapping[str, Conversion]] = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _duration,
    "bytes": _bytes,
    "double": _double,
}


def to_json(value: Value) -> Value:
    """A CEL value as JSON has it; raises EvaluationError for what has no such form (types, quantities and the like)."""
    if value is None or value.__class__ in (bool, int, float, str):
        return value
    if isinstance(value, list):
        return [to_json(element) for element in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(element) for key, element in value.items()}
    convert = _TO_JSON.get(value.__class__)
    if convert is None:
        raise EvaluationError(f"unsupported conversion of {type(value).__name__} to JSON")
    return convert(value)


_TO_JSON: Final[Mapping[type, Conversion]] = {
    Uint: int,
    bytes: lambda value: base64.b64encode(value).decode(),
    Timestamp: format_timestamp,
    Duration: format_duration,
    Optional: lambda value: to_json(value.content) if value.present else None,
}
