"""The code of operators for which a table of overloads would be too slow: comparisons, ``in``, logic and ``?:``."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from steersman.apimachinery.cel.code import SPENT, Code, Constant, Frame, Run, with_cost
from steersman.apimachinery.cel.errors import EvaluationError, no_such_overload
from steersman.apimachinery.cel.types import BYTES, STRING, Kind, Type
from steersman.apimachinery.cel.values import (
    Duration,
    Timestamp,
    Uint,
    Value,
    contains,
    equal,
    size_of,
)

_SIZED: Final = frozenset({str, bytes, list, dict})
_PLAIN: Final = frozenset({str, int, bool})
_NUMBERS: Final = frozenset({int, Uint, float})
_ORDERED: Final = frozenset({int, Uint, str, bool, bytes, Timestamp, Duration})


def _traversal(left: Value, right: Value) -> int:
    """What comparing two values costs beyond 1: a tenth of the smaller size."""
    smaller = min(size_of(left), size_of(right))
    return (smaller + 9) // 10 - 1


def _cheap(code: Code) -> bool:
    return isinstance(code, Constant) and size_of(code.value) <= 10


def equality(left: Code, right: Code, negated: bool) -> Code:
    """``left == right``, ``left != right``"""
    cost = left.cost + right.cost + 1
    if isinstance(right, Constant) and right.value.__class__ in _PLAIN and _cheap(right):
        return Code(_equals_constant(left.run, right.value, negated), cost)
    first, second = left.run, right.run

    def run(frame: Frame) -> bool:
        a, b = first(frame), second(frame)
        kind = type(a)
        if kind in _SIZED:
            frame[SPENT] += _traversal(a, b)
        if kind in _PLAIN and kind is type(b):
            return (a == b) is not negated
        return equal(a, b) is not negated

    return Code(run, cost)


def _equals_constant(run: Run, expected: Value, negated: bool) -> Run:
    expected_class = type(expected)

    def compare(frame: Frame) -> bool:
        value = run(frame)
        if value.__class__ is expected_class:
            return (value == expected) is not negated
        return equal(value, expected) is not negated

    return compare


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Code, Code, Type], Code]:
    def build(left: Code, right: Code, type: Type) -> Code:
        first, second = left.run, right.run

        def run(frame: Frame) -> bool:
            a, b = first(frame), second(frame)
            if a.__class__ is b.__class__ and a.__class__ in _ORDERED:
                return compare(a, b)
            return _compare_numbers(a, b)

        def run_sized(frame: Frame) -> bool:
            a, b = first(frame), second(frame)
            if a.__class__ is not b.__class__ or a.__class__ not in _ORDERED:
                raise no_such_overload()
            frame[SPENT] += _traversal(a, b)
            return compare(a, b)

        def _compare_numbers(a: Value, b: Value) -> bool:
            if not {a.__class__, b.__class__} <= _NUMBERS:
                raise no_such_overload()
            if math.isnan(a) or math.isnan(b):
                raise EvaluationError("NaN values cannot be ordered")
            return compare(float(a), float(b)) if float in (a.__class__, b.__class__) else compare(a, b)

        sized = type in (STRING, BYTES) and not _cheap(left) and not _cheap(right)
        return Code(run_sized if sized else run, left.cost + right.cost + 1)

    return build


ORDERINGS: Final[Mapping[str, Callable[[Code, Code, Type], Code]]] = {
    "_<_": _ordering(operator.lt),
    "_<=_": _ordering(operator.le),
    "_>_": _ordering(operator.gt),
    "_>=_": _ordering(operator.ge),
}


def membership(item: Code, container: Code, type: Type) -> Code:
    """``item in container``; whose cost is the list's length, unless its type is not known or it is constant."""
    first, second = item.run, container.run
    cost = item.cost + container.cost
    if isinstance(container, Constant) and container.value.__class__ is list:
        return Code(_in_constant(first, container.value), cost)
    counted = type.kind is Kind.LIST

    def run(frame: Frame) -> bool:
        a, b = first(frame), second(frame)
        if counted:
            frame[SPENT] += size_of(b)
        if b.__class__ is dict and a.__class__ is str:
            return a in b
        return contains(b, a)

    return Code(run, cost if counted else cost + 1)


def _in_constant(run: Run, elements: list[Value]) -> Run:
    strings = frozenset(element for element in elements if element.__class__ is str)
    if len(strings) < len(elements):
        return lambda frame: contains(elements, run(frame))

    def among_strings(frame: Frame) -> bool:
        value = run(frame)
        return value.__class__ is str and value in strings

    return among_strings


def conditional(condition: Code, then: Code, otherwise: Code) -> Code:
    """``condition ? then : otherwise``"""
    test, yes, no = condition.run, with_cost(then, then.chained_cost), with_cost(otherwise, otherwise.chained_cost)

    def run(frame: Frame) -> Value:
        chosen = test(frame)
        if chosen is True:
            return yes(frame)
        if chosen is False:
            return no(frame)
        raise no_such_overload()

    return Code(run, condition.cost, 0)


def negation(operand: Code) -> Code:
    """``!operand``"""
    run = operand.run

    def negate(frame: Frame) -> bool:
        value = run(frame)
        if value.__class__ is not bool:
            raise no_such_overload()
        return not value

    return Code(negate, operand.cost + 1)


def logic(decided_by: bool, operands: Sequence[Code]) -> Code:
    """A chain of ``&&`` or ``||``. An error in one operand does not matter if another one decides."""
    first, *rest = operands
    if len(rest) == 1:
        return Code(_two(decided_by, first.run, with_cost(rest[0], rest[0].cost)), first.cost)
    return Code(_many(decided_by, [first.run, *(with_cost(code, code.cost) for code in rest)]), first.cost)


def _two(decided_by: bool, left: Run, right: Run) -> Run:
    undecided = not decided_by

    def run(frame: Frame) -> Value:
        try:
            value = left(frame)
        except EvaluationError as error:
            if error.fatal:
                raise
            # Beyond the handler: what the right one raises has no other error as its context.
            fault = error
        else:
            if value is decided_by:
                return decided_by
            if value is undecided:
                return _boolean(right(frame))
            fault = no_such_overload()
        return _decided(decided_by, right, frame, fault)

    return run


def _boolean(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise no_such_overload()


def _decided(decided_by: bool, right: Run, frame: Frame, fault: EvaluationError) -> Value:
    try:
        value = right(frame)
    except EvaluationError as error:
        if error.fatal:
            raise
        raise fault from None
    if value is decided_by:
        return decided_by
    raise fault


def _many(decided_by: bool, operands: Sequence[Run]) -> Run:
    undecided = not decided_by

    def run(frame: Frame) -> Value:
        fault: EvaluationError | None = None
        for operand in operands:
            try:
                value = operand(frame)
            except EvaluationError as error:
                if error.fatal:
                    raise
                fault = fault or error
                continue
            if value is decided_by:
                return decided_by
            if value is not undecided:
                fault = fault or no_such_overload()
        if fault is not None:
            raise fault
        return undecided

    return run
