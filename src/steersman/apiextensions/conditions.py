"""Conditions of a CustomResourceDefinition's status (API conventions, section "Typical status properties")."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from steersman.apimachinery.conditions import with_condition

Object = dict[str, Any]

ESTABLISHED = "Established"
NAMES_ACCEPTED = "NamesAccepted"
TERMINATING = "Terminating"


class Condition(NamedTuple):
    """What a condition says, without the time: ``status`` is True, False or Unknown."""

    type: str
    status: str
    reason: str
    message: str


def conditions_of(crd: Object) -> list[Object]:
    return (crd.get("status") or {}).get("conditions") or []


def find_condition(crd: Object, type_: str) -> Object | None:
    return next((condition for condition in conditions_of(crd) if condition.get("type") == type_), None)


def is_condition_true(crd: Object, type_: str) -> bool:
    condition = find_condition(crd, type_)
    return condition is not None and condition.get("status") == "True"


def with_conditions(present: Iterable[Object], new: Iterable[Condition], now: str) -> list[Object]:
    """The conditions after ``new`` were set, a new list; ``now`` is RFC 3339.

    See :func:`~steersman.apimachinery.conditions.with_condition`.
    """
    conditions = list(present)
    for condition in new:
        conditions = with_condition(conditions, condition._asdict(), now)
    return conditions
