"""Columns of pods: what their containers' states amount to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.table import AGE, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import string
from steersman.apis.printer_columns.fields import (
    NONE,
    condition,
    integer,
    is_deleted,
    is_true,
    mapping,
    mappings,
    since,
    text,
)

_TERMINAL = ("Failed", "Succeeded")


@dataclass(slots=True)
class _Summary:
    """Of a pod; ``restarted`` is when a container last ended to be started again, as RFC 3339, or empty."""

    total: int
    reason: str
    ready: int = 0
    restarts: int = 0
    restarted: str = ""

    def count_restarts(self, container: Mapping[str, Any]) -> None:
        self.restarts += integer(container, "restartCount")
        self.restarted = max(self.restarted, text(container, "lastState", "terminated", "finishedAt"))


def _summary(pod: Object) -> _Summary:
    declared = mappings(pod, "spec", "initContainers")
    sidecars = {text(one, "name") for one in declared if one.get("restartPolicy") == "Always"}
    summary = _Summary(len(mappings(pod, "spec", "containers")) + len(sidecars), _reason_of_status(pod))
    statuses = mappings(pod, "status", "initContainerStatuses")
    initializing = _initialize(summary, statuses, sidecars, len(declared))
    if not initializing or is_true(pod, "Initialized"):
        summary.restarts, summary.restarted = 0, ""
        for status in statuses:
            if text(status, "name") in sidecars:
                summary.count_restarts(status)
        _run(summary, pod)
    if is_deleted(pod):
        if text(pod, "status", "reason") == "NodeLost":
            summary.reason = "Unknown"
        elif text(pod, "status", "phase") not in _TERMINAL:
            summary.reason = "Terminating"
    return summary


def _reason_of_status(pod: Object) -> str:
    if any(
        one.get("type") == "PodScheduled" and one.get("reason") == "SchedulingGated"
        for one in mappings(pod, "status", "conditions")
    ):
        return "SchedulingGated"
    return text(pod, "status", "reason") or text(pod, "status", "phase")


def _initialize(summary: _Summary, statuses: Sequence[Object], sidecars: set[str], declared: int) -> bool:
    """Count the init containers up to the first that is not done; tell whether there is one."""
    for index, status in enumerate(statuses):
        summary.count_restarts(status)
        terminated = _state(status, "terminated")
        if terminated is not None and integer(terminated, "exitCode") == 0:
            continue
        if text(status, "name") in sidecars and status.get("started") is True:
            summary.ready += status.get("ready") is True
            continue
        waiting = text(status, "state", "waiting", "reason")
        if terminated is not None:
            summary.reason = f"Init:{_reason_of_end(terminated)}"
        elif waiting and waiting != "PodInitializing":
            summary.reason = f"Init:{waiting}"
        else:
            summary.reason = f"Init:{index}/{declared}"
        return True
    return False


def _run(summary: _Summary, pod: Object) -> None:
    """Count the containers; the first one that waits or has ended gives the reason."""
    running, failure = False, ""
    for status in reversed(mappings(pod, "status", "containerStatuses")):
        summary.count_restarts(status)
        waiting, terminated = text(status, "state", "waiting", "reason"), _state(status, "terminated")
        if waiting:
            summary.reason = waiting
        elif terminated is not None:
            summary.reason = _reason_of_end(terminated)
            if integer(terminated, "exitCode") != 0:
                failure = summary.reason
        elif status.get("ready") is True and _state(status, "running") is not None:
            running = True
            summary.ready += 1
    if summary.reason == "Completed":
        if running and _is_ready(pod):
            summary.reason = "Running"
        elif failure:
            summary.reason = failure
        elif running:
            summary.reason = "NotReady"


def _state(status: Object, name: str) -> Mapping[str, Any] | None:
    state = mapping(status, "state").get(name)
    return state if isinstance(state, dict) else None


def _reason_of_end(terminated: Mapping[str, Any]) -> str:
    signal = integer(terminated, "signal")
    ended = f"Signal:{signal}" if signal else f"ExitCode:{integer(terminated, 'exitCode')}"
    return text(terminated, "reason") or ended


def _is_ready(pod: Object) -> bool:
    return any(
        one.get("type") == "Ready" and one.get("status") == "True" for one in mappings(pod, "status", "conditions")
    )


def _ready(pod: Object, now: float) -> str:
    summary = _summary(pod)
    return f"{summary.ready}/{summary.total}"


def _status(pod: Object, now: float) -> str:
    return _summary(pod).reason


def _restarts(pod: Object, now: float) -> str:
    summary = _summary(pod)
    if summary.restarts and summary.restarted:
        return f"{summary.restarts} ({since(summary.restarted, now)} ago)"
    return str(summary.restarts)


def _ip(pod: Object, now: float) -> str:
    for one in mappings(pod, "status", "podIPs")[:1]:
        return text(one, "ip") or NONE
    return text(pod, "status", "podIP") or NONE


def _readiness_gates(pod: Object, now: float) -> str:
    gates = mappings(pod, "spec", "readinessGates")
    met = sum(condition(pod, text(gate, "conditionType")).get("status") == "True" for gate in gates)
    return f"{met}/{len(gates)}" if gates else NONE


_COMPLETED: Mapping[str, tuple[Object, ...]] = {
    "Succeeded": (
        {
            "type": "Completed",
            "status": "True",
            "reason": "Succeeded",
            "message": "The pod has completed successfully.",
        },
    ),
    "Failed": ({"type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."},),
}


def _row_conditions(pod: Object) -> Sequence[Object]:
    return _COMPLETED.get(text(pod, "status", "phase"), ())


POD = ColumnSet(
    (
        NAME,
        string("Ready", _ready, "How many of the pod's containers are ready, of how many."),
        string("Status", _status, "What the states of the pod's containers amount to."),
        string("Restarts", _restarts, "How often the pod's containers were restarted, and how long ago the last was."),
        AGE,
        string("IP", _ip, "The address of the pod.", wide=True),
        string("Node", "spec.nodeName", "The node that the pod is bound to.", missing=NONE, wide=True),
        string(
            "Nominated Node",
            "status.nominatedNodeName",
            "The node that the pod may be bound to once others have made room for it.",
            missing=NONE,
            wide=True,
        ),
        string("Readiness Gates", _readiness_gates, "How many of the pod's readiness gates are met.", wide=True),
    ),
    _row_conditions,
)
