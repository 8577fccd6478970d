"""What the compiler makes of a node: a closure over the frame, and what running it costs.

The frame of one evaluation is a list: what has been spent, what may be spent, then the variables and, after them, those
of comprehensions, each in a slot that is known when the expression is compiled. A list because reading one of its slots
is the cheapest thing a Python closure can do.

Costs are summed up when the expression is compiled, as far as the same things are always done: the closure of a
comprehension or of ``||`` adds the cost of its body each time it runs it, and only what depends on sizes is worked out
during the evaluation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from steersman.apimachinery.cel.values import Value

Frame = list[Any]
Run = Callable[[Frame], Value]

SPENT: Final = 0
LIMIT: Final = 1
FIRST_SLOT: Final = 2


@dataclass(frozen=True, slots=True)
class Path:
    """A variable and the string keys selected from it, one after the other."""

    slot: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """``cost`` is what every run costs, beyond what ``run`` itself adds to what was spent.

    ``attribute`` is the part of the cost that is due to reading the variable at the root of a chain of selections,
    which cel-go does not count where the chain is an index or a branch of ``?:``; it is -1 for anything else.
    """

    run: Run
    cost: int = 0
    attribute: int = -1
    path: Path | None = None

    @property
    def chained_cost(self) -> int:
        """The cost as an index, or as a branch of ``?:``."""
        return self.cost - max(self.attribute, 0)


@dataclass(frozen=True, slots=True)
class Constant(Code):
    """Code whose value is known."""

    value: Value = None


def constant(value: Value, cost: int = 0) -> Constant:
    """The code of a value; ``cost`` is what working it out would have cost."""
    return Constant(lambda _: value, cost, value=value)


def with_cost(code: Code, cost: int) -> Run:
    """Code that is not always run: it adds its cost when it is."""
    if not cost:
        return code.run
    run = code.run

    def charged(frame: Frame) -> Value:
        frame[SPENT] += cost
        return run(frame)

    return charged
