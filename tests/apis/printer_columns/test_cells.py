"""Cells whose values have cases."""

from collections.abc import Callable
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.time import parse_time
from steersman.apis.printer_columns import columns_of

Shown = Callable[..., list[Any]]
NOW = parse_time("2026-01-10T00:00:00Z").timestamp()
CREATED = "2026-01-05T00:00:00Z"
HOUR_AGO = "2026-01-09T23:00:00Z"


@pytest.mark.parametrize(
    ("conditions", "metadata", "expected"),
    [
        (["Failed"], {}, "Failed"),
        (["Suspended"], {}, "Suspended"),
        (["FailureTarget"], {}, "FailureTarget"),
        (["SuccessCriteriaMet"], {}, "SuccessCriteriaMet"),
        (["Suspended"], {"deletionTimestamp": HOUR_AGO}, "Terminating"),
        (["Complete"], {"deletionTimestamp": HOUR_AGO}, "Complete"),
    ],
)
def test_the_status_of_a_job(shown: Shown, conditions: list[str], metadata: dict[str, Any], expected: str) -> None:
    job = {"status": {"conditions": [{"type": one, "status": "True"} for one in conditions]}}
    assert shown("batch", "Job", job, **metadata)[0] == expected


def test_a_job_that_runs_without_a_number_of_completions(shown: Shown) -> None:
    job = {"spec": {"parallelism": 3}, "status": {"succeeded": 1, "startTime": HOUR_AGO}}
    assert shown("batch", "Job", job)[1:3] == ["1/1 of 3", "60m"]


@pytest.mark.parametrize(
    ("service", "address"),
    [
        ({"spec": {"type": "ClusterIP"}}, "<none>"),
        ({"spec": {"type": "ExternalName", "externalName": "example.com"}}, "example.com"),
        ({"spec": {"type": "LoadBalancer"}}, "<pending>"),
        (
            {
                "spec": {"type": "LoadBalancer", "externalIPs": ["1.1.1.1"]},
                "status": {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}, {"hostname": "a.example.com"}]}},
            },
            "9.9.9.9,a.example.com,1.1.1.1",
        ),
    ],
)
def test_the_external_address_of_a_service(shown: Shown, service: dict[str, Any], address: str) -> None:
    assert shown("", "Service", service)[2] == address


def test_a_node(shown: Shown) -> None:
    node = {
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "Unknown"}],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "ExternalIP", "address": "1.1.1.1"}],
            "nodeInfo": {"kubeletVersion": "v1.37.0", "osImage": "Linux", "kernelVersion": "6.1"},
        },
    }
    labels = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/": "", "kubernetes.io/role": "edge"}
    expected = ["NotReady,SchedulingDisabled", "edge,worker", "v1.37.0", "10.0.0.1", "1.1.1.1", "Linux", "6.1"]
    assert shown("", "Node", node, labels=labels) == [*expected, "<unknown>"]


@pytest.mark.parametrize(
    ("event", "last_seen", "first_seen", "count"),
    [
        ({"firstTimestamp": CREATED, "lastTimestamp": HOUR_AGO, "count": 4}, "60m", "5d", 4),
        ({"eventTime": "2026-01-09T23:00:00.000000Z"}, "60m", "60m", 1),
        ({"firstTimestamp": None, "lastTimestamp": None, "eventTime": "2026-01-09T23:00:00.000000Z"}, "60m", "60m", 1),
        (
            {"eventTime": CREATED, "series": {"count": 9, "lastObservedTime": "2026-01-09T23:00:00.000000Z"}},
            "60m",
            "5d",
            9,
        ),
        (
            {"deprecatedFirstTimestamp": CREATED, "deprecatedLastTimestamp": HOUR_AGO, "deprecatedCount": 2},
            "60m",
            "5d",
            2,
        ),
    ],
)
def test_when_an_event_was_seen(
    shown: Shown, event: dict[str, Any], last_seen: str, first_seen: str, count: int
) -> None:
    cells = shown("", "Event", event)
    assert (cells[0], cells[7], cells[8]) == (last_seen, first_seen, count)


