"""cel-go's optional values: ``a.?b``, ``a[?b]``, ``optional.of(x)``, ``orValue(x)``, ``optMap(v, …)`` and the like."""

from collections.abc import Mapping
from typing import Final

from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.macros import OPTIONAL_MACROS
from steersman.apimachinery.cel.types import BOOL, DYN, list_type, optional_type, parameter_type
from steersman.apimachinery.cel.values import NONE, Duration, Optional, Timestamp, Uint, Value

_CONTENT: Final = parameter_type("V")
_OPTIONAL: Final = optional_type(_CONTENT)
_ZEROS: Final = (bool, int, Uint, float, str, bytes, list, Mapping)


def _of(value: Value) -> Optional:
    return Optional(True, value)


def _of_non_zero(value: Value) -> Optional:
    return NONE if _is_zero(value) else Optional(True, value)


def _is_zero(value: Value) -> bool:
    if value is None:
        return True
    if isinstance(value, Optional):
        return not value.present
    if isinstance(value, Duration | Timestamp):
        return value.nanos == 0
    return isinstance(value, _ZEROS) and not value


def _value(optional: Optional) -> Value:
    if not optional.present:
        raise EvaluationError("optional.none() dereference")
    return optional.content


def _or(optional: Optional, other: Optional) -> Optional:
    return optional if optional.present else other


def _or_value(optional: Optional, other: Value) -> Value:
    return optional.content if optional.present else other


def _first(values: list[Value]) -> Optional:
    return Optional(True, values[0]) if values else NONE


def _last(values: list[Value]) -> Optional:
    return Optional(True, values[-1]) if values else NONE


def _unwrap(values: list[Optional]) -> list[Value]:
    contents: list[Value] = []
    for value in values:
        if not isinstance(value, Optional):
            raise EvaluationError(f"value {value} is not optional")
        if value.present:
            contents.append(value.content)
    return contents


_LIST: Final = list_type(_CONTENT)
_OPTIONALS: Final = list_type(_OPTIONAL)

OPTIONAL: Final[Library] = library(
    "optional",
    {
        "optional.of": (function((_CONTENT,), _OPTIONAL, _of),),
        "optional.ofNonZeroValue": (function((_CONTENT,), _OPTIONAL, _of_non_zero),),
        "optional.none": (function((), _OPTIONAL, lambda: NONE),),
        "value": (method((_OPTIONAL,), _CONTENT, _value),),
        "hasValue": (method((_OPTIONAL,), BOOL, lambda optional: optional.present),),
        "or": (method((_OPTIONAL, _OPTIONAL), _OPTIONAL, _or),),
        "orValue": (method((_OPTIONAL, _CONTENT), _CONTENT, _or_value),),
        "first": (method((_LIST,), _OPTIONAL, _first),),
        "last": (method((_LIST,), _OPTIONAL, _last),),
        "optional.unwrap": (function((_OPTIONALS,), _LIST, _unwrap),),
        "unwrapOpt": (method((_OPTIONALS,), _LIST, _unwrap),),
    },
    macros=OPTIONAL_MACROS,
    types=(optional_type(DYN),),
)
