"""Kubernetes' functions of regular expressions: ``find`` and ``findAll``. RE2 syntax, linear time."""

from collections.abc import Callable
from typing import Final

from steersman.apimachinery.cel.cost import pattern_match
from steersman.apimachinery.cel.functions import ConstantArgument, Implementation, Library, library, method
from steersman.apimachinery.cel.regex import compile_regex, find_matches
from steersman.apimachinery.cel.types import INT, STRING, list_type
from steersman.apimachinery.cel.values import Value


def _find(text: str, pattern: str) -> str:
    return next(find_matches(compile_regex(pattern), text), "")


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found: list[str] = []
    if limit == 0:
        return found
    for match in find_matches(compile_regex(pattern), text):
        found.append(match)
        if len(found) == limit:
            break
    return found


def _known_pattern(implementation: Callable[..., Value]) -> ConstantArgument:
    """Refuses a wrong pattern when it is compiled."""

    def prepare(pattern: Value) -> Implementation:
        if isinstance(pattern, str):
            compile_regex(pattern)
        return implementation

    return ConstantArgument(1, prepare)


_STRINGS: Final = list_type(STRING)

REGEX: Final[Library] = library(
    "kubernetes.regex",
    {
        "find": (method((STRING, STRING), STRING, _find, pattern_match, _known_pattern(_find)),),
        "findAll": (
            method((STRING, STRING), _STRINGS, _find_all, pattern_match, _known_pattern(_find_all)),
            method((STRING, STRING, INT), _STRINGS, _find_all, pattern_match, _known_pattern(_find_all)),
        ),
    },
)
