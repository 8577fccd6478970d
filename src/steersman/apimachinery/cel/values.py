"""How CEL's values are held in Python.

JSON values are themselves: None, bool, int, float, str, list, dict (so an int is CEL's ``int``); bytes are bytes.
``uint``, timestamps, durations, optionals and the opaque types of libraries have classes of their own. A value is never
changed once an expression has seen it.

Maps are dicts, in which ``1`` and ``true`` would be one key: ``lookup`` tells them apart, and a literal that has both
is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from steersman.apimachinery.cel.errors import EvaluationError

Value = Any
"""A CEL value. Comes from JSON, hence ``Any``."""

INT_LEAST: Final = -(2**63)
INT_GREATEST: Final = 2**63 - 1
UINT_GREATEST: Final = 2**64 - 1


class Uint(int):
    """CEL's ``uint``: 0 to 2^64-1. Its class alone tells it from an int."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in nanoseconds, which CEL bounds to what an int64 of nanoseconds holds (292 years)."""

    nanos: int


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment: nanoseconds since 1970-01-01T00:00:00Z; CEL bounds it to the years 1 to 9999."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may not be there: ``NONE`` is the one that is not."""

    present: bool
    content: Value


NONE: Final = Optional(False, None)


class Lazy:
    """A variable's value that is computed when it is first used, and then kept."""

    __slots__ = ("_compute", "_value")

    def __init__(self, compute: Callable[[], Value]) -> None:
        self._compute: Callable[[], Value] | None = compute
        self._value: Value = None

    def get(self) -> Value:
        """The value. An error of the computation is raised anew at each use."""
        if self._compute is not None:
            self._value = self._compute()
            self._compute = None
        return self._value


class LazyObject(Mapping[str, Value]):
    """An object whose fields are computed when they are first used: the ``variables`` of an admission policy."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Callable[[], Value]]) -> None:
        self._fields = {name: Lazy(compute) for name, compute in fields.items()}

    def __getitem__(self, name: str) -> Value:
        return self._fields[name].get()

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


_SCALARS: Final = frozenset({int, float, Uint})
_MISSING: Final = object()


def equal(left: Value, right: Value) -> bool:
    """CEL's ``==``: numbers by what they amount to, everything else only with its own kind."""
    left_class, right_class = left.__class__, right.__class__
    if left_class is right_class:
        if left_class is list:
            return len(left) == len(right) and all(map(equal, left, right))
        if left_class is dict:
            return _equal_maps(left, right)
        if left_class is Optional:
            return left.present == right.present and equal(left.content, right.content)
        return bool(left == right)
    if left_class in _SCALARS and right_class in _SCALARS:
        # A double is compared with an int after making that a double, however much is lost.
        return left == right if float not in (left_class, right_class) else float(left) == float(right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return _equal_maps(left, right)
    if isinstance(left, list) and isinstance(right, list):
        return bool(left == right)
    return False


def _equal_maps(left: Mapping[Any, Value], right: Mapping[Any, Value]) -> bool:
    if len(left) != len(right):
        return False
    for key, value in left.items():
        other = lookup(right, key, _MISSING)
        if other is _MISSING or not equal(value, other):
            return False
    return True


def lookup(mapping: Mapping[Any, Value], key: Value, default: Value) -> Value:
    """The value under ``key``, or ``default``; ``1``, ``1u`` and ``1.0`` are one key, ``true`` is another."""
    key_class = key.__class__
    if key_class is str:
        return mapping.get(key, default)
    if key_class is bool or (key_class in _SCALARS and (key == 0 or key == 1)):
        for candidate, value in mapping.items():
            if equal(candidate, key):
                return value
        return default
    return mapping.get(key, default) if key_class in _SCALARS else default


def contains(container: Value, item: Value) -> bool:
    """CEL's ``in``. Raises EvaluationError if the container is neither list nor map."""
    if isinstance(container, list):
        return any(equal(element, item) for element in container)
    if isinstance(container, Mapping):
        return lookup(container, item, _MISSING) is not _MISSING
    raise EvaluationError("no such overload")


def size_of(value: Value) -> int:
    """How big a value is for the cost model: 1 for what has no size."""
    if isinstance(value, str | bytes | list | Mapping):
        return len(value)
    if isinstance(value, Optional) and value.present:
        return size_of(value.content)
    sizer: Callable[[], int] | None = getattr(value, "cel_size", None)
    return sizer() if sizer is not None else 1
