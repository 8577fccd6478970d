r"""JSONPath as kubectl has it, for the printer columns of custom resources and for conditions on fields.

Specified in "JSONPath Support": ``.a.b``, ``.a\.b`` (a dot in a name), ``['a']``, ``[0]``, ``[-1]``, ``[0:2]``,
``[*]``, ``.*``, ``..name``, ``['a','b']``, ``[?(@.type=="Ready")]``; as in kubectl, ``['a.b']`` says the same as
``.a.b``. Of kubectl's templates it takes one expression, in braces or not, and neither text nor ``range``.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from steersman.apimachinery.jsonpath_syntax import (
    Expression,
    Field,
    Filter,
    Literal,
    Path,
    Recursive,
    Slice,
    Union,
    Wildcard,
    parse,
)

MAX_VALUES = 100_000
"""Values that may be looked at in one search; only ``..`` and filters in great objects come near."""


class JSONPath:
    """A compiled expression. ``find(obj)`` gives the values it selects, in the object's order, empty if none.

    What an expression names and an object lacks, or has as another type, selects nothing. ``find`` raises ValueError
    when it would look at more than :data:`MAX_VALUES` values.
    """

    __slots__ = ("find", "text")

    def __init__(self, text: str, find: Callable[[Any], list[Any]]) -> None:
        self.text: Final = text
        self.find: Final = find

    @classmethod
    def compile(cls, text: str) -> "JSONPath":
        """Read an expression such as ``.spec.replicas``; raise ValueError that says at which position it is wrong."""
        path = parse(text)
        names = [step.name for step in path if isinstance(step, Field)]
        return cls(text, _find_field(names) if len(names) == len(path) else _find(_compile(path)))

    def __repr__(self) -> str:
        return f"JSONPath({self.text!r})"


def _find_field(names: list[str]) -> Callable[[Any], list[Any]]:
    """The short way for names alone, of which most columns are made."""

    def find(obj: Any) -> list[Any]:
        for name in names:
            if type(obj) is not dict or name not in obj:
                return []
            obj = obj[name]
        return [obj]

    return find


class _Budget:
    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def spend(self, values: int) -> None:
        self.left -= values
        if self.left < 0:
            raise ValueError(f"the JSONPath looks at more than {MAX_VALUES} values")


# What one step makes of the values that the steps before it have selected.
_Select = Callable[[list[Any], _Budget], list[Any]]


def _find(select: _Select) -> Callable[[Any], list[Any]]:
    return lambda obj: select([obj], _Budget())


def _compile(path: Path) -> _Select:
    steps = [_STEPS[type(step)](step) for step in path]
    if len(steps) == 1:
        return steps[0]

    def select(values: list[Any], budget: _Budget) -> list[Any]:
        for step in steps:
            values = step(values, budget)
            budget.spend(len(values))
        return values

    return select


def _field(step: Field) -> _Select:
    name = step.name
    return lambda values, budget: [value[name] for value in values if type(value) is dict and name in value]


def _wildcard(step: Wildcard) -> _Select:
    return lambda values, budget: [item for value in values for item in _items(value)]


def _items(value: Any) -> Iterator[Any]:
    if type(value) is dict:
        yield from value.values()
    elif type(value) is list:
        yield from value


def _recursive(step: Recursive) -> _Select:
    def descend(value: Any, found: list[Any], budget: _Budget) -> None:
        if value and type(value) in (dict, list):
            budget.spend(len(value))
            found.append(value)
            for item in _items(value):
                descend(item, found, budget)

    def select(values: list[Any], budget: _Budget) -> list[Any]:
        found: list[Any] = []
        for value in values:
            descend(value, found, budget)
        return found

    return select


def _slice(step: Slice) -> _Select:
    taken = slice(step.start, step.end, step.step)
    return lambda values, budget: [item for value in values if type(value) is list for item in value[taken]]


def _union(step: Union) -> _Select:
    selects = [_compile(path) for path in step.paths]
    return lambda values, budget: [item for select in selects for item in select(values, budget)]


def _filter(step: Filter) -> _Select:
    passes = _exists(step.left) if step.right is None else _comparison(step.left, step.operator, step.right)

    def select(values: list[Any], budget: _Budget) -> list[Any]:
        found: list[Any] = []
        for value in values:
            if type(value) is list:
                budget.spend(len(value))
                found += [item for item in value if passes(item, budget)]
        return found

    return select


_Passes = Callable[[Any, _Budget], bool]


def _exists(expression: Expression) -> _Passes:
    operand = _operand(expression)
    return lambda item, budget: bool(operand([item], budget))


def _comparison(left: Expression, operator: str, right: Expression) -> _Passes:
    left_operand, right_operand, compare = _operand(left), _operand(right), _COMPARE[operator]

    def passes(item: Any, budget: _Budget) -> bool:
        lefts, rights = left_operand([item], budget), right_operand([item], budget)
        if len(lefts) != 1 or len(rights) != 1:
            return False
        kind = _KINDS.get(type(lefts[0]))
        if kind is None or kind is not _KINDS.get(type(rights[0])):
            return False
        return compare(lefts[0], rights[0])

    return passes


def _operand(expression: Expression) -> _Select:
    if isinstance(expression, Literal):
        constant = [expression.value]
        return lambda values, budget: constant
    return _compile(expression)


# What can be compared with what: a number with a number, be one an integer and the other not.
_KINDS: dict[type, str] = {str: "string", bool: "boolean", int: "number", float: "number"}

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class _CompileStep(Protocol):
    def __call__(self, step: Any, /) -> _Select: ...


_STEPS: dict[type, _CompileStep] = {
    Field: _field,
    Wildcard: _wildcard,
    Recursive: _recursive,
    Slice: _slice,
    Union: _union,
    Filter: _filter,
}
