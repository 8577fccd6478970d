"""From a checked syntax tree to code: every node becomes a closure over the frame."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from steersman.apimachinery.cel import attributes, operators
from steersman.apimachinery.cel.calls import InvalidArgument, addition, call, or_optional, or_value
from steersman.apimachinery.cel.checker import Checked
from steersman.apimachinery.cel.code import FIRST_SLOT, Code, Constant, Frame, constant, with_cost
from steersman.apimachinery.cel.comprehensions import fold
from steersman.apimachinery.cel.conversion import conversion
from steersman.apimachinery.cel.errors import EvaluationError, Problem, no_such_overload
from steersman.apimachinery.cel.syntax import (
    Bind,
    Call,
    Comprehension,
    Conditional,
    Expression,
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
from steersman.apimachinery.cel.type_conversions import CONVERSIONS
from steersman.apimachinery.cel.types import Kind, ObjectType, Type
from steersman.apimachinery.cel.values import NONE, Optional, Uint, Value, lookup

_LIST_COST: Final = 10
_MAP_COST: Final = 30
_MESSAGE_COST: Final = 40
_MISSING: Final = object()
_CONVERSIONS: Final = frozenset({*CONVERSIONS, "dyn", "type"})


class Compiler:
    """Compiles one expression. Afterwards ``slots`` has the activation's variables that it uses, by name, and
    ``locals`` how many slots its comprehensions need after those. ``problems`` are pairs of offset and message."""

    def __init__(self, checked: Checked, variables: Mapping[str, Type]) -> None:
        self._checked = checked
        self._variables = variables
        self._scopes: list[dict[str, int]] = [{}]
        self.slots = {
            name: FIRST_SLOT + position for position, name in enumerate(sorted(set(checked.variables.values())))
        }
        self.locals = 0
        self.problems: list[Problem] = []

    def code(self, node: Expression) -> Code:
        """The code of a node."""
        named = self._checked.constants.get(node)
        if named is not None:
            return constant(named, 1)
        variable = self._checked.variables.get(node)
        if variable is not None:
            return self._converted(attributes.variable(self.slots[variable]), self._variables[variable])
        return _COMPILERS[node.__class__](self, node)

    def _type(self, node: Expression) -> Type:
        return self._checked.types[node]

    def _new_slot(self) -> int:
        self.locals += 1
        return FIRST_SLOT + len(self.slots) + self.locals - 1

    def _scoped(self, variables: dict[str, int], node: Expression) -> Code:
        self._scopes.append(variables)
        code = self.code(node)
        self._scopes.pop()
        return code

    def _literal(self, node: Literal) -> Code:
        return constant(node.value)

    def _identifier(self, node: Identifier) -> Code:
        return attributes.local(next(scope[node.name] for scope in reversed(self._scopes) if node.name in scope))

    @staticmethod
    def _converted(code: Code, type: Type) -> Code:
        convert = conversion(type)
        if convert is None:
            return code
        run = code.run
        return Code(lambda frame: convert(run(frame)), code.cost, code.attribute)

    def _select(self, node: Select) -> Code:
        operand = self.code(node.operand)
        operand_type = self._type(node.operand)
        optional = operand_type.kind is Kind.OPTIONAL
        declaring = operand_type.parameters[0] if optional else operand_type
        declared = declaring.field_named(node.field) if isinstance(declaring, ObjectType) else None
        key = (declared.key if declared is not None else None) or node.field
        if node.test:
            return attributes.test(operand, key)
        if node.optional:
            code = attributes.optional_select(operand, key)
        else:
            code = attributes.select(operand, key)
        convert = conversion(declared.type) if declared is not None else None
        if convert is None:
            return code
        run = code.run
        if node.optional or optional:
            return Code(lambda frame: _convert_optional(run(frame), convert), code.cost, code.attribute)
        return Code(lambda frame: convert(run(frame)), code.cost, code.attribute)

    def _index(self, node: Index) -> Code:
        return attributes.index(self.code(node.operand), self.code(node.index), optional=node.optional)

    def _call(self, node: Call) -> Code:
        called = node.arguments
        if node.target is not None and node not in self._checked.namespaced:
            called = (node.target, *called)
        arguments = [self.code(argument) for argument in called]
        special = _SPECIAL.get(node.function) if node not in self._checked.namespaced else None
        if special is not None and len(arguments) == 2:
            return special(self, node, arguments)
        if node.function == "!_":
            return operators.negation(arguments[0])
        try:
            return call(self._checked.overloads[node], arguments, conversion=node.function in _CONVERSIONS)
        except InvalidArgument as error:
            self.problems.append((called[error.args[0]].offset, f"invalid {node.function} argument"))
            return constant(None)

    def _comparison(self, node: Call, arguments: list[Code]) -> Code:
        return operators.ORDERINGS[node.function](arguments[0], arguments[1], self._type(node.arguments[0]))

    def _equality(self, node: Call, arguments: list[Code]) -> Code:
        return operators.equality(arguments[0], arguments[1], node.function == "_!=_")

    def _membership(self, node: Call, arguments: list[Code]) -> Code:
        return operators.membership(arguments[0], arguments[1], self._type(node.arguments[1]))

    def _addition(self, node: Call, arguments: list[Code]) -> Code:
        return addition(self._checked.overloads[node], arguments)

    def _or(self, node: Call, arguments: list[Code]) -> Code:
        build = or_value if node.function == "orValue" else or_optional
        return build(arguments[0], with_cost(arguments[1], arguments[1].cost))

    def _logical(self, node: Logical) -> Code:
        return operators.logic(node.decided_by, [self.code(operand) for operand in node.operands])

    def _conditional(self, node: Conditional) -> Code:
        return operators.conditional(self.code(node.condition), self.code(node.then), self.code(node.otherwise))

    def _list(self, node: ListLiteral) -> Code:
        elements = [self.code(element) for element in node.elements]
        cost = sum(element.cost for element in elements)
        if not node.optional and all(isinstance(element, Constant) for element in elements):
            values = [element.value for element in elements if isinstance(element, Constant)]
            return constant(values, cost and cost + _LIST_COST)
        runs = [element.run for element in elements]
        cost += _LIST_COST
        if not node.optional:
            return Code(lambda frame: [run(frame) for run in runs], cost)
        parts = [(run, position in node.optional) for position, run in enumerate(runs)]

        def build(frame: Frame) -> list[Value]:
            result: list[Value] = []
            for run, optional in parts:
                value = run(frame)
                if not optional:
                    result.append(value)
                elif _require_optional(value, "list element").present:
                    result.append(value.content)
            return result

        return Code(build, cost)

    def _map(self, node: MapLiteral) -> Code:
        codes = [(self.code(entry.key), self.code(entry.value), entry.optional) for entry in node.entries]
        cost = sum(key.cost + value.cost for key, value, _ in codes)
        parts = [(key.run, value.run, optional) for key, value, optional in codes]

        def build(frame: Frame) -> dict[Value, Value]:
            result: dict[Value, Value] = {}
            for key_run, value_run, optional in parts:
                key, value = key_run(frame), value_run(frame)
                if optional:
                    if not _require_optional(value, f"entry '{key}'").present:
                        continue
                    value = value.content
                _insert(result, key, value)
            return result

        constants = all(isinstance(key, Constant) and isinstance(value, Constant) for key, value, _ in codes)
        if constants and not any(optional for _, _, optional in codes):
            try:
                return constant(build([]), cost and cost + _MAP_COST)
            except EvaluationError:
                return Code(build, cost)
        return Code(build, cost + _MAP_COST)

    def _message(self, node: MessageLiteral) -> Code:
        codes = [(part.name, self.code(part.value), part.optional) for part in node.fields]
        cost = _MESSAGE_COST + sum(value.cost for _, value, _ in codes)
        parts = [(name, value.run, optional) for name, value, optional in codes]

        def build(frame: Frame) -> dict[str, Value]:
            result: dict[str, Value] = {}
            for name, run, optional in parts:
                value = run(frame)
                if not optional:
                    result[name] = value
                elif _require_optional(value, f"entry '{name}'").present:
                    result[name] = value.content
            return result

        return Code(build, cost)

    def _comprehension(self, node: Comprehension) -> Code:
        range = self.code(node.range)
        slots = {name: self._new_slot() for name in node.variables}
        condition = self._scoped(slots, node.filter) if node.filter is not None else None
        return fold(node.fold, range, tuple(slots.values()), condition, self._scoped(slots, node.body))

    def _bind(self, node: Bind) -> Code:
        value = self.code(node.value)
        slot = self._new_slot()
        body = self._scoped({node.variable: slot}, node.body)
        value_run, body_run = value.run, body.run

        def run(frame: Frame) -> Value:
            frame[slot] = value_run(frame)
            return body_run(frame)

        # cel-go binds by a comprehension over an empty list, whose result it reads.
        return Code(run, value.cost + body.cost)

    def _optional_map(self, node: OptionalMap) -> Code:
        target = self.code(node.target)
        slot = self._new_slot()
        body = self._scoped({node.variable: slot}, node.body)
        target_run, body_run, flat = target.run, with_cost(body, body.cost), node.flat

        def run(frame: Frame) -> Value:
            value = target_run(frame)
            if value.__class__ is not Optional:
                raise no_such_overload()
            if not value.present:
                return NONE
            frame[slot] = value.content
            result = body_run(frame)
            return result if flat else Optional(True, result)

        return Code(run, target.cost + 1)


def _require_optional(value: Value, what: str) -> Optional:
    if not isinstance(value, Optional):
        raise EvaluationError(f"cannot initialize optional {what} from non-optional value {value}")
    return value


def _insert(result: dict[Value, Value], key: Value, value: Value) -> None:
    if key.__class__ not in (str, int, bool, Uint):
        raise EvaluationError(f"unsupported key type: {key!r}")
    if lookup(result, key, _MISSING) is not _MISSING or key in result:
        raise EvaluationError(f"Failed with repeated key {attributes.shown(key)}")
    result[key] = value


def _convert_optional(value: Optional, convert: Callable[[Value], Value]) -> Optional:
    return Optional(True, convert(value.content)) if value.present else value


_SPECIAL: Final[Mapping[str, Callable[[Compiler, Any, list[Code]], Code]]] = {
    **dict.fromkeys(operators.ORDERINGS, Compiler._comparison),
    "_==_": Compiler._equality,
    "_!=_": Compiler._equality,
    "@in": Compiler._membership,
    "_+_": Compiler._addition,
    "orValue": Compiler._or,
    "or": Compiler._or,
}

_COMPILERS: Final[Mapping[type, Callable[[Compiler, Any], Code]]] = {
    Literal: Compiler._literal,
    Identifier: Compiler._identifier,
    Select: Compiler._select,
    Index: Compiler._index,
    Call: Compiler._call,
    Logical: Compiler._logical,
    Conditional: Compiler._conditional,
    ListLiteral: Compiler._list,
    MapLiteral: Compiler._map,
    MessageLiteral: Compiler._message,
    Comprehension: Compiler._comprehension,
    Bind: Compiler._bind,
    OptionalMap: Compiler._optional_map,
}
