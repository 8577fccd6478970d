from datetime import UTC, datetime

import pytest

from steersman.admission.initializers import turn_limits
from steersman.admission.initializers.configuration import ConfiguredInitializer, Policy
from steersman.admission.initializers.states import Initializers, Pending
from steersman.admission.initializers.turn_limits import Action

BEGUN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
SINCE = "2026-01-01T00:00:00.000000Z"
A = Pending("a.example.com", since=SINCE)
SILENT = ConfiguredInitializer("a.example.com")


@pytest.mark.parametrize(
    ("one", "configured", "found"),
    [
        (A, {}, [(30, Action.REPORT)]),
        (A, {"a.example.com": SILENT}, [(30, Action.REPORT)]),
        (
            A,
            {"a.example.com": ConfiguredInitializer("a.example.com", policy=Policy(5, "Ignore"))},
            [(5, Action.SKIP), (30, Action.REPORT)],
        ),
        (
            A,
            {"a.example.com": ConfiguredInitializer("a.example.com", policy=Policy(60, "Fail"))},
            [(60, Action.FAIL), (30, Action.REPORT)],
        ),
        (Pending("a.example.com", since=SINCE, timeout_seconds=7), {}, [(7, Action.FAIL), (30, Action.REPORT)]),
        (
            Pending("a.example.com", since=SINCE, timeout_seconds=7, failure_policy="Ignore"),
            {"a.example.com": SILENT},
            [(30, Action.REPORT)],
        ),
        (Pending("a.example.com"), {}, []),
        (Pending("a.example.com", since="yesterday"), {}, []),
    ],
    ids=["unknown", "no policy", "Ignore", "Fail", "no longer configured", "policy withdrawn", "no turn", "unreadable"],
)
def test_what_is_due_when(
    one: Pending, configured: dict[str, ConfiguredInitializer], found: list[tuple[float, Action]]
) -> None:
    limits = turn_limits.limits(Initializers((one, Pending("b.example.com"))), configured, 30)

    assert [(limit.at - BEGUN, limit.action) for limit in limits] == found


def test_each_of_those_who_are_side_by_side_has_its_own_limit() -> None:
    both = Initializers(tuple(Pending(f"{name}.example.com", True, SINCE) for name in "ab"))

    assert [limit.name for limit in turn_limits.limits(both, {}, 30)] == ["a.example.com", "b.example.com"]


def test_the_result_names_who_did_nothing() -> None:
    limit = turn_limits.Limit(0, "a.example.com", Action.FAIL, 5)

    result = turn_limits.failed(Initializers((A,)), limit).result

    assert result is not None
    assert (result["status"], result["code"], result["reason"]) == ("Failure", 504, "Timeout")
    assert result["message"] == "Timeout: the initializer a.example.com did nothing within 5 seconds"


def test_it_is_said_once_who_is_waited_for() -> None:
    now = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    first = turn_limits.stuck(Initializers((A,)), ["a.example.com"], now)
    assert first is not None

    assert [one["lastTransitionTime"] for one in first.conditions] == ["2026-01-01T00:01:00Z"]
    assert turn_limits.stuck(first, ["a.example.com"], now) is None
    assert turn_limits.stuck(first, ["a.example.com", "b.example.com"], now) is not None
