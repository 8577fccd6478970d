"""Type checking: what type every part of an expression has, and which overloads each call may mean.

Messages and their positions are those of cel-go's checker. Checking goes on after an error: what is wrong has the error
type, which fits everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from steersman.apimachinery.cel.assignability import Substitution
from steersman.apimachinery.cel.errors import Problem
from steersman.apimachinery.cel.functions import Functions, Overload
from steersman.apimachinery.cel.homogeneity import mixed_elements
from steersman.apimachinery.cel.syntax import (
    Bind,
    Call,
    Comprehension,
    Conditional,
    Expression,
    FieldValue,
    Fold,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Logical,
    MapLiteral,
    MessageLiteral,
    OptionalMap,
    Select,
)
from steersman.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    UINT,
    Kind,
    ObjectType,
    OpenObjectType,
    Type,
    list_type,
    map_type,
    optional_type,
    type_type,
)
from steersman.apimachinery.cel.values import Uint


@dataclass(frozen=True, slots=True)
class Declarations:
    """What an expression may refer to."""

    variables: Mapping[str, Type]
    functions: Functions
    types: Mapping[str, Type]
    message_type: Callable[[str], ObjectType | None]
    homogeneous_literals: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checker found out about each node: ``types``; the ``overloads`` of calls, and which of those calls are
    ``namespaced`` (``math.greatest(…)``: the target is part of the name); ``constants``, names that mean a type;
    ``variables``, names that mean one of the activation."""

    types: dict[Expression, Type] = field(default_factory=dict)
    overloads: dict[Expression, tuple[Overload, ...]] = field(default_factory=dict)
    namespaced: set[Expression] = field(default_factory=set)
    constants: dict[Expression, Type] = field(default_factory=dict)
    variables: dict[Expression, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def check(expression: Expression, declarations: Declarations) -> Checked:
    """Infer the types of an expression and all its parts."""
    checker = _Checker(declarations)
    checker.type_of(expression)
    checked = checker.checked
    for node, type in checked.types.items():
        checked.types[node] = checker.substitution.final(type)
    if declarations.homogeneous_literals and not checked.problems:
        checked.problems.extend(mixed_elements(checker.literals, checked.types))
    return checked


def qualified_name(expression: Expression) -> str:
    """``a.b.c`` as a dotted name; empty if the expression is anything else."""
    fields: list[str] = []
    while isinstance(expression, Select) and not expression.optional and not expression.test:
        fields.append(expression.field)
        expression = expression.operand
    if not isinstance(expression, Identifier):
        return ""
    return ".".join([expression.name, *reversed(fields)])


_LITERALS: Final[Mapping[type, Type]] = {
    bool: BOOL,
    int: INT,
    Uint: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}


class _Checker:
    def __init__(self, declarations: Declarations) -> None:
        self.checked = Checked()
        self.substitution = Substitution()
        self._declarations = declarations
        self._scopes: list[dict[str, Type]] = [dict(declarations.variables)]
        self.literals: list[ListLiteral | MapLiteral] = []
        self._formatted = 0

    def type_of(self, node: Expression) -> Type:
        type = self.substitution.resolve(_CHECKS[node.__class__](self, node))
        self.checked.types[node] = type
        return type

    def _problem(self, node: Any, message: str) -> Type:
        self.checked.problems.append((node.offset, message))
        return ERROR

    def _mismatch(self, node: Expression, function: str, types: tuple[Type, ...], member: bool = False) -> Type:
        final = [str(self.substitution.final(type)) for type in types]
        shown = f"{final[0]}.({', '.join(final[1:])})" if member else f"({', '.join(final)})"
        return self._problem(node, f"found no matching overload for '{function}' applied to '{shown}'")

    def _undeclared(self, node: Expression, name: str) -> Type:
        return self._problem(node, f"undeclared reference to '{name}' (in container '')")

    # Names and fields.

    def _variable(self, name: str) -> Type | None:
        for scope in reversed(self._scopes):
            if (type := scope.get(name)) is not None:
                return type
        return None

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes[1:])

    def _literal(self, node: Literal) -> Type:
        return _LITERALS[node.value.__class__]

    def _identifier(self, node: Identifier) -> Type:
        type = self._variable(node.name)
        if type is not None:
            if not self._is_local(node.name):
                self.checked.variables[node] = node.name
            return type
        named = self._declarations.types.get(node.name)
        if named is None:
            return self._undeclared(node, node.name)
        self.checked.constants[node] = named
        return type_type(named)

    def _select(self, node: Select) -> Type:
        name = qualified_name(node)
        first = name.split(".", 1)[0]
        if name and not self._is_local(first) and (declared := self._declarations.variables.get(name)) is not None:
            self.checked.variables[node] = name
            return declared
        if name and self._variable(first) is None:
            named = self._declarations.types.get(name)
            if named is not None:
                self.checked.constants[node] = named
                return type_type(named)
        operand = self.type_of(node.operand)
        optional = node.optional
        if operand.kind is Kind.OPTIONAL:
            operand, optional = operand.parameters[0], True
        type = self._field(node, operand)
        if node.test:
            return BOOL
        return optional_type(type) if optional and type is not ERROR else type

    def _field(self, node: Select, operand: Type) -> Type:
        operand = self.substitution.resolve(operand)
        if operand.kind in (Kind.DYN, Kind.ERROR, Kind.PARAMETER):
            return DYN if operand.kind is not Kind.ERROR else ERROR
        if operand.kind is Kind.MAP:
            return operand.parameters[1]
        if isinstance(operand, ObjectType):
            found = operand.field_named(node.field)
            return found.type if found is not None else self._problem(node, f"undefined field '{node.field}'")
        return self._problem(node, f"type '{self.substitution.final(operand)}' does not support field selection")

    def _index(self, node: Index) -> Type:
        operand, index = self.type_of(node.operand), self.type_of(node.index)
        optional = node.optional
        container = operand
        if operand.kind is Kind.OPTIONAL:
            container, optional = operand.parameters[0], True
        element = self._element(container, index)
        if element is None:
            return self._mismatch(node, "_[?_]" if node.optional else "_[_]", (operand, index))
        return optional_type(element) if optional else element

    def _element(self, container: Type, index: Type) -> Type | None:
        """The type of what is under ``index``, None if the container has no such indexes."""
        container = self.substitution.resolve(container)
        if container.kind in (Kind.DYN, Kind.ERROR, Kind.PARAMETER):
            return DYN
        if container.kind is Kind.LIST and self.substitution.assignable(INT, index):
            return container.parameters[0]
        if container.kind is Kind.MAP and self.substitution.assignable(container.parameters[0], index):
            return container.parameters[1]
        return None

    # Calls.

    def _call(self, node: Call) -> Type:
        name = qualified_name(node.target) if node.target is not None else ""
        if name and self._variable(name.split(".", 1)[0]) is None:
            overloads = self._declarations.functions.get(f"{name}.{node.function}")
            if overloads is not None:
                self.checked.namespaced.add(node)
                arguments = tuple(map(self.type_of, node.arguments))
                return self._resolve(node, f"{name}.{node.function}", overloads, arguments, False)
        called = (node.target, *node.arguments) if node.target is not None else node.arguments
        overloads = self._declarations.functions.get(node.function)
        if overloads is None:
            for argument in called:
                self.type_of(argument)
            return self._undeclared(node, node.function)
        self._formatted += node.function == "format"
        arguments = tuple(map(self.type_of, called))
        self._formatted -= node.function == "format"
        return self._resolve(node, node.function, overloads, arguments, node.target is not None)

    def _resolve(
        self, node: Call, name: str, overloads: tuple[Overload, ...], arguments: tuple[Type, ...], member: bool
    ) -> Type:
        matching: list[Overload] = []
        result: Type | None = None
        before = learnt = self.substitution.snapshot()
        for overload in overloads:
            if overload.member is not member:
                continue
            *parameters, returned = self.substitution.instantiate((*overload.arguments, overload.result))
            if not self.substitution.all_assignable(tuple(parameters), arguments):
                continue
            matching.append(overload)
            returned = self.substitution.resolve(returned)
            result = returned if result is None or result == returned else DYN
            learnt = self.substitution.snapshot()
            self.substitution.restore(dict(before))
        if result is None:
            return self._mismatch(node, name, arguments, member)
        if len(matching) == 1:
            # Of several it is not known whose types the arguments have.
            self.substitution.restore(learnt)
        self.checked.overloads[node] = tuple(matching)
        return result

    def _logical(self, node: Logical) -> Type:
        types = tuple(map(self.type_of, node.operands))
        for position, type in enumerate(types):
            if not self.substitution.assignable(BOOL, type):
                pair = types[:2] if position < 2 else (BOOL, type)
                return self._mismatch(node, "_||_" if node.decided_by else "_&&_", pair)
        return BOOL

    def _conditional(self, node: Conditional) -> Type:
        types = tuple(map(self.type_of, (node.condition, node.then, node.otherwise)))
        joined = self.substitution.join(types[1], types[2])
        if joined is None or not self.substitution.assignable(BOOL, types[0]):
            return self._mismatch(node, "_?_:_", types)
        return joined

    # Literals with parts.

    def _joined(self, node: Expression, before: Type | None, value: Type, optional: bool) -> Type:
        if optional:
            unwrapped = self.substitution.fresh()
            if not self.substitution.assignable(optional_type(unwrapped), value):
                return self._expected(node, optional_type(value), value)
            value = self.substitution.resolve(unwrapped)
        if before is None:
            return value
        joined = self.substitution.join(before, value)
        if joined is not None:
            return joined
        return DYN

    def _expected(self, node: Expression, expected: Type, found: Type) -> Type:
        wanted, actual = self.substitution.final(expected), self.substitution.final(found)
        return self._problem(node, f"expected type '{wanted}' but found '{actual}'")

    def _list(self, node: ListLiteral) -> Type:
        self._remember(node)
        element: Type | None = None
        for position, part in enumerate(node.elements):
            element = self._joined(part, element, self.type_of(part), position in node.optional)
        return list_type(element if element is not None else self.substitution.fresh())

    def _remember(self, node: ListLiteral | MapLiteral) -> None:
        # What is formatted may be of any types.
        if not self._formatted:
            self.literals.append(node)

    def _map(self, node: MapLiteral) -> Type:
        self._remember(node)
        key: Type | None = None
        value: Type | None = None
        for entry in node.entries:
            key = self._joined(entry.key, key, self.type_of(entry.key), False)
            value = self._joined(entry.value, value, self.type_of(entry.value), entry.optional)
        if key is None or value is None:
            return map_type(self.substitution.fresh(), self.substitution.fresh())
        return map_type(key, value)

    def _message(self, node: MessageLiteral) -> Type:
        message = self._declarations.message_type(node.type_name)
        for part in node.fields:
            value = self.type_of(part.value)
            if message is None:
                continue
            declared = message.field_named(part.name)
            if declared is None:
                self._problem(part, f"undefined field '{part.name}'")
                continue
            expected = optional_type(declared.type) if part.optional else declared.type
            if not self.substitution.assignable(expected, value):
                provided = self.substitution.final(value)
                wanted = f"expected type of field '{part.name}' is '{expected}'"
                self._problem(part, f"{wanted} but provided type is '{provided}'")
            if isinstance(message, OpenObjectType):
                self._check_path(part, f"{message.name}.{part.name}", value)
        return message if message is not None else self._undeclared(node, node.type_name)

    def _check_path(self, part: FieldValue, path: str, value: Type) -> None:
        """An object that is constructed within another has the type named after where it is."""
        value = self.substitution.resolve(value)
        while value.kind in (Kind.LIST, Kind.MAP, Kind.OPTIONAL):
            value = value.parameters[-1]
        if isinstance(value, OpenObjectType) and value.name != path:
            which = "which matches field name path from root Object type"
            self._problem(part, f'unexpected type name "{value.name}", expected "{path}", {which}')

    # Comprehensions.

    def _scoped(self, variables: dict[str, Type], *bodies: Expression) -> tuple[Type, ...]:
        self._scopes.append(variables)
        types = tuple(map(self.type_of, bodies))
        self._scopes.pop()
        return types

    def _comprehension(self, node: Comprehension) -> Type:
        range_type = self.type_of(node.range)
        key, value = self._range(node, range_type)
        names = node.variables
        variables = {names[0]: key if range_type.kind is Kind.MAP else value} if len(names) == 1 else {}
        if not variables:
            variables = {names[0]: key, names[1]: value}
        parts = (node.filter, node.body) if node.filter is not None else (node.body,)
        *condition, body = self._scoped(variables, *parts)
        result, failing = _FOLDS[node.fold](key, variables[names[0]], body)
        if condition and not self.substitution.assignable(BOOL, condition[0]):
            return self._mismatch(node, "_?_:_", (condition[0], result, result))
        if failing and not self.substitution.assignable(BOOL, body):
            pair = (BOOL, body) if failing != "_?_:_" else (body, result, result)
            return self._mismatch(node, failing, pair)
        return result

    def _range(self, node: Comprehension, range_type: Type) -> tuple[Type, Type]:
        if range_type.kind is Kind.LIST:
            return INT, range_type.parameters[0]
        if range_type.kind is Kind.MAP:
            return range_type.parameters[0], range_type.parameters[1]
        if range_type.kind not in (Kind.DYN, Kind.ERROR, Kind.PARAMETER):
            shown = self.substitution.final(range_type)
            problem = f"expression of type '{shown}' cannot be range of a comprehension (must be list, map, or dynamic)"
            self._problem(node.range, problem)
            return ERROR, ERROR
        return DYN, DYN

    def _bind(self, node: Bind) -> Type:
        return self._scoped({node.variable: self.type_of(node.value)}, node.body)[0]

    def _optional_map(self, node: OptionalMap) -> Type:
        target = self.type_of(node.target)
        content = self.substitution.fresh()
        if not self.substitution.assignable(optional_type(content), target):
            return self._mismatch(node, "hasValue", (target,), True)
        (body,) = self._scoped({node.variable: self.substitution.resolve(content)}, node.body)
        if not node.flat:
            return optional_type(body)
        flat = optional_type(self.substitution.fresh())
        if not self.substitution.assignable(flat, body):
            return self._mismatch(node, "_?_:_", (BOOL, body, flat))
        return self.substitution.resolve(flat)