@pytest.mark.parametrize(
    ("group", "event"),
    [
        (
            "",
            {
                "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{a}"},
                "source": {"component": "kubelet", "host": "n1"},
                "message": " it broke\n",
            },
        ),
        (
            "events.k8s.io",
            {
                "regarding": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{a}"},
                "reportingController": "kubelet",
                "reportingInstance": "n1",
                "note": "it broke",
            },
        ),
    ],
)
def test_what_an_event_is_about(shown: Shown, group: str, event: dict[str, Any]) -> None:
    cells = shown(group, "Event", {"type": "Warning", "reason": "Broken", **event})
    assert cells[1:7] == ["Warning", "Broken", "pod/p", "spec.containers{a}", "kubelet, n1", "it broke"]


def test_columns_of_events_begin_with_when_they_were_seen() -> None:
    columns = columns_of(GroupKind("", "Event")).columns
    assert [(one.name, one.priority) for one in columns] == [
        ("Last Seen", 0),
        ("Type", 0),
        ("Reason", 0),
        ("Object", 0),
        ("Subobject", 1),
        ("Source", 1),
        ("Message", 0),
        ("First Seen", 1),
        ("Count", 1),
        ("Name", 1),
    ]


@pytest.mark.parametrize(
    ("kind", "metadata", "cell"),
    [
        ("PersistentVolume", {"deletionTimestamp": HOUR_AGO}, (3, "Terminating")),
        ("PersistentVolumeClaim", {"deletionTimestamp": HOUR_AGO}, (0, "Terminating")),
        (
            "PersistentVolumeClaim",
            {"annotations": {"volume.beta.kubernetes.io/storage-class": "old"}},
            (4, "old"),
        ),
    ],
)
def test_what_metadata_says_of_volumes(
    shown: Shown, kind: str, metadata: dict[str, Any], cell: tuple[int, str]
) -> None:
    index, text = cell
    assert shown("", kind, {"spec": {"storageClassName": "new"}}, **metadata)[index] == text


def test_the_default_storage_class_is_marked() -> None:
    metadata = {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    columns = columns_of(GroupKind("storage.k8s.io", "StorageClass"))
    assert columns.cells({"metadata": metadata}, NOW)[0] == "fast (default)"


def test_the_controller_of_a_revision(shown: Shown) -> None:
    owners = [
        {"apiVersion": "v1", "kind": "Pod", "name": "other"},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": True},
    ]
    assert shown("apps", "ControllerRevision", {"revision": 1}, ownerReferences=owners) == ["statefulset.apps/web", 1]


@pytest.mark.parametrize(
    ("spec", "status", "targets"),
    [
        ({"targetCPUUtilizationPercentage": 80}, {"currentCPUUtilizationPercentage": 20}, "cpu: 20%/80%"),
        ({"targetCPUUtilizationPercentage": 80}, {}, "cpu: <unknown>/80%"),
        (
            {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 50}}]},
            {"currentMetrics": [{"resource": {"name": "cpu", "currentAverageUtilization": 5}}]},
            "cpu: 5%/50%",
        ),
        (
            {"metrics": [{"type": "Object", "object": {"targetValue": "10"}}]},
            {"currentMetrics": [{"object": {"currentValue": "5"}}]},
            "5/10",
        ),
        (
            {
                "metrics": [
                    {"type": "ContainerResource", "containerResource": {"name": "cpu", "target": {}}},
                    {"type": "?"},
                ]
            },
            {},
            "cpu: <unknown>/<auto>, <unknown type>",
        ),
    ],
)
def test_targets_in_the_shapes_of_all_versions(
    shown: Shown, spec: dict[str, Any], status: dict[str, Any], targets: str
) -> None:
    assert shown("autoscaling", "HorizontalPodAutoscaler", {"spec": spec, "status": status})[1] == targets


def test_a_selector_that_is_none_is_said_to_be(shown: Shown) -> None:
    spec = {"spec": {"selector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}}}
    assert shown("apps", "Deployment", spec)[-1] == "<invalid>"
    assert shown("apps", "ReplicaSet", spec)[-1] == "<error>"
