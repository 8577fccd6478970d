"""What the plugin is told at start.

As YAML, each line with what holds if it is missing::

    minLength: 12
    keys: [password]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIN_LENGTH, KEYS = 12, ("password",)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Each of ``keys``, where a Secret has it, has ``min_length`` bytes at least."""

    min_length: int = MIN_LENGTH
    keys: tuple[str, ...] = KEYS


def parse(document: Mapping[str, Any] | None) -> Configuration:
    """Raises ValueError, in one line, for what is wrong: a server does not start with what it does not understand."""
    document = document or {}
    if unknown := sorted(set(document) - {"minLength", "keys"}):
        raise ValueError(f"{unknown[0]}: unknown field; there are minLength and keys")
    length, keys = document.get("minLength", MIN_LENGTH), document.get("keys", list(KEYS))
    if type(length) is not int or length < 1:
        raise ValueError("minLength: must be a whole number of at least 1")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
        raise ValueError("keys: must be a list of at least one key of a Secret's data")
    return Configuration(length, tuple(keys))
