"""Columns of the group autoscaling: metrics in the shapes of v2, v2beta1 and v1."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steersman.apimachinery.table import AGE, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import number, string
from steersman.apis.printer_columns.fields import NONE, UNKNOWN, UNSET, amount, at, mapping, mappings, text

_MOST_METRICS = 2
_Fields = Mapping[str, Any]


def _target(source: _Fields, name: str) -> Any:
    """``value``, ``averageValue`` or ``averageUtilization`` of what is aimed at; v2beta1 writes ``targetValue``."""
    if "target" in source and isinstance(source["target"], dict):
        return source["target"].get(name)
    prefixed = source.get(f"target{name[0].upper()}{name[1:]}")
    return source.get(name) if prefixed is None else prefixed


def _current(source: _Fields, name: str) -> Any:
    """As :func:`_target`, of what is the case; v2beta1 writes ``currentValue``."""
    if isinstance(source.get("current"), dict):
        return source["current"].get(name)
    prefixed = source.get(f"current{name[0].upper()}{name[1:]}")
    return source.get(name) if prefixed is None else prefixed


def _external(wanted: _Fields, found: _Fields) -> str:
    average = _target(wanted, "averageValue")
    if average is not None:
        return f"{_quantity(_current(found, 'averageValue'))}/{_quantity(average)} (avg)"
    return f"{_quantity(_current(found, 'value'))}/{_quantity(_target(wanted, 'value'), '0')}"


def _pods(wanted: _Fields, found: _Fields) -> str:
    return f"{_quantity(_current(found, 'averageValue'))}/{_quantity(_target(wanted, 'averageValue'), '0')}"


def _resource(wanted: _Fields, found: _Fields) -> str:
    name, average = text(wanted, "name"), _target(wanted, "averageValue")
    if average is not None:
        return f"{name}: {_quantity(_current(found, 'averageValue'))}/{_quantity(average)}"
    used = _percent(_current(found, "averageUtilization"), UNKNOWN)
    return f"{name}: {used}/{_percent(_target(wanted, 'averageUtilization'), '<auto>')}"


def _quantity(value: Any, missing: str = UNKNOWN) -> str:
    return missing if value is None else amount(value)


def _percent(value: Any, missing: str) -> str:
    return f"{value}%" if type(value) is int else missing


# By the metric's type: the field that has its source, and how it is shown.
_SOURCES: Mapping[str, tuple[str, Callable[[_Fields, _Fields], str]]] = {
    "ContainerResource": ("containerResource", _resource),
    "External": ("external", _external),
    "Object": ("object", _external),
    "Pods": ("pods", _pods),
    "Resource": ("resource", _resource),
}


def _targets(autoscaler: Object, now: float) -> str:
    specs = mappings(autoscaler, "spec", "metrics")
    statuses = mappings(autoscaler, "status", "currentMetrics")
    shown = [_metric(spec, statuses, index) for index, spec in enumerate(specs)]
    aim = at(autoscaler, "spec", "targetCPUUtilizationPercentage")
    if aim is not None:
        used = _percent(at(autoscaler, "status", "currentCPUUtilizationPercentage"), UNKNOWN)
        shown.append(f"cpu: {used}/{_percent(aim, '<auto>')}")
    listed = ", ".join(shown[:_MOST_METRICS])
    return f"{listed} + {len(shown) - _MOST_METRICS} more..." if len(shown) > _MOST_METRICS else listed or NONE


def _metric(spec: Object, statuses: Sequence[Object], index: int) -> str:
    source = _SOURCES.get(text(spec, "type"))
    if source is None:
        return "<unknown type>"
    field, show = source
    return show(mapping(spec, field), mapping(statuses[index], field) if index < len(statuses) else {})


def _reference(autoscaler: Object, now: float) -> str:
    target = mapping(autoscaler, "spec", "scaleTargetRef")
    return f"{text(target, 'kind')}/{text(target, 'name')}"


def _fewest(autoscaler: Object, now: float) -> str:
    fewest = at(autoscaler, "spec", "minReplicas")
    return str(fewest) if type(fewest) is int else UNSET


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "HorizontalPodAutoscaler": ColumnSet(
        (
            NAME,
            string("Reference", _reference, "What is scaled."),
            string("Targets", _targets, "What the metrics are, of what they should be."),
            string("MinPods", _fewest, "The fewest pods."),
            number("MaxPods", "spec.maxReplicas", "The most pods.", type="string"),
            number("Replicas", "status.currentReplicas", "How many pods there are.", type="string"),
            AGE,
        )
    )
}
