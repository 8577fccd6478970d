"""Metric families: counters, gauges and histograms with labels, counted by dictionary and rendered when read."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

MAX_SERIES = 5000
"""Label sets a family keeps apart; those past it are counted in one set of empty labels."""

Row = tuple[str, ...]
"""The values of a series' labels."""


class Observed:
    """Durations: ``counts`` by bucket (the last one is unbounded) and their ``total`` in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * (buckets + 1)
        self.total = 0.0


class Counter:
    """Numbers that only rise."""

    __slots__ = ("labels", "name", "text", "values")

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self.name, self.text, self.labels = name, text, tuple(labels)
        self.values: dict[Row, int] = {}

    def add(self, row: Row, number: int = 1) -> None:
        if row not in self.values and len(self.values) >= MAX_SERIES:
            row = ("",) * len(self.labels)
        self.values[row] = self.values.get(row, 0) + number


class Gauge:
    """Numbers that are read when the page is asked for."""

    __slots__ = ("labels", "name", "read", "text")

    def __init__(self, name: str, text: str, labels: Sequence[str], read: Callable[[], Mapping[Row, float]]) -> None:
        self.name, self.text, self.labels, self.read = name, text, tuple(labels), read


class Histogram:
    """Durations in seconds, in ``bounds``."""

    __slots__ = ("bounds", "labels", "name", "text", "values")

    def __init__(self, name: str, text: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self.name, self.text, self.labels, self.bounds = name, text, tuple(labels), tuple(bounds)
        self.values: dict[Row, Observed] = {}

    def observe(self, row: Row, seconds: float) -> None:
        observed = self.values.get(row)
        if observed is None:
            if len(self.values) >= MAX_SERIES:
                row = ("",) * len(self.labels)
            observed = self.values.setdefault(row, Observed(len(self.bounds)))
        observed.counts[bisect_left(self.bounds, seconds)] += 1
        observed.total += seconds
