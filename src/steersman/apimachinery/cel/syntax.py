"""The syntax tree of an expression: small immutable nodes that know where in the source they stand.

Macros are expanded by the parser: comprehensions, ``cel.bind`` and the optional macros have nodes of their own, which
are cheaper to evaluate than the general fold of the language definition and mean the same.
Nodes are compared by identity, so that facts about them can be kept in dicts.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """``offset`` is the position in the source, in code points from 0, that error messages point at."""

    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Expression):
    """A constant: None, bool, int, Uint, float, str or bytes."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Identifier(Expression):
    """A name; ``absolute`` if written with a leading dot."""

    name: str
    absolute: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Select(Expression):
    """``operand.field``; ``optional`` for ``operand.?field``, ``test`` for ``has(operand.field)``."""

    operand: Expression
    field: str
    optional: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Index(Expression):
    """``operand[index]``; ``optional`` for ``operand[?index]``."""

    operand: Expression
    index: Expression
    optional: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expression):
    """A function or, with a ``target``, a method. Operators are functions under names like ``_+_``."""

    function: str
    target: Expression | None
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Logical(Expression):
    """A chain of ``&&`` (``decided_by`` is False) or of ``||`` (True): the operand with that value decides."""

    decided_by: bool
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Expression):
    """``condition ? then : otherwise``"""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True, eq=False)
class ListLiteral(Expression):
    """``optional`` has the positions of the elements written with a leading ``?``."""

    elements: tuple[Expression, ...]
    optional: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One ``key: value`` of a map literal."""

    offset: int
    key: Expression
    value: Expression
    optional: bool


@dataclass(frozen=True, slots=True, eq=False)
class MapLiteral(Expression):
    """``{key: value, …}``"""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FieldValue:
    """One ``name: value`` of a message literal."""

    offset: int
    name: str
    value: Expression
    optional: bool


@dataclass(frozen=True, slots=True, eq=False)
class MessageLiteral(Expression):
    """``TypeName{field: value, …}``"""

    type_name: str
    fields: tuple[FieldValue, ...]


class Fold(Enum):
    """Which macro a comprehension came from."""

    ALL = "all"
    EXISTS = "exists"
    EXISTS_ONE = "exists_one"
    MAP = "map"
    FILTER = "filter"
    TRANSFORM_LIST = "transformList"
    TRANSFORM_MAP = "transformMap"
    TRANSFORM_MAP_ENTRY = "transformMapEntry"


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension(Expression):
    """``range.fold(variables…, [filter,] body)``. One variable is the element or key, two are key and value."""

    fold: Fold
    range: Expression
    variables: tuple[str, ...]
    filter: Expression | None
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Bind(Expression):
    """``cel.bind(variable, value, body)``."""

    variable: str
    value: Expression
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class OptionalMap(Expression):
    """``target.optMap(variable, body)``; with ``flat`` it is optFlatMap, whose body is an optional already."""

    target: Expression
    variable: str
    body: Expression
    flat: bool
