"""The methods that take timestamps and durations apart: ``getFullYear()``, ``getHours("Europe/Berlin")``…"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from steersman.apimachinery.cel.functions import Functions, Overload, method
from steersman.apimachinery.cel.temporal import NANOS, moment_in
from steersman.apimachinery.cel.types import DURATION, INT, STRING, TIMESTAMP
from steersman.apimachinery.cel.values import Duration, Timestamp


def _of_timestamp(part: Callable[[datetime], int]) -> tuple[Overload, ...]:
    return (
        method((TIMESTAMP,), INT, lambda moment: part(moment_in(moment, None))),
        method((TIMESTAMP, STRING), INT, lambda moment, zone: part(moment_in(moment, zone))),
    )


def _of_duration(unit: int) -> Overload:
    """The whole length in a unit, rounded towards zero."""

    def count(length: Duration) -> int:
        whole = abs(length.nanos) // unit
        return -whole if length.nanos < 0 else whole

    return method((DURATION,), INT, count)


def _milliseconds(moment: Timestamp, _: str = "") -> int:
    return moment.nanos % NANOS // 10**6


TIMESTAMP_METHODS: Final[Functions] = {
    "getFullYear": _of_timestamp(lambda moment: moment.year),
    "getMonth": _of_timestamp(lambda moment: moment.month - 1),
    "getDate": _of_timestamp(lambda moment: moment.day),
    "getDayOfMonth": _of_timestamp(lambda moment: moment.day - 1),
    "getDayOfWeek": _of_timestamp(lambda moment: moment.isoweekday() % 7),
    "getDayOfYear": _of_timestamp(lambda moment: moment.timetuple().tm_yday - 1),
    "getHours": (*_of_timestamp(lambda moment: moment.hour), _of_duration(3600 * NANOS)),
    "getMinutes": (*_of_timestamp(lambda moment: moment.minute), _of_duration(60 * NANOS)),
    "getSeconds": (*_of_timestamp(lambda moment: moment.second), _of_duration(NANOS)),
    "getMilliseconds": (
        method((TIMESTAMP,), INT, _milliseconds),
        method((TIMESTAMP, STRING), INT, _milliseconds),
        _of_duration(10**6),
    ),
}
