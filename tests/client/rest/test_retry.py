"""Which requests are sent again, and when."""

import pytest

from steersman.client.rest.retry import MAX_RETRIES, retry_after, wait_after_loss, wait_after_refusal


@pytest.mark.parametrize(
    ("attempt", "status", "asked", "wait"),
    [
        (1, 429, 1, 1),
        (1, 429, 0, 0),
        (1, 500, 3, 3),
        (1, 503, 60, 60),
        (1, 599, 2, 2),
        (MAX_RETRIES, 429, 1, 1),
        (MAX_RETRIES + 1, 429, 1, None),
        (1, 429, None, None),
        (1, 503, None, None),
        (1, 503, 61, None),
        (1, 404, 1, None),
        (1, 409, 1, None),
        (1, 301, 1, None),
    ],
)
def test_a_server_that_says_when_is_asked_again(attempt: int, status: int, asked: int | None, wait: int | None) -> None:
    assert wait_after_refusal(attempt, status, asked, 0.0) == wait


@pytest.mark.parametrize(
    ("attempt", "method", "wait"),
    [
        (1, "GET", 0.0),
        (2, "GET", 0.1),
        (3, "GET", 0.2),
        (6, "GET", 1.6),
        (7, "GET", 2.0),
        (MAX_RETRIES, "GET", 2.0),
        (MAX_RETRIES + 1, "GET", None),
        (2, "HEAD", 0.1),
        (1, "POST", None),
        (1, "PUT", None),
        (1, "PATCH", None),
        (1, "DELETE", None),
    ],
)
def test_after_a_lost_connection_only_reads_are_tried_again(attempt: int, method: str, wait: float | None) -> None:
    assert wait_after_loss(attempt, method, 0.0) == wait


def test_chance_only_makes_waits_longer() -> None:
    assert wait_after_refusal(1, 429, 10, 1.0) == pytest.approx(11)
    assert wait_after_loss(2, "GET", 1.0) == pytest.approx(0.11)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("-1", None),
        ("", None),
        ("1.5", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("٣", None),
        ("9" * 5000, None),
    ],
)
def test_retry_after_is_whole_seconds(value: str, seconds: int | None) -> None:
    assert retry_after([("retry-after", value)]) == seconds


def test_without_the_header_there_is_no_retry_after() -> None:
    assert retry_after([("content-type", "text/plain")]) is None
