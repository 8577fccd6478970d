"""Conditions of a status (API conventions, section "Typical status properties"), with the rules of Go's ``meta``."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime

from steersman.client.api_model import ApiModel


class Condition(ApiModel):
    """metav1.Condition: one aspect of an object's state; ``status`` is ``True``, ``False`` or ``Unknown``."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""
    last_transition_time: AwareDatetime | None = None
    observed_generation: int | None = None


def find_condition(conditions: Iterable[Condition], type: str) -> Condition | None:
    """The condition of this type."""
    return next((one for one in conditions if one.type == type), None)


def is_condition_true(conditions: Iterable[Condition], type: str) -> bool:
    """Whether there is a condition of this type, and it is ``True``."""
    found = find_condition(conditions, type)
    return found is not None and found.status == "True"


def set_condition(conditions: list[Condition], new: Condition) -> bool:
    """Put ``new`` in the place of the one of its type, or at the end; tell whether that changed anything.

    The time of the last transition is that of ``new``, else now; where the status was the same, it stays.
    """
    if new.last_transition_time is None:
        new = new.model_copy(update={"last_transition_time": datetime.now(UTC).replace(microsecond=0)})
    for index, old in enumerate(conditions):
        if old.type == new.type:
            if old.status == new.status:
                new = new.model_copy(update={"last_transition_time": old.last_transition_time})
            changed = conditions[index].model_dump() != new.model_dump()
            conditions[index] = new
            return changed
    conditions.append(new)
    return True
