"""What a namespace's labels choose: a level and a version each to enforce, to audit and to warn of.

Specified in "Pod Security Admission", section "Pod Security Admission labels for namespaces".
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from steersman.apimachinery.errors import FieldError, field_invalid

PRIVILEGED, BASELINE, RESTRICTED = LEVELS = ("privileged", "baseline", "restricted")
"""The less strict first."""
LATEST = "latest"
PREFIX = "pod-security.kubernetes.io/"
ENFORCE, AUDIT, WARN = MODES = ("enforce", "audit", "warn")

_VERSION = re.compile(r"v1\.(0|[1-9][0-9]{0,8})")


T = TypeVar("T")


class Standard(NamedTuple):
    """``minor`` is that of the version, None for the latest."""

    level: str
    minor: int | None

    def __str__(self) -> str:
        return f"{self.level}:{LATEST if self.minor is None else f'v1.{self.minor}'}"

    def is_like(self, other: "Standard") -> bool:
        return self == other or self.level == other.level == PRIVILEGED


class Policy(NamedTuple):
    enforce: Standard
    audit: Standard
    warn: Standard

    @property
    def is_privileged(self) -> bool:
        return all(standard.level == PRIVILEGED for standard in self)

    def is_like(self, other: "Policy") -> bool:
        return all(mine.is_like(its) for mine, its in zip(self, other, strict=True))


def parse_level(value: object) -> str:
    """Raises ValueError."""
    if value not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return str(value)


def parse_version(value: object) -> int | None:
    """Raises ValueError."""
    if value == LATEST:
        return None
    found = _VERSION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be "latest" or "v1.x"')
    return int(found[1])


def is_stricter(level: str, other: str) -> bool:
    return LEVELS.index(level) > LEVELS.index(other)


def policy_of(labels: Mapping[str, str], defaults: Policy) -> tuple[Policy, list[FieldError]]:
    """The policy and what is wrong with the labels: who enforces then takes the strictest, who tells says nothing.

    What is enforced is warned of too, unless the labels say otherwise.
    """
    if not any(key.startswith(PREFIX) for key in labels):
        return defaults, []
    wrong: list[FieldError] = []
    chosen = {
        mode: Standard(
            _read(labels, mode, parse_level, default.level, RESTRICTED if mode == ENFORCE else PRIVILEGED, wrong),
            _read(labels, f"{mode}-version", parse_version, default.minor, None, wrong),
        )
        for mode, default in zip(MODES, defaults, strict=True)
    }
    enforce, warn = chosen[ENFORCE], chosen[WARN]
    says_only_enforce = f"{PREFIX}{WARN}" not in labels and labels.get(f"{PREFIX}{ENFORCE}") in LEVELS
    if says_only_enforce and is_stricter(enforce.level, warn.level):
        has_version = f"{PREFIX}{WARN}-version" in labels
        warn = Standard(enforce.level, warn.minor if has_version else enforce.minor)
    return Policy(enforce, chosen[AUDIT], warn), wrong


def _read(
    labels: Mapping[str, str], name: str, parse: Callable[[object], T], default: T, broken: T, wrong: list[FieldError]
) -> T:
    label = f"{PREFIX}{name}"
    if label not in labels:
        return default
    try:
        return parse(labels[label])
    except ValueError as error:
        wrong.append(field_invalid(f"metadata.labels[{label}]", labels[label], str(error)))
        return broken
