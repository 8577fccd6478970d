"""Times on the wire: ``metav1.Time`` (whole seconds) and ``metav1.MicroTime`` (six decimals), RFC 3339 in UTC.

Specified in API conventions, section "Units" (timestamps), and RFC 3339.
"""

import re
from datetime import UTC, datetime, timedelta

from steersman.apimachinery.errors import render_value

_TIME_LAYOUT = "2006-01-02T15:04:05Z07:00"
_MICRO_TIME_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"

_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})"
_TIME = re.compile(rf"{_DATE}(?:[.,]([0-9]+))?{_ZONE}")
_MICRO_TIME = re.compile(rf"{_DATE}\.([0-9]{{6}}){_ZONE}")

# What a time is made of, in order: the part as its layout writes it, its pattern, and its range if it has one.
_Part = tuple[str, re.Pattern[str], tuple[str, int, int] | None]


def _part(layout: str, pattern: str, limits: tuple[str, int, int] | None = None) -> _Part:
    return layout, re.compile(pattern), limits


_PARTS: tuple[_Part, ...] = (
    _part("2006", "[0-9]{4}"),
    _part("-", "-"),
    _part("01", "[0-9]{2}", ("month", 1, 12)),
    _part("-", "-"),
    _part("02", "[0-9]{2}"),
    _part("T", "T"),
    _part("15", "[0-9]{1,2}", ("hour", 0, 23)),
    _part(":", ":"),
    _part("04", "[0-9]{2}", ("minute", 0, 59)),
    _part(":", ":"),
    _part("05", "[0-9]{2}", ("second", 0, 59)),
)
_TIME_PARTS = (*_PARTS, _part("", "(?:[.,][0-9]+)?"), _part("Z07:00", _ZONE))
_MICRO_TIME_PARTS = (*_PARTS, _part(".000000", r"\.[0-9]{6}"), _part("Z07:00", _ZONE))


def parse_time(text: str) -> datetime:
    """The moment that RFC 3339 text names, in UTC; what is finer than a microsecond is dropped.

    Raises ValueError in the words of kube-apiserver (``parsing time "x" as "2006-…": cannot parse "x" as "2006"``).
    """
    return _parse(text, _TIME, _TIME_LAYOUT, _TIME_PARTS)


def parse_micro_time(text: str) -> datetime:
    """As :func:`parse_time`, for a ``MicroTime``, which must have exactly six decimals."""
    return _parse(text, _MICRO_TIME, _MICRO_TIME_LAYOUT, _MICRO_TIME_PARTS)


def _parse(text: str, pattern: re.Pattern[str], layout: str, parts: tuple[_Part, ...]) -> datetime:
    matched = pattern.fullmatch(text)
    if matched is None:
        raise ValueError(_explain(text, layout, parts))
    year, month, day, hour, minute, second, fraction, zone = matched.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second),
            int((fraction or "0")[:6].ljust(6, "0")),
            UTC,
        )
        return moment if zone == "Z" else moment - _offset(text, zone)
    except (ValueError, OverflowError):
        raise ValueError(_explain(text, layout, parts)) from None


def _offset(text: str, zone: str) -> timedelta:
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 24 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset


def _explain(text: str, layout: str, parts: tuple[_Part, ...]) -> str:
    quoted = render_value(text)
    at = 0
    for part, pattern, limits in parts:
        found = pattern.match(text, at)
        if found is None:
            rest = render_value(text[at:])
            return f"parsing time {quoted} as {render_value(layout)}: cannot parse {rest} as {render_value(part)}"
        if limits is not None:
            name, low, high = limits
            if not low <= int(found[0]) <= high:
                return f"parsing time {quoted}: {name} out of range"
        at = found.end()
    if at < len(text):
        return f"parsing time {quoted}: extra text: {render_value(text[at:])}"
    return f"parsing time {quoted}: {_out_of_range(text)} out of range"


def _out_of_range(text: str) -> str:
    zone = text[-6:]
    if zone[0] in "+-" and (int(zone[1:3]) > 24 or int(zone[4:6]) > 59):
        return "time zone offset hour" if int(zone[1:3]) > 24 else "time zone offset minute"
    return "year" if text.startswith(("0000", "9999-12-31")) else "day"


def format_time(moment: datetime) -> str:
    """A ``Time``: ``2006-01-02T15:04:05Z``. The moment must have a time zone; fractions of a second are dropped."""
    return f"{moment.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


def format_micro_time(moment: datetime) -> str:
    """A ``MicroTime``: ``2006-01-02T15:04:05.000000Z``. The moment must have a time zone."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"
