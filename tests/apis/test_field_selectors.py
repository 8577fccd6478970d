"""The fields by which objects can be selected."""

from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.field_selectors import SELECTABLE, field_reader


@pytest.mark.parametrize(
    ("group", "kind", "obj", "expected"),
    [
        (
            "",
            "Pod",
            {"spec": {"nodeName": "n", "hostNetwork": True}, "status": {"phase": "Running", "podIP": "10.0.0.1"}},
            {"spec.nodeName": "n", "spec.hostNetwork": "true", "status.phase": "Running", "status.podIP": "10.0.0.1"},
        ),
        ("", "Pod", {"status": {"podIPs": [{"ip": "10.0.0.1"}]}}, {"status.podIPs": "", "spec.hostNetwork": "false"}),
        ("", "Node", {"spec": {"unschedulable": True}}, {"spec.unschedulable": "true"}),
        ("", "Node", {}, {"spec.unschedulable": "false"}),
        ("", "Namespace", {"status": {"phase": "Active"}}, {"status.phase": "Active"}),
        ("", "Secret", {"type": "Opaque"}, {"type": "Opaque"}),
        ("", "Service", {"spec": {"type": "ClusterIP"}}, {"spec.type": "ClusterIP", "spec.clusterIP": ""}),
        ("", "ReplicationController", {"status": {"replicas": 2}}, {"status.replicas": "2"}),
        ("apps", "ReplicaSet", {"status": None}, {"status.replicas": "0"}),
        ("batch", "Job", {"status": {"succeeded": 4}}, {"status.successful": "4"}),
        ("batch", "Job", {}, {"status.successful": "0"}),
        ("certificates.k8s.io", "ClusterTrustBundle", {"spec": {"signerName": "s"}}, {"spec.signerName": "s"}),
        ("", "Event", {"involvedObject": {"kind": "Pod"}}, {"involvedObject.kind": "Pod", "involvedObject.name": ""}),
        (
            "",
            "Event",
            {"source": {"component": "a"}, "reportingComponent": "b"},
            {"source": "a", "reportingComponent": "b"},
        ),
        ("", "Event", {"reportingComponent": "b"}, {"source": "b"}),
    ],
)
def test_fields_are_read_as_text(group: str, kind: str, obj: dict[str, Any], expected: dict[str, str]) -> None:
    read = field_reader(GroupKind(group, kind))
    assert read is not None
    assert expected.items() <= read(obj).items()


@pytest.mark.parametrize("kind", SELECTABLE, ids=str)
@pytest.mark.parametrize("obj", [{}, {"spec": [], "status": "x", "source": 1}, {"spec": None, "status": {"phase": {}}}])
def test_every_selectable_field_has_a_value_whatever_the_object(kind: GroupKind, obj: dict[str, Any]) -> None:
    read = field_reader(kind)
    assert read is not None
    fields = read(obj)
    assert tuple(fields)[: len(SELECTABLE[kind])] == SELECTABLE[kind]
    assert all(isinstance(value, str) for value in fields.values())


def test_other_kinds_have_only_the_common_fields() -> None:
    assert field_reader(GroupKind("", "ConfigMap")) is None
    assert field_reader(GroupKind("apps", "Pod")) is None
