from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.time import format_micro_time, format_time, parse_micro_time, parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-23T07:07:48Z", datetime(2026, 7, 23, 7, 7, 48, tzinfo=UTC)),
        ("2026-07-23T07:07:48+02:00", datetime(2026, 7, 23, 5, 7, 48, tzinfo=UTC)),
        ("2026-07-23T07:07:48-00:30", datetime(2026, 7, 23, 7, 37, 48, tzinfo=UTC)),
        ("2026-07-23T07:07:48.5Z", datetime(2026, 7, 23, 7, 7, 48, 500000, tzinfo=UTC)),
        ("2026-07-23T07:07:48.123456789Z", datetime(2026, 7, 23, 7, 7, 48, 123456, tzinfo=UTC)),
        ("2026-07-23T7:07:48Z", datetime(2026, 7, 23, 7, 7, 48, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment


LAYOUT = '"2006-01-02T15:04:05Z07:00"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f'parsing time "" as {LAYOUT}: cannot parse "" as "2006"'),
        ("abc", f'parsing time "abc" as {LAYOUT}: cannot parse "abc" as "2006"'),
        ("2020-01-01", f'parsing time "2020-01-01" as {LAYOUT}: cannot parse "" as "T"'),
        ("2020/01/01", f'parsing time "2020/01/01" as {LAYOUT}: cannot parse "/01/01" as "-"'),
        ("2020-01-01T00:00:00", f'parsing time "2020-01-01T00:00:00" as {LAYOUT}: cannot parse "" as "Z07:00"'),
        ("2020-01-01t00:00:00z", f'parsing time "2020-01-01t00:00:00z" as {LAYOUT}: cannot parse "t00:00:00z" as "T"'),
        ("2020-13-01T00:00:00Z", 'parsing time "2020-13-01T00:00:00Z": month out of range'),
        ("2021-02-29T00:00:00Z", 'parsing time "2021-02-29T00:00:00Z": day out of range'),
        ("2020-01-01T24:00:00Z", 'parsing time "2020-01-01T24:00:00Z": hour out of range'),
        ("2020-01-01T00:60:00Z", 'parsing time "2020-01-01T00:60:00Z": minute out of range'),
        ("2020-12-31T23:59:60Z", 'parsing time "2020-12-31T23:59:60Z": second out of range'),
        ("2020-01-01T00:00:00Zx", 'parsing time "2020-01-01T00:00:00Zx": extra text: "x"'),
        ("2020-01-01T00:00:00Z\n", 'parsing time "2020-01-01T00:00:00Z\\n": extra text: "\\n"'),
        ("2020-01-01T00:00:00+25:00", 'parsing time "2020-01-01T00:00:00+25:00": time zone offset hour out of range'),
        ("9999-12-31T23:59:59-01:00", 'parsing time "9999-12-31T23:59:59-01:00": year out of range'),
    ],
)
def test_what_is_wrong_with_a_time_is_said(text: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_time(text)

    assert str(error.value) == message


def test_a_micro_time_has_six_decimals() -> None:
    assert parse_micro_time("2020-01-01T00:00:00.000001Z") == datetime(2020, 1, 1, 0, 0, 0, 1, tzinfo=UTC)

    with pytest.raises(ValueError, match=r'cannot parse "\.5Z" as "\.000000"'):
        parse_micro_time("2020-01-01T00:00:00.5Z")


@given(moment=st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30))), min_value=datetime(2, 1, 1)))
def test_what_is_formatted_is_read_back(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment.replace(microsecond=0)
    assert parse_micro_time(format_micro_time(moment)) == moment


def test_formats() -> None:
    moment = datetime(2026, 7, 23, 7, 7, 48, 500000, tzinfo=timezone(timedelta(hours=2)))

    assert format_time(moment) == "2026-07-23T05:07:48Z"
    assert format_micro_time(moment) == "2026-07-23T05:07:48.500000Z"
