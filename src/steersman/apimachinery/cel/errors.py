"""What goes wrong when an expression is compiled or evaluated."""

from dataclasses import dataclass

Problem = tuple[int, str]
"""Where, as an offset in the source in code points, and what."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with an expression: ``line`` and ``column`` count from 1, in code points."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"ERROR: <input>:{self.line}:{self.column}: {self.message}"


class CompileError(ValueError):
    """An expression that does not parse, or whose types do not fit. ``issues`` has at least one entry."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        super().__init__("\n".join(map(str, issues)))
        self.issues = issues


class EvaluationError(Exception):
    """An expression that has no value for these variables; the message is cel-go's.

    ``||``, ``&&`` and the macros made of them get over such an error where the other operand decides, unless it is
    ``fatal``.
    """

    fatal = False

    @property
    def message(self) -> str:
        """What is wrong, in one line."""
        return str(self.args[0])


class CostLimitExceeded(EvaluationError):
    """One evaluation cost more than it may."""

    fatal = True

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


class BudgetExceeded(EvaluationError):
    """Evaluations that share a budget cost more than there was in it."""

    fatal = True

    def __init__(self) -> None:
        super().__init__("validation failed due to running out of cost budget, no further validation rules will be run")


def no_such_overload() -> EvaluationError:
    """The error of a function called on values it does not take."""
    return EvaluationError("no such overload")
