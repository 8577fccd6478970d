"""Durations: as people read them in AGE columns (``59s``, ``2d3h``), and as Go writes them (``1h15m30s``)."""

import re

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY

# Up to which duration, in seconds, what is shown: a unit, and below it a second one if that is not zero.
_STEPS: tuple[tuple[int, int, str, int, str], ...] = (
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
)


def human_duration(seconds: float) -> str:
    """The duration as kubectl prints it. A moment that lies up to two seconds ahead is now: clocks differ."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    for limit, unit, letter, lesser, lesser_letter in _STEPS:
        if whole < limit:
            count, rest = divmod(whole, unit)
            remainder = rest // lesser if lesser else 0
            return f"{count}{letter}{remainder}{lesser_letter}" if remainder else f"{count}{letter}"
    return f"{whole // _YEAR}y"


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d{1,15}\.?\d{0,15}|\.\d{1,15})(h|ms|m|s|us|µs|ns)")


def parse_duration(text: str) -> float:
    """Seconds, from Go's notation: ``1h15m30.5s``, ``300ms``, ``-1.5h``, ``0``. Raises ValueError."""
    unsigned = text[1:] if text[:1] in ("-", "+") else text
    if unsigned == "0":
        return 0.0
    seconds, at = 0.0, 0
    while part := _PART.match(unsigned, at):
        seconds += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    if not unsigned or at != len(unsigned) or len(text) > 100:
        raise ValueError(f"time: invalid duration {text[:100]!r}")
    return -seconds if text[0] == "-" else seconds
