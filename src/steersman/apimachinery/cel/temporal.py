"""Timestamps and durations: reading, writing, and taking them apart. To the nanosecond, which datetime cannot do.

Timestamps are written as RFC 3339 has them, durations as Go's ``time.ParseDuration`` does (``1h30m``, ``1.5s``).
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.values import INT_GREATEST, INT_LEAST, Duration, Timestamp

NANOS: Final = 10**9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_SECOND: Final = -62_135_596_800
_GREATEST_SECOND: Final = 253_402_300_799

_TIMESTAMP: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION: Final = re.compile(r"([-+]?)((?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_DURATION_PART: Final = re.compile(r"([0-9]*)\.?([0-9]*)(ns|us|µs|μs|ms|s|m|h)")
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": NANOS,
    "m": 60 * NANOS,
    "h": 3600 * NANOS,
}
_OFFSET: Final = re.compile(r"([+-]?)(\d{1,2}):(\d\d)", re.ASCII)


def timestamp(nanos: int) -> Timestamp:
    """The timestamp, if it lies in the years 1 to 9999. Raises EvaluationError."""
    if not _LEAST_SECOND <= nanos // NANOS <= _GREATEST_SECOND:
        raise EvaluationError("timestamp overflow")
    return Timestamp(nanos)


def duration(nanos: int) -> Duration:
    """The duration, if an int64 can hold it. Raises EvaluationError."""
    if not INT_LEAST <= nanos <= INT_GREATEST:
        raise EvaluationError("duration overflow")
    return Duration(nanos)


def parse_timestamp(text: str) -> Timestamp:
    """Read RFC 3339. Raises EvaluationError."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise EvaluationError(
            f"type conversion error from 'string' to 'google.protobuf.Timestamp': cannot parse {text!r}"
        )
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise EvaluationError(f"parsing time {text!r}: {error}") from None
    shift = 0
    if match[8]:
        shift = (int(match[9]) * 3600 + int(match[10]) * 60) * (-1 if match[8] == "-" else 1)
    seconds = (moment - _EPOCH) // timedelta(seconds=1) - shift
    return timestamp(seconds * NANOS + int((match[7] or "0").ljust(9, "0")))


def parse_date(text: str) -> Timestamp:
    """Read a date, ``2024-02-29``, as the moment when it begins in UTC. Raises EvaluationError."""
    return parse_timestamp(f"{text}T00:00:00Z")


def parse_duration(text: str) -> Duration:
    """Read Go's notation of durations. Raises EvaluationError."""
    if text in ("0", "+0", "-0"):
        return Duration(0)
    match = _DURATION.fullmatch(text)
    if match is None or len(text) > 256:
        raise EvaluationError(f'time: invalid duration "{text}"')
    nanos = 0
    for whole, fraction, unit in _DURATION_PART.findall(match[2]):
        nanos += int(whole or "0") * _UNITS[unit] + int(fraction or "0") * _UNITS[unit] // 10 ** len(fraction)
    return duration(-nanos if match[1] == "-" else nanos)


def format_timestamp(moment: Timestamp) -> str:
    """RFC 3339 in UTC, with as many digits after the second as are needed."""
    seconds, nanos = divmod(moment.nanos, NANOS)
    whole = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    return f"{whole}{_fraction(nanos)}Z"


def format_duration(length: Duration) -> str:
    """Seconds, ``5400s`` or ``-0.5s``."""
    seconds, nanos = divmod(abs(length.nanos), NANOS)
    return f"{'-' if length.nanos < 0 else ''}{seconds}{_fraction(nanos)}s"


def _fraction(nanos: int) -> str:
    return f".{nanos:09}".rstrip("0") if nanos else ""


def moment_in(moment: Timestamp, zone: str | None) -> datetime:
    """The timestamp to the microsecond, in a zone: a name of the IANA's, ``UTC``, or an offset ``-08:00``."""
    utc = _EPOCH + timedelta(seconds=moment.nanos // NANOS)
    if zone is None:
        return utc
    try:
        return utc.astimezone(_zone(zone))
    except OverflowError:
        raise EvaluationError("timestamp overflow") from None


def _zone(name: str) -> tzinfo:
    if ":" in name:
        match = _OFFSET.fullmatch(name)
        if match is None or int(match[2]) > 23 or int(match[3]) > 59:
            raise EvaluationError(f"unknown time zone {name}")
        shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-shift if match[1] == "-" else shift)
    if name in ("", "UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EvaluationError(f"unknown time zone {name}") from None
