"""Match conditions of policies: which of the requests that rules and selectors let through are concerned."""

from collections.abc import Sequence

from steersman.admission.policy.activation import Activation
from steersman.admission.policy.programs import Condition
from steersman.apimachinery.cel import RUNTIME_CEL_COST_BUDGET_MATCH_CONDITIONS, Budget, BudgetExceeded, EvaluationError


class UnknownMatch(Exception):
    """No condition is false, and at least one has no value."""


def meets_conditions(conditions: Sequence[Condition], activation: Activation) -> bool:
    """Whether all are true; one that is false counts more than one that fails. Raises UnknownMatch."""
    if not conditions:
        return True
    activation.budget = Budget(RUNTIME_CEL_COST_BUDGET_MATCH_CONDITIONS)
    failures: list[str] = []
    for condition in conditions:
        try:
            if activation.evaluate(condition.compiled) is False:
                return False
        except BudgetExceeded as error:
            raise UnknownMatch(error.message) from None
        except EvaluationError as error:
            failures.append(error.message)
    if failures:
        raise UnknownMatch(failures[0] if len(failures) == 1 else f"[{', '.join(failures)}]")
    return True
