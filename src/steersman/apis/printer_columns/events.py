"""Columns of events, whether they have the fields of the core group or those of events.k8s.io."""

from typing import Any

from steersman.apimachinery.table import NAME, Column, ColumnSet, Object
from steersman.apis.printer_columns.columns import string
from steersman.apis.printer_columns.fields import UNKNOWN, at, integer, mapping, since, text


def _first(event: Object, *fields: str) -> Any:
    """The first of ``fields`` that the event has, as events.k8s.io calls some otherwise."""
    return next((value for field in fields if (value := event.get(field)) is not None), None)


def _first_seen(event: Object, now: float) -> str:
    shown = since(_first(event, "firstTimestamp", "deprecatedFirstTimestamp"), now)
    return since(event.get("eventTime"), now) if shown == UNKNOWN else shown


def _last_seen(event: Object, now: float) -> str:
    if isinstance(event.get("series"), dict):
        return since(at(event, "series", "lastObservedTime"), now)
    shown = since(_first(event, "lastTimestamp", "deprecatedLastTimestamp"), now)
    return _first_seen(event, now) if shown == UNKNOWN else shown


def _object(event: Object, now: float) -> str:
    regarding = _first(event, "involvedObject", "regarding")
    kind, name = text(regarding, "kind").lower(), text(regarding, "name")
    return f"{kind}/{name}" if name else kind


def _subobject(event: Object, now: float) -> str:
    return text(_first(event, "involvedObject", "regarding"), "fieldPath")


def _source(event: Object, now: float) -> str:
    source = mapping({"source": _first(event, "source", "deprecatedSource")}, "source")
    component = text(source, "component") or text(event, "reportingComponent") or text(event, "reportingController")
    instance = text(source, "host") or text(event, "reportingInstance")
    return f"{component}, {instance}" if instance else component


def _message(event: Object, now: float) -> str:
    return (text(event, "message") or text(event, "note")).strip()


def _count(event: Object, now: float) -> int:
    if isinstance(event.get("series"), dict):
        return integer(event, "series", "count")
    return integer(event, "count") or integer(event, "deprecatedCount") or 1


EVENT = ColumnSet(
    (
        string("Last Seen", _last_seen, "When it was last seen."),
        string("Type", "type", "Normal or Warning."),
        string("Reason", "reason", "Why it was reported, in a word."),
        string("Object", _object, "What it is about."),
        string("Subobject", _subobject, "Which part of the object it is about.", wide=True),
        string("Source", _source, "What reported it, and where.", wide=True),
        string("Message", _message, "What happened."),
        string("First Seen", _first_seen, "When it was first seen.", wide=True),
        Column("Count", "string", _count, "", "How often it was seen.", 1),
        Column(NAME.name, NAME.type, NAME.cell, NAME.format, NAME.description, 1),
    )
)
