"""A ValidatingAdmissionPolicy's validations: compiled once, and evaluated for a request into decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final

from steersman.admission.policy.activation import Activation
from steersman.admission.policy.match_conditions import UnknownMatch, meets_conditions
from steersman.admission.policy.programs import (
    Compiled,
    Condition,
    Variables,
    attempt,
    compile_conditions,
    policy_compiler,
)
from steersman.apimachinery.cel import Budget, BudgetExceeded, EvaluationError

MAX_MESSAGE_BYTES: Final = 5 * 1024
"""A longer result of a messageExpression is not shown."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one validation, or of the policy as a whole where it could not be evaluated.

    ``failed`` tells an error from a validation that is false; ``denied`` is so for an error unless the policy fails
    open. ``reason`` is empty for an error, ``seconds`` what the evaluation took.
    """

    denied: bool
    failed: bool = False
    message: str = ""
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """``annotations`` are pairs of key and value; ``annotation_failures`` the errors that are refusals.

    ``matched`` is false where the match conditions are not met, and nothing was evaluated.
    """

    decisions: list[Decision]
    annotations: list[tuple[str, str]] = field(default_factory=list)
    annotation_failures: list[Decision] = field(default_factory=list)
    matched: bool = True


@dataclass(frozen=True, slots=True)
class _Validation:
    expression: str
    compiled: Compiled
    message: str
    message_expression: Compiled | None
    reason: str


@dataclass(frozen=True, slots=True)
class Validations:
    """All that is evaluated of one policy."""

    variables: Variables
    conditions: tuple[Condition, ...]
    validations: tuple[_Validation, ...]
    annotations: tuple[tuple[str, str, Compiled], ...]
    """Key, source and program."""
    fails_open: bool

    @classmethod
    def compile(cls, spec: Mapping[str, Any]) -> "Validations":
        """``spec`` is that of a ValidatingAdmissionPolicy. Never raises: see ``programs``."""
        compiler, variables = policy_compiler(spec)

        def validation(stored: Mapping[str, Any]) -> _Validation:
            expression, shown = stored.get("expression") or "", stored.get("messageExpression") or ""
            message = attempt(compiler.message, shown) if shown else None
            return _Validation(
                expression.strip(),
                attempt(compiler.condition, expression),
                (stored.get("message") or "").strip(),
                message,
                stored.get("reason") or "Invalid",
            )

        def annotation(stored: Mapping[str, Any]) -> tuple[str, str, Compiled]:
            source = stored.get("valueExpression") or ""
            return stored.get("key") or "", source, attempt(compiler.annotation, source)

        return cls(
            variables,
            compile_conditions(compiler, spec),
            tuple(map(validation, spec.get("validations") or ())),
            tuple(map(annotation, spec.get("auditAnnotations") or ())),
            spec.get("failurePolicy") == "Ignore",
        )

    def evaluate(self, request_values: Mapping[str, Any], params: Any) -> Outcome:
        """What the policy says of a request; no decisions where its conditions do not match."""
        activation = Activation(self.variables, request_values, params, Budget())
        try:
            if not meets_conditions(self.conditions, activation):
                return Outcome([], matched=False)
            activation.budget = Budget()
            decisions = [self._decide(one, activation) for one in self.validations]
            decisions = [
                self._explain(decision, validation, activation) if decision.reason else decision
                for decision, validation in zip(decisions, self.validations, strict=True)
            ]
        except (UnknownMatch, BudgetExceeded) as error:
            return Outcome([self._failure(str(error))])
        outcome = Outcome(decisions)
        activation.budget = Budget()
        try:
            for key, source, compiled in self.annotations:
                self._annotate(key, source, compiled, activation, outcome)
        except BudgetExceeded as error:
            return Outcome([self._failure(str(error))])
        return outcome

    def _decide(self, validation: _Validation, activation: Activation) -> Decision:
        started = perf_counter()
        try:
            holds = activation.evaluate(validation.compiled) is True
        except BudgetExceeded:
            raise
        except EvaluationError as error:
            return self._failure(error.message, perf_counter() - started)
        seconds = perf_counter() - started
        return Decision(not holds, reason="" if holds else validation.reason, seconds=seconds)

    def _explain(self, decision: Decision, validation: _Validation, activation: Activation) -> Decision:
        """The decision that a validation does not hold, with its message."""
        try:
            message = _message(validation, activation)
        except BudgetExceeded as error:
            return self._failure(f"failed messageExpression: {error}", decision.seconds)
        return replace(decision, message=message)

    def _annotate(self, key: str, source: str, compiled: Compiled, activation: Activation, outcome: Outcome) -> None:
        started = perf_counter()
        try:
            value = activation.evaluate(compiled)
        except BudgetExceeded:
            raise
        except EvaluationError as error:
            if not self.fails_open:
                outcome.annotation_failures.append(self._failure(error.message, perf_counter() - started))
            return
        if isinstance(value, str):
            if text := value.strip():
                outcome.annotations.append((key, text))
        elif value is not None:
            outcome.annotation_failures.append(
                Decision(
                    True,
                    True,
                    f"valueExpression '{source}' resulted in unsupported return type: {type(value).__name__}. "
                    "Return type must be either string or null.",
                )
            )

    def _failure(self, message: str, seconds: float = 0.0) -> Decision:
        return Decision(not self.fails_open, True, message, seconds=seconds)


def _message(validation: _Validation, activation: Activation) -> str:
    """What the messageExpression yields if that can be shown, else the message, else the expression.

    Raises BudgetExceeded.
    """
    message = "" if validation.message_expression is None else _evaluated(validation.message_expression, activation)
    return message or validation.message or f"failed expression: {validation.expression}"


def _evaluated(message_expression: Compiled, activation: Activation) -> str:
    try:
        value = activation.evaluate(message_expression)
    except BudgetExceeded:
        raise
    except EvaluationError:
        return ""
    text = value.strip() if isinstance(value, str) else ""
    return "" if "\n" in text or len(text.encode()) > MAX_MESSAGE_BYTES else text
