"""Expressions over claims and users: the variables that they know, and how they are compiled.

Specified in "Authenticating", section "JSON Web Token authentication"; ``claims`` is a map from the claims' names to
their values, ``user`` is the UserInfo that the mappings made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from steersman.apimachinery.cel import DYN, KUBERNETES, STRING, CompileError, Environment, Program, list_type, map_type
from steersman.apimachinery.cel import object_type as cel_object
from steersman.apimachinery.cel.parser import parse
from steersman.apimachinery.cel.schema_types import escape
from steersman.apimachinery.cel.standard import STANDARD
from steersman.apimachinery.cel.syntax import Expression, Identifier, Select
from steersman.apimachinery.cel.types import BOOL
from steersman.apiserver.authentication.user import UserInfo

_STRINGS = list_type(STRING)
_USER = cel_object(
    "kubernetes.UserInfo",
    {"username": STRING, "uid": STRING, "groups": _STRINGS, "extra": map_type(STRING, _STRINGS)},
)
CLAIMS: Final = Environment({"claims": map_type(STRING, DYN)}, KUBERNETES)
USER: Final = Environment({"user": _USER}, KUBERNETES)
_MACROS: Final = {key: expand for library in (STANDARD, *KUBERNETES) for key, expand in library.macros.items()}


def compile_mapping(expression: str) -> Program:
    """Of claims; what it evaluates to is known only at run time. Raises ValueError with what is wrong, in one line."""
    return _compile(CLAIMS, expression)


def compile_rule(environment: Environment, expression: str) -> Program:
    """Raises ValueError with what is wrong, in one line; also for an expression that is no condition."""
    program = _compile(environment, expression)
    if program.type != BOOL:
        raise ValueError("must evaluate to bool")
    return program


def _compile(environment: Environment, expression: str) -> Program:
    try:
        return environment.compile(expression)
    except CompileError as error:
        raise ValueError(f"compilation failed: {'; '.join(map(str, error.issues))}") from None


def uses_claim(expression: str, claim: str) -> bool:
    """Whether an expression that compiles has ``claims.CLAIM`` in it, in whatever form."""
    return any(
        isinstance(node, Select)
        and node.field == claim
        and isinstance(node.operand, Identifier)
        and node.operand.name == "claims"
        for node in _nodes(parse(expression, _MACROS))
    )


def _nodes(part: Any) -> Iterator[Expression]:
    """All nodes of a syntax tree."""
    if isinstance(part, Expression):
        yield part
    if is_dataclass(part):
        for one in fields(part):
            yield from _nodes(getattr(part, one.name))
    elif isinstance(part, tuple):
        for element in part:
            yield from _nodes(element)


class EscapedNames(dict[str, Any]):
    """A map with keys that expressions can only write escaped: ``claims.kubernetes__dot__io`` is ``kubernetes.io``."""

    __slots__ = ("_names",)

    def __init__(self, members: Mapping[str, Any], names: Mapping[str, str]) -> None:
        super().__init__(members)
        self._names = names

    def __missing__(self, key: str) -> Any:
        return self[self._names[key]]

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, self._names.get(key, key) if isinstance(key, str) else key)

    def get(self, key: Any, default: Any = None) -> Any:
        return dict.get(self, self._names.get(key, key), default)


def cel_value(value: Any) -> Any:
    """A value of JSON as expressions see it: all numbers are doubles, as Go reads them where no type is given."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is dict:
        members = {key: cel_value(member) for key, member in value.items()}
        names = {escaped: key for key in members if (escaped := escape(key)) is not None and escaped != key}
        return EscapedNames(members, names) if names else members
    if kind is list:
        return [cel_value(element) for element in value]
    return float(value) if kind is int else value


def user_value(user: UserInfo) -> dict[str, Any]:
    """The variable ``user``."""
    extra = cel_value({key: list(values) for key, values in user.extra.items()})
    return {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra}
