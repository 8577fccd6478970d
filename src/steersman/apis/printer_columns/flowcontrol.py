"""Columns of the group flowcontrol.apiserver.k8s.io."""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.table import AGE, NAME, Cell, Column, ColumnSet, Object
from steersman.apis.printer_columns.columns import number, string
from steersman.apis.printer_columns.fields import NONE, condition, integer, mapping, text


def _dangling(flow_schema: Object, now: float) -> str:
    dangling = condition(flow_schema, "Dangling")
    return text(dangling, "status") if dangling else "?"


def _shares(level: Object, now: float) -> Any:
    """Before v1beta3 they were called assured."""
    limited = mapping(level, "spec", "limited")
    if not limited:
        return NONE
    return integer(limited, "nominalConcurrencyShares") or integer(limited, "assuredConcurrencyShares")


def _queuing(field: str) -> Cell:
    def cell(level: Object, now: float) -> Any:
        queuing = mapping(level, "spec", "limited", "limitResponse", "queuing")
        return integer(queuing, field) if queuing else NONE

    return cell


def _mixed(name: str, cell: Cell, description: str) -> Column:
    """A column of numbers, or of ``<none>`` where the level has no limits or no queues."""
    return Column(name, "string", cell, "", description)


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "FlowSchema": ColumnSet(
        (
            NAME,
            string("PriorityLevel", "spec.priorityLevelConfiguration.name", "The priority level of the requests."),
            number("MatchingPrecedence", "spec.matchingPrecedence", "The lowest that matches counts.", type="string"),
            string("DistinguisherMethod", "spec.distinguisherMethod.type", "How flows are told apart.", missing=NONE),
            AGE,
            string("MissingPL", _dangling, "Whether the priority level is missing or broken."),
        )
    ),
    "PriorityLevelConfiguration": ColumnSet(
        (
            NAME,
            string("Type", "spec.type", "Whether the requests are limited."),
            _mixed("NominalConcurrencyShares", _shares, "The level's share of the requests at one time."),
            _mixed("Queues", _queuing("queues"), "How many queues there are."),
            _mixed("HandSize", _queuing("handSize"), "How many queues a flow may use."),
            _mixed("QueueLengthLimit", _queuing("queueLengthLimit"), "How many requests a queue holds."),
            AGE,
        )
    ),
}
