"""Environments, in which expressions are compiled, and programs, which evaluate them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from steersman.apimachinery.cel.checker import Declarations, check
from steersman.apimachinery.cel.code import SPENT, Frame, Run
from steersman.apimachinery.cel.compile import Compiler
from steersman.apimachinery.cel.cost import PER_CALL_LIMIT, Budget
from steersman.apimachinery.cel.errors import CompileError, CostLimitExceeded, EvaluationError, Issue, Problem
from steersman.apimachinery.cel.functions import Functions, Library, Overload
from steersman.apimachinery.cel.lexer import issue_at
from steersman.apimachinery.cel.macros import Macros
from steersman.apimachinery.cel.parser import RECURSION_LIMIT, parse
from steersman.apimachinery.cel.standard import STANDARD
from steersman.apimachinery.cel.types import ObjectType, Type
from steersman.apimachinery.cel.values import Lazy, Value

_REPORTED_PROBLEMS: Final = 100


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression; immutable, so that any number of evaluations may go on at once."""

    source: str
    type: Type
    """The static type of the result; DYN if it is known only at run time."""
    _run: Run
    _cost: int
    _limit: int
    _variables: tuple[tuple[str, Lazy], ...]
    _locals: tuple[None, ...]

    @property
    def variables(self) -> frozenset[str]:
        """The variables that the expression reads."""
        return frozenset(name for name, _ in self._variables)

    def evaluate(self, variables: Mapping[str, Value], budget: Budget | None = None) -> Value:
        """The value of the expression.

        ``variables`` has values as JSON and the module ``values`` have them; one may be ``Lazy``. What the evaluation
        cost, even if it failed, is taken from the budget. Raises EvaluationError, in cel-go's words.
        """
        get = variables.get
        frame: Frame = [
            self._cost,
            self._limit,
            *[get(name, absent) for name, absent in self._variables],
            *self._locals,
        ]
        try:
            value = self._run(frame)
        except RecursionError:
            raise EvaluationError(f"expression recursion limit exceeded: {RECURSION_LIMIT}") from None
        finally:
            if budget is not None:
                budget.spend(frame[SPENT])
        if frame[SPENT] > self._limit:
            raise CostLimitExceeded
        return value

    def cost(self, variables: Mapping[str, Value]) -> int:
        """What an evaluation costs. Raises EvaluationError as ``evaluate`` does."""
        budget = Budget(2**63)
        self.evaluate(variables, budget)
        return 2**63 - budget.remaining


def _absent(name: str) -> Lazy:
    """Stands for a variable that the caller did not give: an error where it is used."""

    def fail() -> Value:
        raise EvaluationError(f"no such attribute(s): {name}")

    return Lazy(fail)


@dataclass(frozen=True, slots=True)
class Environment:
    """What expressions may refer to: typed variables, and the functions, macros and types of libraries.

    ``cost_limit`` bounds one evaluation. With ``homogeneous_literals``, as Kubernetes has it, the elements of a list or
    map literal must be of one type.
    """

    variables: Mapping[str, Type] = field(default_factory=dict)
    libraries: tuple[Library, ...] = ()
    cost_limit: int = PER_CALL_LIMIT
    homogeneous_literals: bool = True
    _declarations: Declarations = field(init=False, repr=False, compare=False)
    _macros: Macros = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        libraries = (STANDARD, *self.libraries)
        macros = {key: expander for library in libraries for key, expander in library.macros.items()}
        types = {name: type for library in libraries for name, type in library.types.items()}
        finders = [library.message_type for library in libraries if library.message_type is not None]

        def message_type(name: str) -> ObjectType | None:
            return next((found for finder in finders if (found := finder(name)) is not None), None)

        functions = merge_functions(library.functions for library in libraries)
        declarations = Declarations(self.variables, functions, types, message_type, self.homogeneous_literals)
        object.__setattr__(self, "_macros", macros)
        object.__setattr__(self, "_declarations", declarations)

    @property
    def functions(self) -> Functions:
        """All functions that expressions may call, by name; operators are among them, as ``_+_``."""
        return self._declarations.functions

    def extend(self, variables: Mapping[str, Type] | None = None, libraries: Iterable[Library] = ()) -> "Environment":
        """This environment with more variables and libraries; a variable that is there already gets the new type."""
        added = tuple(libraries)
        if added:
            return replace(self, variables={**self.variables, **(variables or {})}, libraries=self.libraries + added)
        extended = object.__new__(Environment)
        for name in ("libraries", "cost_limit", "homogeneous_literals", "_macros"):
            object.__setattr__(extended, name, getattr(self, name))
        merged = {**self.variables, **(variables or {})}
        object.__setattr__(extended, "variables", merged)
        object.__setattr__(extended, "_declarations", replace(self._declarations, variables=merged))
        return extended

    def compile(self, source: str) -> Program:
        """The program of an expression. Raises CompileError."""
        expression = parse(source, self._macros)
        try:
            checked = check(expression, self._declarations)
            _raise_problems(source, checked.problems)
            compiler = Compiler(checked, self.variables)
            code = compiler.code(expression)
        except RecursionError:
            problem = f"expression recursion limit exceeded: {RECURSION_LIMIT}"
            raise CompileError((Issue(1, 1, problem),)) from None
        _raise_problems(source, compiler.problems)
        absent = tuple((name, _absent(name)) for name in compiler.slots)
        type = checked.types[expression]
        return Program(source, type, code.run, code.cost, self.cost_limit, absent, (None,) * compiler.locals)


def _raise_problems(source: str, problems: list[Problem]) -> None:
    if problems:
        found = sorted(set(problems))[:_REPORTED_PROBLEMS]
        raise CompileError(tuple(issue_at(source, offset, message) for offset, message in found))


def merge_functions(tables: Iterable[Functions]) -> Functions:
    """The overloads of several tables, by name, each once."""
    merged: dict[str, dict[Overload, None]] = {}
    for table in tables:
        for name, overloads in table.items():
            merged.setdefault(name, {}).update(dict.fromkeys(overloads))
    return {name: tuple(overloads) for name, overloads in merged.items()}
