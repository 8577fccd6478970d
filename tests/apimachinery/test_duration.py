import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.duration import human_duration, parse_duration

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1.9, "0s"),
        (-1, "0s"),
        (-0.5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "60s"),
        (119, "119s"),
        (120, "2m"),
        (5 * MINUTE + 30, "5m30s"),
        (10 * MINUTE - 1, "9m59s"),
        (10 * MINUTE, "10m"),
        (10 * MINUTE + 59, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 59, "3h"),
        (7 * HOUR + 59 * MINUTE + 59, "7h59m"),
        (8 * HOUR, "8h"),
        (8 * HOUR + 30 * MINUTE, "8h"),
        (2 * DAY - 1, "47h"),
        (2 * DAY, "2d"),
        (2 * DAY + 3 * HOUR, "2d3h"),
        (8 * DAY - 1, "7d23h"),
        (8 * DAY, "8d"),
        (2 * YEAR - 1, "729d"),
        (2 * YEAR, "2y"),
        (2 * YEAR + DAY, "2y1d"),
        (2 * YEAR + DAY - 1, "2y"),
        (8 * YEAR - 1, "7y364d"),
        (8 * YEAR, "8y"),
        (100 * YEAR + 5 * DAY, "100y"),
    ],
)
def test_durations_are_printed_as_kubectl_prints_them(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


@given(st.floats(min_value=0, max_value=1000 * YEAR))
def test_what_is_printed_is_never_more_than_the_duration_and_close_to_it(seconds: float) -> None:
    units = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "y": YEAR}
    printed = sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)([smhdy])", human_duration(seconds)))

    assert printed <= seconds
    assert seconds - printed < max(1, 0.125 * seconds + 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("30s", 30), ("1h15m30.5s", 4530.5), ("300ms", 0.3), ("-1.5h", -5400), ("+2m", 120), (".5s", 0.5)],
)
def test_go_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "-", "5", "s", "5 s", "1d", "1h-5m", "x1s", "1s,", "9" * 99 + "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        parse_duration(text)
