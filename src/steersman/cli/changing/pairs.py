"""``KEY=VALUE`` and ``KEY-`` on the command line."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from steersman.apimachinery.names import check_label_value
from steersman.cli.cluster.failure import UsageError


class Pairs(NamedTuple):
    """What shall be set, and what shall be removed."""

    set: Mapping[str, str]
    removed: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.set or self.removed)

    def applied_to(self, old: Mapping[str, str]) -> dict[str, str]:
        return {**{key: value for key, value in old.items() if key not in self.removed}, **self.set}


def split_pairs(args: Sequence[str], what: str) -> tuple[list[str], Pairs]:
    """Arguments that say which objects, and the pairs behind them. Raises UsageError; ``what`` is such as "label"."""
    first = next((at for at, one in enumerate(args) if _is_pair(one)), len(args))
    return list(args[:first]), parse_pairs(args[first:], what)


def parse_pairs(args: Sequence[str], what: str) -> Pairs:
    """Raises UsageError for what is no pair, and for keys that are both set and removed."""
    given: dict[str, str] = {}
    removed = []
    for one in args:
        key, equals, value = one.partition("=")
        if equals and key:
            given[key] = value
        elif one.endswith("-") and one != "-":
            removed.append(one[:-1])
        else:
            raise UsageError(f"unknown {what} syntax: {one}: it must be KEY=VALUE or KEY-")
    for key in removed:
        if key in given:
            raise UsageError(f"can not both modify and remove the following {what}(s) in the same command: {key}")
    return Pairs(given, removed)


def check_labels(pairs: Pairs) -> None:
    """Raises UsageError for a value that no label can have."""
    for value in pairs.set.values():
        for problem in check_label_value(value):
            raise UsageError(f'invalid label value: "{value}": {problem}')


def _is_pair(text: str) -> bool:
    return "=" in text or text.endswith("-")
