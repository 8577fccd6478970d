"""The code of calls: of the overloads that the checker has left, the classes of the arguments choose one."""

from collections.abc import Callable, Sequence

from steersman.apimachinery.cel.code import SPENT, Code, Constant, Frame, Run, constant
from steersman.apimachinery.cel.errors import EvaluationError, no_such_overload
from steersman.apimachinery.cel.functions import Cost, Implementation, Overload, class_of, dispatch
from steersman.apimachinery.cel.values import INT_GREATEST, INT_LEAST, Optional, Value


class InvalidArgument(Exception):
    """A constant argument that cannot be right; ``args`` has its position among the arguments."""


def call(overloads: Sequence[Overload], arguments: Sequence[Code], *, conversion: bool = False) -> Code:
    """Code that calls one of the overloads. The ``conversion`` of a constant costs nothing. Raises InvalidArgument."""
    cost = sum(argument.cost for argument in arguments)
    if len(overloads) > 1:
        return _dispatched(overloads, arguments, cost)
    (overload,) = overloads
    if overload.constant is not None and isinstance(arguments[overload.constant.position], Constant):
        overload = _with_constant(overload, arguments)
    folded = _folded(overload, arguments, cost)
    if folded is not None:
        return constant(folded.value) if conversion else folded
    fixed = overload.cost if isinstance(overload.cost, int) else 0
    return Code(_single(overload, [argument.run for argument in arguments]), cost + fixed)


def _with_constant(overload: Overload, arguments: Sequence[Code]) -> Overload:
    assert overload.constant is not None
    argument = arguments[overload.constant.position]
    assert isinstance(argument, Constant)
    try:
        implementation = overload.constant.prepare(argument.value)
    except EvaluationError:
        raise InvalidArgument(overload.constant.position) from None
    return Overload(overload.arguments, overload.result, implementation, overload.member, overload.cost)


def _folded(overload: Overload, arguments: Sequence[Code], cost: int) -> Constant | None:
    """The call's value if all its arguments are constants and it has one."""
    values = [argument.value for argument in arguments if isinstance(argument, Constant)]
    if len(values) < len(arguments) or not overload.pure:
        return None
    if any(expected not in (None, value.__class__) for expected, value in zip(_classes(overload), values, strict=True)):
        return None
    try:
        value = overload.implementation(*values)
    except EvaluationError:
        return None
    charge = overload.cost if isinstance(overload.cost, int) else overload.cost(value, *values)
    return constant(value, cost + charge)


def _classes(overload: Overload) -> tuple[type | None, ...]:
    return tuple(map(class_of, overload.arguments))


def _dispatched(overloads: Sequence[Overload], arguments: Sequence[Code], cost: int) -> Code:
    pick = dispatch(overloads)
    runs = [argument.run for argument in arguments]
    charge = overloads[0].cost
    if not isinstance(charge, int) and all(overload.cost is charge for overload in overloads):
        costs = charge

        def charged(frame: Frame) -> Value:
            values = [run(frame) for run in runs]
            result = pick(*values).implementation(*values)
            frame[SPENT] += costs(result, *values)
            return result

        return Code(charged, cost)
    # cel-go charges 1 where the overloads cost different things and it does not know which is meant.
    same = isinstance(charge, int) and all(overload.cost == charge for overload in overloads)
    cost += charge if same and isinstance(charge, int) else 1
    if len(runs) == 2:
        first, second = runs

        def two(frame: Frame) -> Value:
            a, b = first(frame), second(frame)
            return pick(a, b).implementation(a, b)

        return Code(two, cost)

    def many(frame: Frame) -> Value:
        values = [run(frame) for run in runs]
        return pick(*values).implementation(*values)

    return Code(many, cost)


def _single(overload: Overload, arguments: Sequence[Run]) -> Run:
    guard = dispatch((overload,))
    classes = _classes(overload)
    if len(arguments) == 1:
        return _one(overload.implementation, overload.cost, arguments[0], classes[0], guard)
    if len(arguments) == 2:
        return _two(overload.implementation, overload.cost, arguments, classes, guard)
    implementation, cost = overload.implementation, overload.cost

    def many(frame: Frame) -> Value:
        values = [argument(frame) for argument in arguments]
        guard(*values)
        result = implementation(*values)
        if not isinstance(cost, int):
            frame[SPENT] += cost(result, *values)
        return result

    return many


def _one(
    implementation: Implementation, cost: Cost, argument: Run, expected: type | None, guard: Callable[..., object]
) -> Run:
    def run(frame: Frame) -> Value:
        value = argument(frame)
        if value.__class__ is not expected:
            guard(value)
        return implementation(value)

    if isinstance(cost, int):
        return run
    costs = cost

    def charged(frame: Frame) -> Value:
        value = argument(frame)
        if value.__class__ is not expected:
            guard(value)
        result = implementation(value)
        frame[SPENT] += costs(result, value)
        return result

    return charged


def _two(
    implementation: Implementation,
    cost: Cost,
    arguments: Sequence[Run],
    classes: Sequence[type | None],
    guard: Callable[..., object],
) -> Run:
    first, second = arguments
    first_class, second_class = classes

    def run(frame: Frame) -> Value:
        a, b = first(frame), second(frame)
        if a.__class__ is not first_class or b.__class__ is not second_class:
            guard(a, b)
        return implementation(a, b)

    if isinstance(cost, int):
        return run
    costs = cost

    def charged(frame: Frame) -> Value:
        a, b = first(frame), second(frame)
        if a.__class__ is not first_class or b.__class__ is not second_class:
            guard(a, b)
        result = implementation(a, b)
        frame[SPENT] += costs(result, a, b)
        return result

    return charged


def addition(overloads: Sequence[Overload], arguments: Sequence[Code]) -> Code:
    """``a + b``: as any call, with a shorter way for ints."""
    general = call(overloads, arguments)
    if isinstance(general, Constant) or (len(overloads) == 1 and class_of(overloads[0].result) is not int):
        return general
    first, second = arguments[0].run, arguments[1].run
    pick = dispatch(overloads)

    def add(frame: Frame) -> Value:
        a, b = first(frame), second(frame)
        if a.__class__ is int and b.__class__ is int:
            total = a + b
            if INT_LEAST <= total <= INT_GREATEST:
                return total
            raise EvaluationError("integer overflow")
        return pick(a, b).implementation(a, b)

    return Code(add, general.cost)


def or_value(target: Code, other: Run) -> Code:
    """``target.orValue(other)``; ``other`` is evaluated, and charged, only if there is no value."""
    run = target.run

    def either(frame: Frame) -> Value:
        value = run(frame)
        if value.__class__ is not Optional:
            raise no_such_overload()
        return value.content if value.present else other(frame)

    return Code(either, target.cost)


def or_optional(target: Code, other: Run) -> Code:
    """``target.or(other)``, likewise."""
    run = target.run

    def either(frame: Frame) -> Value:
        value = run(frame)
        if value.__class__ is not Optional:
            raise no_such_overload()
        return value if value.present else other(frame)

    return Code(either, target.cost)
