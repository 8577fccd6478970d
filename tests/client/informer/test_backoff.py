"""Pauses before the server is asked again."""

import pytest

from steersman.client.informer.backoff import Backoff, RetryPeriod


def test_pauses_double_up_to_half_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.next(0, 0) for _ in range(8)] == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]


def test_a_pause_has_up_to_as_much_again_of_jitter() -> None:
    assert Backoff().next(0, 0.5) == pytest.approx(1.2)


def test_pauses_start_over_after_two_quiet_minutes() -> None:
    backoff = Backoff()
    backoff.next(0, 0)
    assert backoff.next(120, 0) == 1.6
    assert backoff.next(240.1, 0) == 0.8


@pytest.mark.parametrize(
    ("failures", "again"),
    [([0.0], True), ([0.0, 29.9], True), ([0.0, 30.0], False), ([0.0, 30.0, 90.0], True), ([0.0, 50.0, 100.0], False)],
)
def test_something_is_tried_again_for_a_while(failures: list[float], again: bool) -> None:
    period = RetryPeriod(30.0)
    assert [period.failed(now) for now in failures][-1] is again
