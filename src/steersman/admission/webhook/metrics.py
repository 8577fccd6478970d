"""What the webhook plugins count, under kube-apiserver's names."""

from steersman.apiserver.metric_family import Counter, Histogram
from steersman.apiserver.metrics import Metrics

ADMIT, VALIDATING = "admit", "validating"
CALLING_WEBHOOK_ERROR, INTERNAL_ERROR, NO_ERROR = "calling_webhook_error", "apiserver_internal_error", "no_error"

_BUCKETS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 25.0)
_HIGHEST_CODE = 600


class WebhookMetrics:
    """``phase`` is the label ``type`` of all of them: admit or validating."""

    __slots__ = ("_condition_errors", "_durations", "_exclusions", "_fail_open", "_phase", "_rejections", "_requests")

    def __init__(self, metrics: Metrics, phase: str) -> None:
        prefix = "apiserver_admission_webhook"
        self._phase = phase
        self._durations: Histogram = metrics.histogram(
            f"{prefix}_admission_duration_seconds",
            "Time that an admission webhook took.",
            ("name", "operation", "rejected", "type"),
            _BUCKETS,
        )
        self._rejections: Counter = metrics.counter(
            f"{prefix}_rejection_count",
            "Requests that an admission webhook refused, or whose refusal its failure was.",
            ("error_type", "name", "operation", "rejection_code", "type"),
        )
        self._fail_open: Counter = metrics.counter(
            f"{prefix}_fail_open_count", "Failures of an admission webhook that were passed over.", ("name", "type")
        )
        self._requests: Counter = metrics.counter(
            f"{prefix}_request_total",
            "Requests that were sent to an admission webhook.",
            ("code", "name", "operation", "rejected", "type"),
        )
        self._condition_errors: Counter = metrics.counter(
            "apiserver_admission_match_condition_evaluation_errors_total",
            "Match conditions that had no value.",
            ("kind", "name", "operation", "type"),
        )
        self._exclusions: Counter = metrics.counter(
            "apiserver_admission_match_condition_exclusions_total",
            "Requests that a match condition kept from an admission webhook.",
            ("kind", "name", "operation", "type"),
        )

    def called(self, name: str, operation: str, seconds: float, code: int, *, rejected: bool) -> None:
        told = "true" if rejected else "false"
        self._durations.observe((name, operation, told, self._phase), seconds)
        self._requests.add((str(min(code, _HIGHEST_CODE)), name, operation, told, self._phase))

    def rejected(self, name: str, operation: str, error_type: str, code: int) -> None:
        self._rejections.add((error_type, name, operation, str(min(code, _HIGHEST_CODE)), self._phase))

    def failed_open(self, name: str) -> None:
        self._fail_open.add((name, self._phase))

    def conditions_failed(self, name: str, operation: str, number: int) -> None:
        self._condition_errors.add(("webhook", name, operation, self._phase), number)

    def excluded(self, name: str, operation: str) -> None:
        self._exclusions.add(("webhook", name, operation, self._phase))
