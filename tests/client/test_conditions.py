"""Conditions: a transition is a change of status, and nothing else is."""

from datetime import UTC, datetime

from steersman.client.conditions import Condition, find_condition, is_condition_true, set_condition

EARLIER = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)


def ready(at: datetime | None = None, message: str = "") -> Condition:
    return Condition(type="Ready", status="True", reason="Done", message=message, last_transition_time=at)


def test_a_new_type_is_appended() -> None:
    conditions = [Condition(type="Synced", status="False", reason="Waiting")]
    assert set_condition(conditions, ready(EARLIER))
    assert [one.type for one in conditions] == ["Synced", "Ready"]
    assert is_condition_true(conditions, "Ready")
    assert not is_condition_true(conditions, "Synced")
    assert find_condition(conditions, "Gone") is None


def test_the_same_status_keeps_its_time() -> None:
    conditions = [ready(EARLIER)]
    assert not set_condition(conditions, ready(LATER))
    assert set_condition(conditions, ready(LATER, "more"))
    assert (conditions[0].last_transition_time, conditions[0].message) == (EARLIER, "more")


def test_another_status_takes_the_new_time() -> None:
    conditions = [ready(EARLIER)]
    assert set_condition(
        conditions, Condition(type="Ready", status="Unknown", reason="Lost", last_transition_time=LATER)
    )
    assert conditions[0].last_transition_time == LATER


def test_without_a_time_it_is_now() -> None:
    conditions: list[Condition] = []
    before = datetime.now(UTC).replace(microsecond=0)
    set_condition(conditions, ready())
    assert conditions[0].last_transition_time is not None
    assert before <= conditions[0].last_transition_time <= datetime.now(UTC)
