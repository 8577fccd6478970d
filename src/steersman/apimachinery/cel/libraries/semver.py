"""Kubernetes' semantic versions: ``semver('1.2.3').isLessThan(semver('2.0.0-rc.1'))``. Specified in semver.org."""

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import ClassVar, Final

from steersman.apimachinery.cel.cost import traversal
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.types import BOOL, INT, STRING, OpaqueType, opaque_type


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Semver:
    """A version; build metadata plays no part in comparisons."""

    cel_type: ClassVar[OpaqueType]
    numbers: tuple[int, int, int]
    pre_release: tuple[str, ...]

    def _key(self) -> tuple[object, ...]:
        # A number is less than any word, and a release greater than what came before it.
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.pre_release)
        return self.numbers, not self.pre_release, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Semver) and self._key() == other._key()

    def __lt__(self, other: "Semver") -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())


Semver.cel_type = SEMVER_TYPE = opaque_type("kubernetes.Semver", Semver)

_NUMBER: Final = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_WORD: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_GREATEST: Final = 2**64 - 1


def _parse(text: str, normalize: bool = False) -> Semver:
    return _parse_strictly(_normalized(text) if normalize else text)


def _parse_strictly(text: str) -> Semver:
    if not text:
        raise EvaluationError("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise EvaluationError("No Major.Minor.Patch elements found")
    patch, _, build = parts[2].partition("+")
    patch, dash, pre_release = patch.partition("-")
    numbers = tuple(map(_number, (parts[0], parts[1], patch)))
    words = tuple(pre_release.split(".")) if dash else ()
    for word in words:
        _check_word(word, "Prerelease")
    for word in build.split(".") if "+" in parts[2] else ():
        _check_word(word, "Build meta data")
    return Semver((numbers[0], numbers[1], numbers[2]), words)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        if text.isdigit():
            raise EvaluationError(f'Version number must not contain leading zeroes "{text}"')
        raise EvaluationError(f'Invalid character(s) found in version number "{text}"')
    if len(text) > 20 or int(text) > _GREATEST:
        raise EvaluationError(f'version number "{text}" out of range')
    return int(text)


def _check_word(word: str, what: str) -> None:
    if not word:
        raise EvaluationError(f"{what} is empty")
    if not _WORD.fullmatch(word):
        raise EvaluationError(f'Invalid character(s) found in {what.lower()} "{word}"')
    if what == "Prerelease" and word.isdigit() and not _NUMBER.fullmatch(word):
        raise EvaluationError(f'Numeric PreRelease version must not contain leading zeroes "{word}"')


def _normalized(text: str) -> str:
    """The text without a leading ``v`` and leading zeros, and with the numbers that are missing."""
    parts = text.removeprefix("v").split(".", 2)
    for position, part in enumerate(parts):
        if len(part) > 1:
            stripped = part.lstrip("0")
            parts[position] = stripped if stripped[:1].isdigit() else f"0{stripped}"
    if len(parts) < 3 and re.search("[+-]", parts[-1]):
        raise EvaluationError("short version cannot contain PreRelease/Build meta data")
    return ".".join(parts + ["0"] * (3 - len(parts)))


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        _parse(text, normalize)
    except EvaluationError:
        return False
    return True


def _compare(left: Semver, right: Semver) -> int:
    return (left > right) - (left < right)


_PAIR: Final = (SEMVER_TYPE, SEMVER_TYPE)

SEMVER: Final[Library] = library(
    "kubernetes.Semver",
    {
        "semver": (
            function((STRING,), SEMVER_TYPE, _parse, traversal),
            function((STRING, BOOL), SEMVER_TYPE, _parse, traversal),
        ),
        "isSemver": (
            function((STRING,), BOOL, _is_semver, traversal),
            function((STRING, BOOL), BOOL, _is_semver, traversal),
        ),
        "isGreaterThan": (method(_PAIR, BOOL, lambda left, right: left > right),),
        "isLessThan": (method(_PAIR, BOOL, lambda left, right: left < right),),
        "compareTo": (method(_PAIR, INT, _compare),),
        "major": (method((SEMVER_TYPE,), INT, lambda version: version.numbers[0]),),
        "minor": (method((SEMVER_TYPE,), INT, lambda version: version.numbers[1]),),
        "patch": (method((SEMVER_TYPE,), INT, lambda version: version.numbers[2]),),
    },
    types=(SEMVER_TYPE,),
)