def _map_entries(_: Type, __: Type, body: Type) -> tuple[Type, str]:
    return (body if body.kind is Kind.MAP else map_type(DYN, DYN)), ""


# The type of each fold, of the types of key, first variable and body; and the operator whose operand the body is.
_FOLDS: Final[Mapping[Fold, Callable[[Type, Type, Type], tuple[Type, str]]]] = {
    Fold.ALL: lambda _, __, ___: (BOOL, "_&&_"),
    Fold.EXISTS: lambda _, __, ___: (BOOL, "_||_"),
    Fold.EXISTS_ONE: lambda _, __, ___: (BOOL, "_?_:_"),
    Fold.FILTER: lambda _, variable, __: (list_type(variable), "_?_:_"),
    Fold.MAP: lambda _, __, body: (list_type(body), ""),
    Fold.TRANSFORM_LIST: lambda _, __, body: (list_type(body), ""),
    Fold.TRANSFORM_MAP: lambda key, _, body: (map_type(key, body), ""),
    Fold.TRANSFORM_MAP_ENTRY: _map_entries,
}

_CHECKS: Final[Mapping[type, Callable[[_Checker, Any], Type]]] = {
    Literal: _Checker._literal,
    Identifier: _Checker._identifier,
    Select: _Checker._select,
    Index: _Checker._index,
    Call: _Checker._call,
    Logical: _Checker._logical,
    Conditional: _Checker._conditional,
    ListLiteral: _Checker._list,
    MapLiteral: _Checker._map,
    MessageLiteral: _Checker._message,
    Comprehension: _Checker._comprehension,
    Bind: _Checker._bind,
    OptionalMap: _Checker._optional_map,
}
