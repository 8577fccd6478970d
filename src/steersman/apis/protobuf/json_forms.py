"""Messages whose JSON form is not an object of their fields: times, quantities, ``IntOrString`` and their like.

Each form takes the fields that were sent, by name, and gives what Go's ``MarshalJSON`` of the type writes. They raise
ValueError for what has no JSON form.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from steersman.apimachinery.encoding import json
from steersman.apimachinery.time import format_micro_time, format_time

Form = Callable[[dict[str, Any]], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)
_INT, _STRING = 0, 1


def _time(fields: dict[str, Any]) -> str | None:
    moment = _moment(fields.get("seconds", 0), 0) if fields else _ZERO_TIME
    return None if moment == _ZERO_TIME else format_time(moment)


def _micro_time(fields: dict[str, Any]) -> str | None:
    # Toward zero, as Go truncates.
    microseconds = int(fields.get("nanos", 0) / 1000)
    moment = _moment(fields.get("seconds", 0), microseconds) if fields else _ZERO_TIME
    return None if moment == _ZERO_TIME else format_micro_time(moment)


def _moment(seconds: int, microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds, microseconds=microseconds)
    except OverflowError:
        raise ValueError(f"the time of {seconds} seconds is beyond the year 9999") from None


def _json(fields: dict[str, Any]) -> Any:
    raw = fields.get("raw")
    return json.decode(raw) if raw else None


def _quantity(fields: dict[str, Any]) -> str:
    text: str = fields.get("string", "0")
    return text


def _items(fields: dict[str, Any]) -> Any:
    return fields.get("items")


def _int_or_string(fields: dict[str, Any]) -> int | str:
    kind = fields.get("type", _INT)
    if kind not in (_INT, _STRING):
        raise ValueError("impossible IntOrString.Type")
    value: int | str = fields.get("intVal", 0) if kind == _INT else fields.get("strVal", "")
    return value


def _schema_or_array(fields: dict[str, Any]) -> Any:
    return fields.get("jSONSchemas") or fields.get("schema")


def _schema_or_bool(fields: dict[str, Any]) -> Any:
    return fields.get("schema", fields.get("allows", False))


def _schema_or_strings(fields: dict[str, Any]) -> Any:
    return fields.get("property") or fields.get("schema")


FORMS: dict[str, Form] = {
    "time": _time,
    "microTime": _micro_time,
    "json": _json,
    "quantity": _quantity,
    "items": _items,
    "intOrString": _int_or_string,
    "schemaOrArray": _schema_or_array,
    "schemaOrBool": _schema_or_bool,
    "schemaOrStrings": _schema_or_strings,
}
OMITTED_WHEN_ZERO = frozenset({"items", "intOrString"})
"""Forms that ``omitempty`` leaves out: a list without items, as in Go; and ``IntOrString`` of 0, which Go writes but
every defaulting function takes for unset."""
