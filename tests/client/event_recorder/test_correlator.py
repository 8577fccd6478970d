from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.client.event_recorder import EventCorrelator, Series, SpamFilter

POD = {"apiVersion": "v1", "kind": "Pod", "name": "a", "namespace": "n", "uid": "u", "resourceVersion": "1"}


def event(at: float = 0.0, **fields: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": f"a.{at}"},
        "eventTime": f"T{at}",
        "type": "Normal",
        "reason": "R",
        "action": "A",
        "note": f"note at {at}",
        "regarding": POD,
        "reportingController": "c",
        "reportingInstance": "i",
    } | fields


def sent(series: Series) -> int:
    """Tell the server, and say of how many it was told."""
    series.sent = series.count
    return series.count


def at(correlator: EventCorrelator, now: float, **fields: Any) -> list[int]:
    return [sent(series) for series in correlator.correlate(event(now, **fields), now)]


def test_the_first_is_sent_and_the_second_and_others_are_counted() -> None:
    correlator = EventCorrelator()

    assert [at(correlator, float(second)) for second in range(5)] == [[1], [2], [], [], []]
    assert [series.patch() for series in correlator.finish()] == [{"series": {"count": 5, "lastObservedTime": "T4.0"}}]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "Warning"},
        {"reason": "Other"},
        {"action": "Other"},
        {"reportingController": "other"},
        {"reportingInstance": "other"},
        {"regarding": {**POD, "name": "b"}},
        {"regarding": {**POD, "uid": "v"}},
        {"related": POD},
    ],
)
def test_events_that_differ_are_not_of_one_series(fields: dict[str, Any]) -> None:
    correlator = EventCorrelator()

    assert at(correlator, 0.0) == [1]
    assert at(correlator, 1.0, **fields) == [1]


@pytest.mark.parametrize("fields", [{"note": "another"}, {"regarding": {**POD, "resourceVersion": "2"}}])
def test_events_that_say_the_same_are_of_one_series(fields: dict[str, Any]) -> None:
    correlator = EventCorrelator()

    assert at(correlator, 0.0) == [1]
    assert at(correlator, 1.0, **fields) == [2]


def test_an_event_alone_is_forgotten_after_six_minutes() -> None:
    correlator = EventCorrelator()
    at(correlator, 0.0)

    assert correlator.advance(359.0) == []
    assert correlator.next_due == 360
    assert correlator.advance(360.0) == []
    assert at(correlator, 361.0) == [1]


def test_a_series_ends_when_it_was_idle_for_six_minutes() -> None:
    correlator = EventCorrelator()
    for second in range(3):
        at(correlator, float(second))

    assert correlator.advance(361.0) == []
    assert [sent(series) for series in correlator.advance(362.0)] == [3]
    assert at(correlator, 363.0) == [1]


def test_the_count_of_a_long_series_is_sent_every_half_hour() -> None:
    correlator = EventCorrelator()
    told = []
    for minute in range(62):
        at(correlator, minute * 60.0)
        told += [(minute, sent(series)) for series in correlator.advance(minute * 60.0)]

    assert told == [(31, 32), (61, 62)]


def test_what_the_server_was_told_already_is_not_sent_again() -> None:
    correlator = EventCorrelator()
    at(correlator, 0.0)
    at(correlator, 1.0)

    assert correlator.advance(361.0) == []
    assert correlator.finish() == []


def test_too_many_events_about_one_object_are_dropped() -> None:
    correlator = EventCorrelator(SpamFilter(burst=3))

    assert [at(correlator, 0.0, reason=str(n)) for n in range(5)] == [[1], [1], [1], [], []]
    assert correlator.filtered == 2
    assert at(correlator, 0.0, reason="4", regarding={**POD, "name": "b"}) == [1]


def test_a_series_that_is_too_much_is_sent_at_its_end() -> None:
    correlator = EventCorrelator(SpamFilter(burst=1))

    assert [at(correlator, 0.0) for _ in range(3)] == [[1], [], []]
    assert [sent(series) for series in correlator.advance(360.0)] == [3]


def test_the_series_observed_longest_ago_gives_way() -> None:
    correlator = EventCorrelator(max_entries=2)
    for reason in ("a", "b", "b", "b", "a", "a"):
        at(correlator, 0.0, reason=reason)

    assert at(correlator, 1.0, reason="c") == [1, 3]


def test_what_was_sent_before_the_count_went_up_is_complete() -> None:
    correlator = EventCorrelator()
    [series] = correlator.correlate(event(0.0), 0.0)
    assert series.content() == event(0.0)
    list(correlator.correlate(event(1.0), 1.0))
    assert series.content() == {**event(0.0), "series": {"count": 2, "lastObservedTime": "T1.0"}}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 900)), max_size=60))
def test_in_the_end_the_server_was_told_of_every_event(steps: list[tuple[str, float]]) -> None:
    correlator = EventCorrelator(SpamFilter(burst=10**6), max_entries=2)
    now, told = 0.0, dict[str, int]()

    def tell(series: Series) -> None:
        told[series.event["metadata"]["name"]] = sent(series)

    for number, (reason, seconds) in enumerate(steps):
        now += seconds
        for series in correlator.advance(now):
            tell(series)
        for series in correlator.correlate(event(now, reason=reason, metadata={"name": str(number)}), now):
            tell(series)
    for series in correlator.finish():
        tell(series)

    assert sum(told.values()) == len(steps)
