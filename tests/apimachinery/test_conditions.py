"""Conditions of a status: one of each type, and the time of its last transition."""

from typing import Any

import pytest

from steersman.apimachinery.conditions import with_condition

THEN, NOW = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"


def ready(status: str, time: str | None, **others: str) -> dict[str, Any]:
    return {"type": "Ready", "status": status, **others} | ({"lastTransitionTime": time} if time else {})


OTHER = {"type": "Other", "status": "True", "lastTransitionTime": THEN}


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ([], [ready("True", NOW)]),
        ([OTHER], [OTHER, ready("True", NOW)]),
        ([ready("True", THEN, reason="Old"), OTHER], [ready("True", THEN), OTHER]),
        ([ready("False", THEN, reason="Old"), OTHER], [ready("True", NOW), OTHER]),
        ([ready("True", None)], [ready("True", NOW)]),
    ],
)
def test_a_condition_takes_the_place_of_the_one_before(
    present: list[dict[str, Any]], expected: list[dict[str, Any]]
) -> None:
    given = [dict(one) for one in present]
    assert with_condition(present, ready("True", None), NOW) == expected
    assert present == given
