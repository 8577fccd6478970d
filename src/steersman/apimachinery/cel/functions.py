"""Functions: overloads by name, each with its types, what it does and what it costs.

The checker chooses the overloads that fit the static types. Where those are ``dyn`` more than one may be left, or one
that does not fit what comes: so the classes of the arguments decide at run time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Final

from steersman.apimachinery.cel.errors import no_such_overload
from steersman.apimachinery.cel.macros import Macros
from steersman.apimachinery.cel.types import Kind, ObjectType, OpaqueType, Type
from steersman.apimachinery.cel.values import Duration, Optional, Timestamp, Uint, Value

Implementation = Callable[..., Value]
Cost = int | Callable[..., int]
"""What a call costs: a number, or a function of ``(result, *arguments)``."""


@dataclass(frozen=True, slots=True)
class ConstantArgument:
    """What to do once when the argument at ``position`` is a constant: ``prepare`` makes the implementation of it.

    ``prepare`` raises EvaluationError if the constant cannot be right, which makes it a compile error.
    """

    position: int
    prepare: Callable[[Value], Implementation]


@dataclass(frozen=True, slots=True, eq=False)
class Overload:
    """One signature of a function. A ``member`` is called on its first argument.

    A call of a ``pure`` one whose arguments are constants is done when the expression is compiled.
    """

    arguments: tuple[Type, ...]
    result: Type
    implementation: Implementation
    member: bool = False
    cost: Cost = 1
    constant: ConstantArgument | None = None
    pure: bool = True


Functions = Mapping[str, tuple[Overload, ...]]


@dataclass(frozen=True, slots=True)
class Library:
    """What an environment knows beyond the bare language: functions, macros, names of types and of messages."""

    name: str
    functions: Functions
    macros: Macros
    types: Mapping[str, Type]
    message_type: Callable[[str], ObjectType | None] | None = None


def library(
    name: str,
    functions: Functions | None = None,
    *,
    macros: Macros | None = None,
    types: Sequence[Type] = (),
    message_type: Callable[[str], ObjectType | None] | None = None,
) -> Library:
    """A library; ``types`` are those that expressions may name, ``message_type`` finds those they may construct."""
    return Library(name, functions or {}, macros or {}, {type.name: type for type in types}, message_type)


def method(
    arguments: Sequence[Type],
    result: Type,
    implementation: Implementation,
    cost: Cost = 1,
    constant: ConstantArgument | None = None,
) -> Overload:
    """An overload that is called on its first argument."""
    return Overload(tuple(arguments), result, implementation, True, cost, constant)


def function(
    arguments: Sequence[Type],
    result: Type,
    implementation: Implementation,
    cost: Cost = 1,
    constant: ConstantArgument | None = None,
) -> Overload:
    """An overload that is called by its name alone."""
    return Overload(tuple(arguments), result, implementation, False, cost, constant)


_CLASSES: Final[Mapping[str, type]] = {
    "bool": bool,
    "int": int,
    "uint": Uint,
    "double": float,
    "string": str,
    "bytes": bytes,
    "null_type": NoneType,
    "google.protobuf.Timestamp": Timestamp,
    "google.protobuf.Duration": Duration,
    "list": list,
    "map": dict,
    "optional_type": Optional,
}


def class_of(type: Type) -> type | None:
    """The class that values of a type have; None if they may have any."""
    if isinstance(type, OpaqueType):
        return type.python_class
    if type.kind is Kind.OBJECT:
        return dict
    return _CLASSES.get(type.name)


def _conforms(value: Value, expected: type | None) -> bool:
    if expected is None or value.__class__ is expected:
        return True
    return expected is dict and isinstance(value, Mapping)


def dispatch(overloads: Sequence[Overload]) -> Callable[..., Overload]:
    """A function that picks the overload for given arguments, and raises "no such overload" if there is none."""
    candidates = [(tuple(map(class_of, overload.arguments)), overload) for overload in overloads]
    exact = dict(reversed(candidates))

    def pick(*arguments: Value) -> Overload:
        found = exact.get(tuple([argument.__class__ for argument in arguments]))
        if found is not None:
            return found
        for classes, overload in candidates:
            if all(map(_conforms, arguments, classes)):
                return overload
        raise no_such_overload()

    return pick
