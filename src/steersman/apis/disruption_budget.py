"""PodDisruptionBudgets as evictions see them: which one holds for a Pod, and whether it allows one more disruption."""

from collections.abc import Sequence
from typing import Any

from steersman.apimachinery.conditions import with_condition
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.label_selector import from_label_selector
from steersman.apis.pod_conditions import is_ready
from steersman.apiserver.registry.resource import Object

BUDGETS = GroupResource("policy", "poddisruptionbudgets")
_BUDGET = GroupResource("policy", "poddisruptionbudget")
MOST_DISRUPTED = 2000
"""How many evictions may wait for the controller to take note of them."""

_VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget."
_PROCESSING_SECONDS = 10
_EMPTY_MEANS_ALL_MINOR = 21
"""The first minor that has policy/v1, in which an empty selector selects all Pods, not none."""


def budgets_of(pod: Object, budgets: Sequence[Object], minor: int) -> list[Object]:
    """Those of ``budgets``, all of the Pod's namespace, that select it."""
    labels = pod["metadata"].get("labels") or {}
    return [one for one in budgets if _selects(one, labels, minor)]


def _selects(budget: Object, labels: dict[str, str], minor: int) -> bool:
    selector = (budget.get("spec") or {}).get("selector")
    if selector is None or (not selector and minor < _EMPTY_MEANS_ALL_MINOR):
        return False
    try:
        return from_label_selector(selector).matches(labels)
    except ApiError:
        # One that cannot be read, of former times: it selects nothing.
        return False


def may_go_unready(pod: Object, budget: Object) -> bool:
    """Whether the Pod, being unready, is no loss to what the budget keeps available (KEP-3017)."""
    if is_ready(pod):
        return False
    status = budget.get("status") or {}
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    desired = status.get("desiredHealthy") or 0
    return 0 < desired <= (status.get("currentHealthy") or 0)


def take_disruption(budget: Object, pod: str, now: str) -> Object:
    """The budget with one disruption less to allow, for the Pod of that name; it is changed.

    Raises TooManyRequests where it allows none, Forbidden for a state that should not be.
    """
    name, status = budget["metadata"]["name"], dict(budget.get("status") or {})
    allowed, disrupted = status.get("disruptionsAllowed") or 0, dict(status.get("disruptedPods") or {})
    if (status.get("observedGeneration") or 0) < (budget["metadata"].get("generation") or 0):
        raise still_processed(name)
    if allowed < 0:
        raise forbidden(_BUDGET, name, "pdb disruptions allowed is negative")
    if len(disrupted) > MOST_DISRUPTED:
        told = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise forbidden(_BUDGET, name, told)
    if allowed == 0:
        desired, current = status.get("desiredHealthy") or 0, status.get("currentHealthy") or 0
        raise _violated(f"The disruption budget {name} needs {desired} healthy pods and has {current} currently")
    disrupted[pod] = now
    status.update(disruptionsAllowed=allowed - 1, disruptedPods=disrupted)
    if allowed == 1:
        status["conditions"] = _with_none_allowed(status, now)
    budget["status"] = status
    return budget


def still_processed(name: str) -> ApiError:
    """429 for a budget whose state is not known yet, or was changed in between: try again in a while."""
    error = _violated(f"The disruption budget {name} is still being processed by the server.")
    error.details = {**(error.details or {}), "retryAfterSeconds": _PROCESSING_SECONDS}
    error.headers = (("Retry-After", str(_PROCESSING_SECONDS)),)
    return error


def _violated(cause: str) -> ApiError:
    return ApiError(429, "TooManyRequests", _VIOLATED, {"causes": [{"reason": "DisruptionBudget", "message": cause}]})


def _with_none_allowed(status: Object, now: str) -> list[dict[str, Any]]:
    condition = {
        "type": "DisruptionAllowed",
        "status": "False",
        "observedGeneration": status.get("observedGeneration") or 0,
        "reason": "InsufficientPods",
        "message": "",
    }
    return with_condition(status.get("conditions") or (), condition, now)
