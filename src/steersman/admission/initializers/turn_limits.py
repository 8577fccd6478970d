"""How long a turn may last, and what the server then does: pure, on what an object and the configurations say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from steersman.admission.initializers.configuration import FAIL, IGNORE, ConfiguredInitializer, Policy
from steersman.admission.initializers.states import Initializers, Pending, turn
from steersman.apimachinery.time import format_time, parse_micro_time

STUCK = "Stuck"
"""The condition of an object whose initializer has done nothing for so long that it had better be looked at."""


class Action(Enum):
    SKIP = "the object goes on without the initializer"
    FAIL = "the initialization fails"
    REPORT = "it is said that the object is stuck"


@dataclass(frozen=True, slots=True)
class Limit:
    """What is due ``at`` a time (seconds since the epoch) unless the initializer has had its turn by then.

    ``seconds`` is how long the turn has then lasted.
    """

    at: float
    name: str
    action: Action
    seconds: float


def limits(
    waiting: Initializers, configured: Mapping[str, ConfiguredInitializer], stuck_seconds: float
) -> Iterator[Limit]:
    """The limits of those whose turn it is."""
    for one in turn(waiting):
        begun = began(one)
        if begun is None:
            continue
        found = configured.get(one.name)
        # What is configured now counts; of what is not configured any more, what was when the object was created.
        policy = found.policy if found is not None else Policy(one.timeout_seconds, one.failure_policy or FAIL)
        if seconds := policy.timeout_seconds:
            action = Action.SKIP if policy.failure_policy == IGNORE else Action.FAIL
            yield Limit(begun + seconds, one.name, action, seconds)
        yield Limit(begun + stuck_seconds, one.name, Action.REPORT, stuck_seconds)


def began(one: Pending) -> float | None:
    """When a turn began, in seconds since the epoch; None for one that has not begun."""
    try:
        return parse_micro_time(one.since).timestamp()
    except ValueError:
        return None


def skipped(waiting: Initializers, name: str) -> Initializers:
    return Initializers(tuple(one for one in waiting.pending if one.name != name))


def failed(waiting: Initializers, limit: Limit) -> Initializers:
    """With the result that the creator gets."""
    message = f"the initializer {limit.name} did nothing within {limit.seconds:g} seconds"
    at = waiting.names.index(limit.name)
    cause = {"reason": "InitializerTimeout", "message": message, "field": f"metadata.initializers.pending[{at}]"}
    result: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"Timeout: {message}",
        "reason": "Timeout",
        "details": {"causes": [cause]},
        "code": 504,
    }
    return Initializers(waiting.pending, result)


def stuck(waiting: Initializers, names: Sequence[str], now: datetime) -> Initializers | None:
    """With the condition that tells who is waited for; None where it tells that already."""
    message = f"waits for {', '.join(names)}, whose turn it is, and who did nothing"
    if any(one.get("type") == STUCK and one.get("message") == message for one in waiting.conditions):
        return None
    condition = {
        "type": STUCK,
        "status": "True",
        "reason": "InitializerSilent",
        "message": message,
        "lastTransitionTime": format_time(now),
    }
    others = tuple(one for one in waiting.conditions if one.get("type") != STUCK)
    return Initializers(waiting.pending, waiting.result, (*others, condition))
