"""What tables show of objects that have hardly any fields, or any at all; which columns there are."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.table import ColumnSet
from steersman.apimachinery.time import parse_time
from steersman.apis.catalog import Catalog
from steersman.apis.printer_columns import columns_of

NOW = parse_time("2026-01-10T00:00:00Z").timestamp()
CREATED = "2026-01-05T00:00:00Z"
HOUR_AGO = "2026-01-09T23:00:00Z"
Shown = Callable[..., list[Any]]
RBAC = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io"

NEARLY_EMPTY = [
    ("", "ComponentStatus", ["Unknown", "", ""]),
    ("", "ConfigMap", [0]),
    ("", "Endpoints", ["<none>"]),
    ("", "Event", ["<unknown>", "", "", "", "", "", "", "<unknown>", 1]),
    ("", "Namespace", [""]),
    ("", "Node", ["Unknown", "<none>", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"]),
    ("", "PersistentVolume", ["0", "", "", "", "", "", "<unset>", "", "<unset>"]),
    ("", "PersistentVolumeClaim", ["", "", "", "", "", "<unset>", "<unset>"]),
    ("", "Pod", ["0/0", "", "0", "<none>", "<none>", "<none>", "<none>"]),
    ("", "PodTemplate", ["", "", "<none>"]),
    ("", "ReplicationController", [0, 0, 0, "", "", "<none>"]),
    ("", "ResourceQuota", ["", ""]),
    ("", "Secret", ["", 0]),
    ("", "Service", ["", "<none>", "<unknown>", "<none>", "<none>"]),
    ("", "ServiceAccount", [0]),
    ("apps", "ControllerRevision", ["<none>", 0]),
    ("apps", "DaemonSet", [0, 0, 0, 0, 0, "<none>", "", "", "<none>"]),
    ("apps", "Deployment", ["0/0", 0, 0, "", "", ""]),
    ("apps", "ReplicaSet", [0, 0, 0, "", "", "<none>"]),
    ("apps", "StatefulSet", ["0/0", "", ""]),
    ("batch", "CronJob", ["", "<none>", "<unset>", 0, "<none>", "", "", "<none>"]),
    ("batch", "Job", ["Running", "0/1", "", "", "", "<none>"]),
    ("networking.k8s.io", "Ingress", ["<none>", "*", "", "80"]),
    ("networking.k8s.io", "IngressClass", ["", "<none>"]),
    ("networking.k8s.io", "IPAddress", ["<none>"]),
    ("networking.k8s.io", "NetworkPolicy", ["<none>"]),
    ("networking.k8s.io", "ServiceCIDR", [""]),
    ("discovery.k8s.io", "EndpointSlice", ["", "<unset>", "<unset>"]),
    ("autoscaling", "HorizontalPodAutoscaler", ["/", "<none>", "<unset>", 0, 0]),
    ("policy", "PodDisruptionBudget", ["N/A", "N/A", 0]),
    ("policy", "PodSecurityPolicy", [False, "", "", "", "", "", False, ""]),
    (RBAC, "RoleBinding", ["/", "", "", ""]),
    (RBAC, "ClusterRoleBinding", ["/", "", "", ""]),
    ("storage.k8s.io", "CSIDriver", [True, False, False, "<unset>", False, "<none>"]),
    ("storage.k8s.io", "CSINode", [0]),
    ("storage.k8s.io", "CSIStorageCapacity", ["", "<unset>"]),
    ("storage.k8s.io", "StorageClass", ["", "Delete", "Immediate", False]),
    ("storage.k8s.io", "VolumeAttachment", ["", "", "", False]),
    ("storage.k8s.io", "VolumeAttributesClass", [""]),
    ("certificates.k8s.io", "CertificateSigningRequest", ["<none>", "", "<none>", "Pending"]),
    ("certificates.k8s.io", "ClusterTrustBundle", ["<none>"]),
    ("certificates.k8s.io", "PodCertificateRequest", ["", "", "", "", "Pending"]),
    ("coordination.k8s.io", "Lease", [""]),
    ("coordination.k8s.io", "LeaseCandidate", ["", "", ""]),
    ("scheduling.k8s.io", "PriorityClass", [0, False, ""]),
    ("node.k8s.io", "RuntimeClass", [""]),
    (ADMISSION, "ValidatingWebhookConfiguration", [0]),
    (ADMISSION, "MutatingWebhookConfiguration", [0]),
    (ADMISSION, "ValidatingAdmissionPolicy", [0, "<unset>"]),
    (ADMISSION, "MutatingAdmissionPolicy", [0, "<unset>"]),
    (ADMISSION, "ValidatingAdmissionPolicyBinding", ["", "<unset>"]),
    (ADMISSION, "MutatingAdmissionPolicyBinding", ["", "<unset>"]),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema", ["", 0, "<none>", "?"]),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", ["", "<none>", "<none>", "<none>", "<none>"]),
    ("apiregistration.k8s.io", "APIService", ["Local", "Unknown"]),
    ("resource.k8s.io", "ResourceClaim", ["pending"]),
    ("resource.k8s.io", "ResourceSlice", ["", "", ""]),
    ("resource.k8s.io", "DeviceTaintRule", ["", "", "", ""]),
    ("internal.apiserver.k8s.io", "StorageVersion", ["<unset>", "<unset>"]),
    ("storagemigration.k8s.io", "StorageVersionMigration", ["."]),
]


@pytest.mark.parametrize(("group", "kind", "cells"), NEARLY_EMPTY, ids=[row[1] for row in NEARLY_EMPTY])
def test_a_nearly_empty_object(shown: Shown, group: str, kind: str, cells: list[Any]) -> None:
    assert shown(group, kind, {}) == cells


def stored_kinds() -> list[GroupKind]:
    return sorted(
        {
            one.storage.group_version_kind.group_kind
            for minor in (7, 19, 37)
            for one in Catalog(minor).resources()
            if one.storage is not None
        }
    )


TABLES = sorted({GroupKind(row[0], row[1]) for row in NEARLY_EMPTY} | set(stored_kinds()))


@pytest.mark.parametrize("kind", TABLES, ids=str)
def test_definitions_are_well_formed(kind: GroupKind) -> None:
    columns = columns_of(kind)
    definitions = orjson.loads(columns.definitions)
    assert len({one["name"] for one in definitions}) == len(definitions)
    for one in definitions:
        assert one["type"] in ("string", "integer", "boolean", "date")
        assert type(one["priority"]) is int
        assert one["description"].endswith(".")


def test_an_unknown_kind_has_its_name_and_its_time_of_creation() -> None:
    for kind in (GroupKind("example.com", "Pod"), GroupKind("apps", "Unheard")):
        assert columns_of(kind).definitions == ColumnSet.default().definitions


WORDS = (
    *("spec", "status", "template", "metadata", "labels", "containers", "conditions", "type", "reason", "name", "kind"),
    *("selector", "matchLabels", "matchExpressions", "operator", "values", "key", "ports", "port", "addresses", "ip"),
    *("containerStatuses", "initContainerStatuses", "initContainers", "state", "lastState", "terminated", "waiting"),
    *("exitCode", "signal", "finishedAt", "restartCount", "startTime", "completionTime", "phase", "data", "hard"),
    *("used", "metrics", "currentMetrics", "resource", "target", "current", "averageValue", "averageUtilization"),
    *("series", "source", "involvedObject", "firstTimestamp", "accessModes", "capacity", "storage", "claimRef"),
    *("rules", "host", "subsets", "endpoints", "subjects", "roleRef", "paramRef", "paramKind", "limited", "queuing"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31),
    st.floats(allow_nan=False),
    st.sampled_from(["", "True", "Resource", "Ready", "ServiceAccount", CREATED, "2026-13-45T00:00:00Z", "1Gi", "In"]),
    st.text(max_size=4),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)
METADATA = st.fixed_dictionaries(
    {"name": st.text(max_size=5), "creationTimestamp": st.sampled_from([CREATED, HOUR_AGO])},
    optional=dict.fromkeys(("labels", "annotations", "deletionTimestamp", "ownerReferences"), JSON),
)
OBJECTS = st.builds(
    lambda obj, metadata: {**obj, "metadata": metadata},
    st.dictionaries(st.sampled_from(WORDS), JSON, max_size=6),
    METADATA,
)


@given(OBJECTS)
@settings(max_examples=300, deadline=None)
def test_no_cell_ever_raises_and_every_cell_can_be_sent(obj: dict[str, Any]) -> None:
    for kind in TABLES:
        columns = columns_of(kind)
        orjson.dumps(columns.cells(obj, NOW))
        if columns.conditions is not None:
            orjson.dumps(list(columns.conditions(obj)))
