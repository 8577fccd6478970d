"""The code of comprehensions: all, exists, exists_one, filter, map and their two-variable kin.

What each step costs follows from cel-go's expansion of the macros into folds over an accumulator: reading it, testing
it, and appending to it are charged although nothing of the kind happens here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from steersman.apimachinery.cel.attributes import shown
from steersman.apimachinery.cel.code import LIMIT, SPENT, Code, Frame, Run
from steersman.apimachinery.cel.errors import CostLimitExceeded, EvaluationError, no_such_overload
from steersman.apimachinery.cel.syntax import Fold
from steersman.apimachinery.cel.values import Value, lookup

_END: Final = object()


@dataclass(frozen=True, slots=True)
class Loop:
    """What a fold runs over: the range, the slots of its one or two variables, and the parts evaluated at each step."""

    range: Run
    slots: tuple[int, ...]
    condition: Code | None
    body: Code

    def items(self, frame: Frame) -> Iterator[Value]:
        """The elements, having put each into its slot or slots when it is yielded."""
        values = self.range(frame)
        if not isinstance(values, list | Mapping):
            raise no_such_overload()
        if len(self.slots) == 1:
            return iter(values)
        return _pairs(frame, self.slots, values)


def _pairs(frame: Frame, slots: tuple[int, ...], values: list[Value] | Mapping[Any, Value]) -> Iterator[Value]:
    pairs: Iterable[tuple[Value, Value]] = values.items() if isinstance(values, Mapping) else enumerate(values)
    first, second = slots
    for key, value in pairs:
        frame[second] = value
        # The caller assigns what is yielded to the first slot.
        frame[first] = key
        yield key


def _quantifier(decided_by: bool, condition_cost: int) -> Callable[[Loop], Run]:
    """``all`` (decided by the first False) and ``exists`` (by the first True)."""

    def build(loop: Loop) -> Run:
        items, slot, body = loop.items, loop.slots[0], loop.body.run
        step = condition_cost + 1 + loop.body.cost
        undecided = not decided_by

        def run(frame: Frame) -> Value:
            fault: EvaluationError | None = None
            elements = items(frame)
            for frame[slot] in elements:
                frame[SPENT] += step
                if frame[SPENT] > frame[LIMIT]:
                    raise CostLimitExceeded
                try:
                    value = body(frame)
                except EvaluationError as error:
                    if error.fatal:
                        raise
                    fault = error
                    continue
                if value is decided_by:
                    if next(elements, _END) is not _END:
                        frame[SPENT] += condition_cost
                    return decided_by
                if value is not undecided:
                    fault = no_such_overload()
            if fault is not None:
                raise fault
            return undecided

        return run

    return build


def _spend(frame: Frame, cost: int) -> None:
    frame[SPENT] += cost
    if frame[SPENT] > frame[LIMIT]:
        raise CostLimitExceeded


def _holds(value: Value) -> bool:
    if value.__class__ is not bool:
        raise no_such_overload()
    return bool(value)


def _exists_one(loop: Loop) -> Run:
    items, slot, body, cost = loop.items, loop.slots[0], loop.body.run, loop.body.cost

    def run(frame: Frame) -> bool:
        count = 0
        elements = items(frame)
        for frame[slot] in elements:
            _spend(frame, cost)
            if _holds(body(frame)):
                frame[SPENT] += 2
                count += 1
        return count == 1

    return run


def _filter(loop: Loop) -> Run:
    items, slot, body, cost = loop.items, loop.slots[0], loop.body.run, loop.body.cost

    def run(frame: Frame) -> list[Value]:
        kept: list[Value] = []
        for element in items(frame):
            frame[slot] = element
            _spend(frame, cost)
            if _holds(body(frame)):
                frame[SPENT] += 13
                kept.append(element)
        return kept

    return run


def _steps(loop: Loop, cost: int) -> Callable[[Frame], Iterator[None]]:
    """Goes through the elements for which the condition holds, charging ``cost`` and the body's for each."""
    items, slot = loop.items, loop.slots[0]
    whole = cost + loop.body.cost
    if loop.condition is None:

        def every(frame: Frame) -> Iterator[None]:
            elements = items(frame)
            for frame[slot] in elements:
                _spend(frame, whole)
                yield

        return every
    condition, condition_cost = loop.condition.run, loop.condition.cost

    def some(frame: Frame) -> Iterator[None]:
        elements = items(frame)
        for frame[slot] in elements:
            _spend(frame, condition_cost)
            if _holds(condition(frame)):
                frame[SPENT] += whole
                yield

    return some


def _map(loop: Loop) -> Run:
    steps, body = _steps(loop, 12), loop.body.run
    return lambda frame: [body(frame) for _ in steps(frame)]


def _transform_map(loop: Loop) -> Run:
    steps, body, key_slot = _steps(loop, 3), loop.body.run, loop.slots[0]

    def run(frame: Frame) -> dict[Value, Value]:
        result: dict[Value, Value] = {}
        for _ in steps(frame):
            result[frame[key_slot]] = body(frame)
        return result

    return run


def _transform_map_entry(loop: Loop) -> Run:
    steps, body = _steps(loop, 2), loop.body.run

    def run(frame: Frame) -> dict[Value, Value]:
        result: dict[Value, Value] = {}
        for _ in steps(frame):
            entries = body(frame)
            if not isinstance(entries, Mapping):
                raise no_such_overload()
            for key, value in entries.items():
                if lookup(result, key, _END) is not _END:
                    raise EvaluationError(f"insert failed: key {shown(key)} already exists")
                result[key] = value
        return result

    return run


# What it costs to read the result at the end, and the code.
_FOLDS: Final[Mapping[Fold, tuple[int, Callable[[Loop], Run]]]] = {
    Fold.ALL: (1, _quantifier(False, 2)),
    Fold.EXISTS: (1, _quantifier(True, 3)),
    Fold.EXISTS_ONE: (2, _exists_one),
    Fold.FILTER: (1, _filter),
    Fold.MAP: (1, _map),
    Fold.TRANSFORM_LIST: (1, _map),
    Fold.TRANSFORM_MAP: (1, _transform_map),
    Fold.TRANSFORM_MAP_ENTRY: (1, _transform_map_entry),
}


def fold(kind: Fold, range: Code, slots: tuple[int, ...], condition: Code | None, body: Code) -> Code:
    """The code of a comprehension over ``range``, whose variables are in ``slots``."""
    cost, build = _FOLDS[kind]
    return Code(build(Loop(range.run, slots, condition, body)), range.cost + cost)
