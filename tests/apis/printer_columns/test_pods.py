"""What the states of containers amount to."""

from collections.abc import Callable
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.printer_columns import columns_of

Shown = Callable[..., list[Any]]
HOUR_AGO = "2026-01-09T23:00:00Z"


def status(name: str, *, ready: bool = False, restarts: int = 0, **state: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ready": ready, "restartCount": restarts, "state": state}


RUNNING: dict[str, Any] = {"startedAt": HOUR_AGO}
GATED = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
READY = {"type": "Ready", "status": "True"}
INITIALIZED = {"type": "Initialized", "status": "True"}
SIDECAR = {"name": "proxy", "restartPolicy": "Always"}

PODS = [
    ("waits", {"phase": "Pending"}, ("0/2", "Pending", "0")),
    ("is evicted", {"phase": "Failed", "reason": "Evicted"}, ("0/2", "Evicted", "0")),
    ("is gated", {"phase": "Pending", "conditions": [GATED]}, ("0/2", "SchedulingGated", "0")),
    (
        "runs",
        {"phase": "Running", "containerStatuses": [status("a", ready=True, running=RUNNING), status("b")]},
        ("1/2", "Running", "0"),
    ),
    (
        "crashes",
        {
            "phase": "Running",
            "containerStatuses": [
                {
                    **status("a", restarts=4, waiting={"reason": "CrashLoopBackOff"}),
                    "lastState": {"terminated": {"finishedAt": HOUR_AGO}},
                },
                status("b", ready=True, running=RUNNING),
            ],
        },
        ("1/2", "CrashLoopBackOff", "4 (60m ago)"),
    ),
    (
        "ended by a signal",
        {"phase": "Failed", "containerStatuses": [status("a", terminated={"signal": 9, "exitCode": 137})]},
        ("0/2", "Signal:9", "0"),
    ),
    (
        "ended with a code",
        {"phase": "Failed", "containerStatuses": [status("a", terminated={"exitCode": 2})]},
        ("0/2", "ExitCode:2", "0"),
    ),
    (
        "completed in part, and ready",
        {
            "phase": "Running",
            "conditions": [READY],
            "containerStatuses": [
                status("a", terminated={"exitCode": 0, "reason": "Completed"}),
                status("b", ready=True, running=RUNNING),
            ],
        },
        ("1/2", "Running", "0"),
    ),
    (
        "completed in part, and not ready",
        {
            "phase": "Running",
            "containerStatuses": [
                status("a", terminated={"exitCode": 0, "reason": "Completed"}),
                status("b", ready=True, running=RUNNING),
            ],
        },
        ("1/2", "NotReady", "0"),
    ),
    (
        "completed in part, the rest failed",
        {
            "phase": "Failed",
            "containerStatuses": [
                status("a", terminated={"exitCode": 0, "reason": "Completed"}),
                status("b", terminated={"exitCode": 1, "reason": "Error"}),
            ],
        },
        ("0/2", "Error", "0"),
    ),
]


@pytest.mark.parametrize(("pod_status", "cells"), [row[1:] for row in PODS], ids=[row[0] for row in PODS])
def test_a_pod_that(shown: Shown, pod_status: dict[str, Any], cells: tuple[str, ...]) -> None:
    pod = {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}, "status": pod_status}
    assert tuple(shown("", "Pod", pod)[:3]) == cells


INITIALIZING = [
    ("has one to go", [status("one", terminated={"exitCode": 0}), status("two")], [], ("0/2", "Init:1/2", "0")),
    ("fails", [status("one", restarts=2, terminated={"exitCode": 1})], [], ("0/2", "Init:ExitCode:1", "2")),
    ("is killed", [status("one", terminated={"exitCode": 1, "signal": 9})], [], ("0/2", "Init:Signal:9", "0")),
    ("errs", [status("one", terminated={"exitCode": 1, "reason": "Error"})], [], ("0/2", "Init:Error", "0")),
    ("cannot pull", [status("one", waiting={"reason": "ErrImagePull"})], [], ("0/2", "Init:ErrImagePull", "0")),
    ("only starts", [status("one", waiting={"reason": "PodInitializing"})], [], ("0/2", "Init:0/2", "0")),
    (
        "has a sidecar that runs",
        [{**status("proxy", ready=True, restarts=3, running=RUNNING), "started": True}, status("two", restarts=1)],
        [],
        ("1/2", "Init:1/2", "4"),
    ),
    (
        "was initialized before",
        [{**status("proxy", ready=True, restarts=3, running=RUNNING), "started": True}, status("two", restarts=1)],
        [INITIALIZED],
        ("1/2", "Init:1/2", "3"),
    ),
]


@pytest.mark.parametrize(
    ("statuses", "conditions", "cells"), [row[1:] for row in INITIALIZING], ids=[row[0] for row in INITIALIZING]
)
def test_a_pod_whose_initialization(
    shown: Shown, statuses: list[Any], conditions: list[Any], cells: tuple[str, ...]
) -> None:
    pod = {
        "spec": {"containers": [{"name": "a"}], "initContainers": [SIDECAR, {"name": "two"}]},
        "status": {"phase": "Pending", "initContainerStatuses": statuses, "conditions": conditions},
    }
    assert tuple(shown("", "Pod", pod)[:3]) == cells


@pytest.mark.parametrize(
    ("pod_status", "reason"),
    [
        ({"phase": "Running"}, "Terminating"),
        ({"phase": "Succeeded"}, "Succeeded"),
        ({"phase": "Running", "reason": "NodeLost"}, "Unknown"),
    ],
)
def test_a_pod_that_is_deleted(shown: Shown, pod_status: dict[str, Any], reason: str) -> None:
    assert shown("", "Pod", {"status": pod_status}, deletionTimestamp=HOUR_AGO)[1] == reason


def test_a_pod_in_a_wide_table(shown: Shown) -> None:
    pod = {
        "spec": {"nodeName": "n1", "readinessGates": [{"conditionType": "x"}, {"conditionType": "y"}]},
        "status": {
            "podIP": "10.0.0.9",
            "podIPs": [{"ip": "10.0.0.1"}],
            "nominatedNodeName": "n2",
            "conditions": [{"type": "y", "status": "True"}],
        },
    }
    assert shown("", "Pod", pod)[3:] == ["10.0.0.1", "n1", "n2", "1/2"]
    assert shown("", "Pod", {"status": {"podIP": "10.0.0.9"}})[3] == "10.0.0.9"


@pytest.mark.parametrize(("phase", "reasons"), [("Succeeded", ["Succeeded"]), ("Failed", ["Failed"]), ("Running", [])])
def test_rows_of_pods_that_are_done_say_so(phase: str, reasons: list[str]) -> None:
    conditions_of = columns_of(GroupKind("", "Pod")).conditions
    assert conditions_of is not None
    conditions = conditions_of({"metadata": {}, "status": {"phase": phase}})
    assert [(one["type"], one["status"], one["reason"]) for one in conditions] == [
        ("Completed", "True", reason) for reason in reasons
    ]
