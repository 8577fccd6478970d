"""Percentiles by the nearest-rank method."""

import math
from collections.abc import Sequence


def percentile(ascending: Sequence[float], percent: float) -> float:
    """The smallest value such that ``percent`` of all are not above it; ``ascending`` must be sorted, not empty."""
    if not ascending:
        raise ValueError("no values")
    rank = math.ceil(len(ascending) * percent / 100)
    return ascending[max(rank, 1) - 1]
