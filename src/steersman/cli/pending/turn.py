"""Whose turn it is with an object that waits for its initializers."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any


def turn(initializers: Mapping[str, Any] | None) -> tuple[list[str], list[str]]:
    """The names in ``metadata.initializers``: of those who have the turn, together if they commute, and of the rest."""
    pending = (initializers or {}).get("pending") or ()
    count = len(list(takewhile(lambda one: one.get("commutes"), pending))) or 1
    names = [one["name"] for one in pending]
    return names[:count], names[count:]
