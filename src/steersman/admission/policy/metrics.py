"""What the policy plugins count, under kube-apiserver's names."""

from steersman.apiserver.metric_family import Counter, Histogram
from steersman.apiserver.metrics import Metrics

ALLOW, DENY, AUDIT, WARN = "allow", "deny", "audit", "warn"

_BOUNDS = (0.0000005, 0.001, 0.01, 0.1, 1.0)
_OUT_OF_BUDGET = "validation failed due to running out of cost budget"


class PolicyMetrics:
    """Checks of one kind of policy. ``labels`` are those that a row has behind policy, binding and error type."""

    __slots__ = ("_checks", "_durations")

    def __init__(self, metrics: Metrics, kind: str, labels: tuple[str, ...] = ()) -> None:
        """``kind`` is ``validating`` or ``mutating``."""
        prefix = f"apiserver_{kind}_admission_policy_check"
        names = ("policy", "policy_binding", "error_type", *labels)
        self._checks: Counter = metrics.counter(f"{prefix}_total", f"Checks of {kind} admission policies.", names)
        self._durations: Histogram = metrics.histogram(
            f"{prefix}_duration_seconds", f"Time that an expression of a {kind} admission policy took.", names, _BOUNDS
        )

    def checked(self, policy: str, binding: str, error_type: str, seconds: float, *action: str) -> None:
        row = (policy, binding, error_type, *action)
        self._checks.add(row)
        self._durations.observe(row, seconds)


def error_type(message: str) -> str:
    """What kind of error a message tells of."""
    if message.startswith("compilation"):
        return "compile_error"
    return "out_of_budget" if message.startswith(_OUT_OF_BUDGET) else "invalid_error"
