"""How long to wait before the server is asked again."""

from typing import Final

INITIAL_SECONDS: Final = 0.8
LONGEST_SECONDS: Final = 30.0
RESET_SECONDS: Final = 120.0


class Backoff:
    """Waits that double from 0.8 to 30 seconds, each with up to as much again of jitter.

    They start over when none was needed for 2 minutes. Pure: time and chance are given.
    """

    __slots__ = ("_last", "_seconds")

    def __init__(self) -> None:
        self._seconds = INITIAL_SECONDS
        self._last: float | None = None

    def next(self, now: float, fraction: float) -> float:
        """The seconds to wait; ``now`` is on a clock that does not go back, ``fraction`` random in [0, 1)."""
        if self._last is not None and now - self._last > RESET_SECONDS:
            self._seconds = INITIAL_SECONDS
        self._last = now
        seconds = self._seconds
        self._seconds = min(2 * seconds, LONGEST_SECONDS)
        return seconds * (1 + fraction)


class RetryPeriod:
    """Whether something may be tried again: for ``seconds`` from its first failure.

    A failure after ``RESET`` seconds without one is a first failure again.
    """

    __slots__ = ("_first", "_last", "_seconds")

    RESET: Final = 60.0

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: float | None = None
        self._last = 0.0

    def failed(self, now: float) -> bool:
        """Take note of a failure; return whether to try again."""
        if self._first is None or now - self._last >= self.RESET:
            self._first = now
        self._last = now
        return now - self._first < self._seconds
