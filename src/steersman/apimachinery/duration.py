"""Durations as people read them in AGE columns: two or three significant figures, ``59s``, ``5m30s``, ``2d3h``."""

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
