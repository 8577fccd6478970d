"""What an evaluation may cost. Costs are those of cel-go's model with the options that Kubernetes sets.

A unit is about one read of a field; kube-apiserver's limits are meant to come to 0.1 second for one expression, and a
second for all those of one object.
"""

from typing import Final

from steersman.apimachinery.cel.errors import BudgetExceeded
from steersman.apimachinery.cel.values import Value

PER_CALL_LIMIT: Final = 1_000_000
"""What one evaluation of one expression may cost."""
RUNTIME_CEL_COST_BUDGET: Final = 10_000_000
"""What all the rules of a custom resource, or of one binding of a policy, may cost together for one object."""
RUNTIME_CEL_COST_BUDGET_MATCH_CONDITIONS: Final = 2_500_000
"""What the match conditions of one webhook or binding may cost together for one object."""


class Budget:
    """What is left for several evaluations together."""

    __slots__ = ("remaining",)

    def __init__(self, limit: int = RUNTIME_CEL_COST_BUDGET) -> None:
        self.remaining = limit

    def spend(self, cost: int) -> None:
        """Take away what an evaluation cost. Raises BudgetExceeded if there was not that much."""
        self.remaining -= cost
        if self.remaining < 0:
            raise BudgetExceeded


def tenths(size: int) -> int:
    """What going once through a string of that size costs."""
    return (size + 9) // 10


def traversal(_: Value, text: Value, *__: Value) -> int:
    """The cost of going once through the first argument, a string."""
    return (len(text) + 9) // 10


def two_traversals(_: Value, text: Value, *__: Value) -> int:
    """The cost of going through the first argument and making something as long of it."""
    return tenths(len(text) * 2)


def result_traversals(result: Value, *_: Value) -> int:
    """The cost of making the result, a string."""
    return tenths(len(result) * 2)


def concatenation(_: Value, left: Value, right: Value) -> int:
    """The cost of copying two strings."""
    return tenths(len(left) + len(right))


def search(_: Value, text: Value, part: Value) -> int:
    """The cost of looking for a string in another."""
    return tenths(len(text)) * tenths(len(part))


def pattern_match(_: Value, text: Value, pattern: Value, *__: Value) -> int:
    """The cost of matching a regular expression, guessed from the lengths of it and of the text."""
    return regex(len(text), len(pattern))


def regex(text_size: int, pattern_size: int) -> int:
    """The cost of matching, by the lengths of text and pattern; four characters of a pattern are taken as a step."""
    return tenths(1 + text_size) * ((pattern_size + 3) // 4)


def tree_traversal(_: Value, value: Value, *__: Value) -> int:
    """The cost of going through a value and all that is in it."""
    return _tree(value)


def _tree(value: Value) -> int:
    if isinstance(value, str | bytes):
        return len(value) // 10
    if isinstance(value, list):
        return sum(map(_tree, value))
    if isinstance(value, dict):
        return sum(_tree(key) + _tree(content) for key, content in value.items())
    return 1
