"""Conditions of a status, as JSON has them (API conventions, section "Typical status properties")."""

from collections.abc import Mapping, Sequence
from typing import Any


def with_condition(present: Sequence[dict[str, Any]], new: Mapping[str, Any], now: str) -> list[dict[str, Any]]:
    """The conditions once ``new`` stands in the place of the one of its type, or at the end: a new list.

    The time of the last transition is that of the condition before where the status is the same, else ``now``
    (RFC 3339).
    """
    conditions = list(present)
    at = next((index for index, one in enumerate(conditions) if one.get("type") == new["type"]), len(conditions))
    before = conditions[at] if at < len(conditions) else {}
    since = before.get("lastTransitionTime") if before.get("status") == new["status"] else None
    conditions[at : at + 1] = [{**new, "lastTransitionTime": since or now}]
    return conditions
