"""Conditions of a CustomResourceDefinition's status (API conventions, section "Typical status properties")."""

from collections.abc import Iterable
from typing import Any, NamedTuple

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

    The order stays, new types come last; lastTransitionTime is kept where the condition's status stays the same.
    """
    conditions = {condition.get("type"): condition for condition in present}
    for condition in new:
        old = conditions.get(condition.type)
        since = old.get("lastTransitionTime") if old is not None and old.get("status") == condition.status else None
        conditions[condition.type] = {**(old or {}), "lastTransitionTime": since or now, **condition._asdict()}
    return list(conditions.values())
