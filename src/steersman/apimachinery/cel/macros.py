"""Macros: calls that the parser turns into other syntax, because their arguments are not evaluated as a call's are.

Specified in the language definition, section "Macros"; the two-variable and optional ones in cel-go's extensions.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from steersman.apimachinery.cel.errors import CompileError
from steersman.apimachinery.cel.syntax import (
    Bind,
    Call,
    Comprehension,
    Expression,
    Fold,
    Identifier,
    OptionalMap,
    Select,
)

Fail = Callable[[int, str], CompileError]
Expander = Callable[[int, Expression | None, Sequence[Expression], Fail], Expression]
Macros = Mapping[tuple[str, int, bool], Expander]
"""Expanders by name, number of arguments and whether it is called on a target. A namespace is part of the name."""


def expand(
    macros: Macros, offset: int, name: str, target: Expression | None, arguments: Sequence[Expression], fail: Fail
) -> Expression | None:
    """What the call stands for, None if it is no macro. Raises what ``fail`` makes of a wrong argument."""
    expander = macros.get((name, len(arguments), target is not None))
    if expander is not None:
        return expander(offset, target, arguments, fail)
    if isinstance(target, Identifier):
        expander = macros.get((f"{target.name}.{name}", len(arguments), False))
        if expander is not None:
            return expander(offset, None, arguments, fail)
    return None


def _variable(argument: Expression, fail: Fail, problem: str = "argument must be a simple name") -> str:
    if not isinstance(argument, Identifier) or argument.absolute:
        raise fail(argument.offset, problem)
    return argument.name


def _variables(arguments: Sequence[Expression], fail: Fail) -> tuple[str, ...]:
    names = tuple(_variable(argument, fail) for argument in arguments)
    if len(set(names)) < len(names):
        raise fail(arguments[1].offset, f"duplicate variable name: {names[1]}")
    return names


def _has(offset: int, _: Expression | None, arguments: Sequence[Expression], fail: Fail) -> Expression:
    field = arguments[0]
    if not isinstance(field, Select) or field.optional or field.test:
        raise fail(field.offset, "invalid argument to has() macro")
    return Select(offset, field.operand, field.field, test=True)


def _fold(fold: Fold, variables: int, filtered: bool = False) -> Expander:
    def expander(offset: int, target: Expression | None, arguments: Sequence[Expression], fail: Fail) -> Expression:
        assert target is not None
        names = _variables(arguments[:variables], fail)
        condition = arguments[variables] if filtered else None
        return Comprehension(offset, fold, target, names, condition, arguments[-1])

    return expander


def _optional_map(flat: bool) -> Expander:
    name = "optFlatMap" if flat else "optMap"

    def expander(offset: int, target: Expression | None, arguments: Sequence[Expression], fail: Fail) -> Expression:
        assert target is not None
        variable = _variable(arguments[0], fail, f"{name}() variable name must be a simple identifier")
        return OptionalMap(offset, target, variable, arguments[1], flat)

    return expander


def _bind(offset: int, _: Expression | None, arguments: Sequence[Expression], fail: Fail) -> Expression:
    variable = _variable(arguments[0], fail, "cel.bind() variable names must be simple identifiers")
    return Bind(offset, variable, arguments[1], arguments[2])


def _sort_by(offset: int, target: Expression | None, arguments: Sequence[Expression], fail: Fail) -> Expression:
    assert target is not None
    variable = _variable(arguments[0], fail, "sortBy() variable name must be a simple identifier")
    if not isinstance(target, Identifier | Select):
        # The list is needed twice, and must be evaluated once.
        held = Identifier(target.offset, "@__sortBy_input__")
        return Bind(offset, held.name, target, _sort_by(offset, held, arguments, fail))
    keys = Comprehension(offset, Fold.MAP, target, (variable,), None, arguments[1])
    return Call(offset, "@sortByAssociatedKeys", target, (keys,))


STANDARD_MACROS: Final[Macros] = {
    ("has", 1, False): _has,
    ("all", 2, True): _fold(Fold.ALL, 1),
    ("exists", 2, True): _fold(Fold.EXISTS, 1),
    ("exists_one", 2, True): _fold(Fold.EXISTS_ONE, 1),
    ("map", 2, True): _fold(Fold.MAP, 1),
    ("map", 3, True): _fold(Fold.MAP, 1, filtered=True),
    ("filter", 2, True): _fold(Fold.FILTER, 1),
}

TWO_VARIABLE_MACROS: Final[Macros] = {
    ("all", 3, True): _fold(Fold.ALL, 2),
    ("exists", 3, True): _fold(Fold.EXISTS, 2),
    ("existsOne", 3, True): _fold(Fold.EXISTS_ONE, 2),
    ("exists_one", 3, True): _fold(Fold.EXISTS_ONE, 2),
    ("transformList", 3, True): _fold(Fold.TRANSFORM_LIST, 2),
    ("transformList", 4, True): _fold(Fold.TRANSFORM_LIST, 2, filtered=True),
    ("transformMap", 3, True): _fold(Fold.TRANSFORM_MAP, 2),
    ("transformMap", 4, True): _fold(Fold.TRANSFORM_MAP, 2, filtered=True),
    ("transformMapEntry", 3, True): _fold(Fold.TRANSFORM_MAP_ENTRY, 2),
    ("transformMapEntry", 4, True): _fold(Fold.TRANSFORM_MAP_ENTRY, 2, filtered=True),
}

OPTIONAL_MACROS: Final[Macros] = {
    ("optMap", 2, True): _optional_map(flat=False),
    ("optFlatMap", 2, True): _optional_map(flat=True),
}

BINDING_MACROS: Final[Macros] = {("cel.bind", 3, False): _bind}

SORTING_MACROS: Final[Macros] = {("sortBy", 2, True): _sort_by}
