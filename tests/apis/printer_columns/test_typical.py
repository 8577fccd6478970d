"""What tables show of typical objects of each kind, also when one of their fields is odd."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.time import parse_time
from steersman.apis.printer_columns import columns_of

Shown = Callable[..., list[Any]]
NOW = parse_time("2026-01-10T00:00:00Z").timestamp()
CREATED = "2026-01-05T00:00:00Z"
HOUR_AGO = "2026-01-09T23:00:00Z"
RBAC = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io"

Row = tuple[str, str, dict[str, Any], Any]

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web", "tier": "front"}},
    "spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}]},
}
SELECTOR = {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "env", "operator": "In", "values": ["b", "a"]}]}
SUBJECTS = [
    {"kind": "User", "name": "ann"},
    {"kind": "User", "name": "bob"},
    {"kind": "Group", "name": "ops"},
    {"kind": "ServiceAccount", "namespace": "ns", "name": "robot"},
]


TYPICAL: list[Row] = [
    ("", "ComponentStatus", {"conditions": [{"type": "Healthy", "status": "True", "message": "ok"}]}, "Healthy ok "),
    ("", "ConfigMap", {"data": {"a": "1"}, "binaryData": {"b": "MQ=="}}, [2]),
    ("", "Namespace", {"status": {"phase": "Active"}}, ["Active"]),
    ("", "PodTemplate", {"template": TEMPLATE}, ["a,b", "a:1,b:2", "app=web,tier=front"]),
    (
        "",
        "ReplicationController",
        {"spec": {"replicas": 3, "selector": {"app": "web"}, "template": TEMPLATE}, "status": {"replicas": 2}},
        [3, 2, 0, "a,b", "a:1,b:2", "app=web"],
    ),
    (
        "",
        "ResourceQuota",
        {"status": {"hard": {"pods": "4", "limits.cpu": "2", "cpu": "1"}, "used": {"pods": "1", "cpu": "500m"}}},
        ["cpu: 500m/1, pods: 1/4", "limits.cpu: 0/2"],
    ),
    ("", "Secret", {"type": "Opaque", "data": {"a": "", "b": ""}}, ["Opaque", 2]),
    ("", "ServiceAccount", {"secrets": [{"name": "a"}]}, [1]),
    (
        "",
        "Service",
        {
            "spec": {
                "type": "NodePort",
                "clusterIPs": ["10.0.0.1", "fd::1"],
                "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}, {"port": 53, "protocol": "UDP"}],
                "selector": {"app": "web"},
                "externalIPs": ["1.2.3.4"],
            }
        },
        ["NodePort", "10.0.0.1", "1.2.3.4", "80:30080/TCP,53/UDP", "app=web"],
    ),
    (
        "",
        "Endpoints",
        {
            "subsets": [
                {"addresses": [{"ip": "10.0.0.1"}, {"ip": "fd::1"}], "ports": [{"port": 80}, {"port": 443}]},
                {"addresses": [{"ip": "10.0.0.9"}]},
            ]
        },
        ["10.0.0.1:80,[fd::1]:80,10.0.0.1:443 + 2 more..."],
    ),
    (
        "",
        "PersistentVolume",
        {
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": "ns", "name": "data"},
                "storageClassName": "fast",
                "volumeMode": "Block",
            },
            "status": {"phase": "Bound"},
        },
        ["1Gi", "RWO,RWX", "Retain", "Bound", "ns/data", "fast", "<unset>", "", "Block"],
    ),
    (
        "",
        "PersistentVolumeClaim",
        {
            "spec": {"volumeName": "pv", "storageClassName": "fast", "volumeAttributesClassName": "gold"},
            "status": {"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOncePod"]},
        },
        ["Bound", "pv", "2Gi", "RWOP", "fast", "gold", "<unset>"],
    ),
    (
        "apps",
        "Deployment",
        {
            "spec": {"replicas": 3, "selector": SELECTOR, "template": TEMPLATE},
            "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1},
        },
        ["2/3", 3, 1, "a,b", "a:1,b:2", "app=web,env in (a,b)"],
    ),
    (
        "apps",
        "ReplicaSet",
        {"spec": {"replicas": 3, "selector": SELECTOR}, "status": {"replicas": 3, "readyReplicas": 1}},
        [3, 3, 1, "", "", "app=web,env in (a,b)"],
    ),
    (
        "apps",
        "DaemonSet",
        {
            "spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}},
            "status": {"desiredNumberScheduled": 5, "currentNumberScheduled": 4, "numberReady": 3},
        },
        [5, 4, 3, 0, 0, "disk=ssd", "", "", "<none>"],
    ),
    ("apps", "StatefulSet", {"spec": {"replicas": 2}, "status": {"readyReplicas": 1}}, ["1/2", "", ""]),
    ("apps", "ControllerRevision", {"revision": 7}, ["<none>", 7]),
    (
        "batch",
        "Job",
        {
            "spec": {"completions": 3, "template": TEMPLATE},
            "status": {
                "succeeded": 3,
                "startTime": "2026-01-09T22:00:00Z",
                "completionTime": HOUR_AGO,
                "conditions": [{"type": "Complete", "status": "True"}],
            },
        },
        ["Complete", "3/3", "60m", "a,b", "a:1,b:2", "<none>"],
    ),
    (
        "batch",
        "CronJob",
        {
            "spec": {"schedule": "* * * * *", "suspend": False, "jobTemplate": {"spec": {"template": TEMPLATE}}},
            "status": {"active": [{}, {}], "lastScheduleTime": HOUR_AGO},
        },
        ["* * * * *", "<none>", "False", 2, "60m", "a,b", "a:1,b:2", "<none>"],
    ),
    (
        "networking.k8s.io",
        "Ingress",
        {
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{"host": f"{letter}.example.com"} for letter in "abcde"],
                "tls": [{}],
            },
            "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.2"}, {"hostname": "lb.example.com"}]}},
        },
        [
            "nginx",
            "a.example.com,b.example.com,c.example.com + 2 more...",
            "10.0.0.2,lb.example.com",
            "80, 443",
        ],
    ),
    (
        "networking.k8s.io",
        "IngressClass",
        {"spec": {"controller": "c", "parameters": {"apiGroup": "x.io", "kind": "P", "name": "n"}}},
        ["c", "P.x.io/n"],
    ),
    ("networking.k8s.io", "NetworkPolicy", {"spec": {"podSelector": SELECTOR}}, ["app=web,env in (a,b)"]),
    ("networking.k8s.io", "ServiceCIDR", {"spec": {"cidrs": ["10.0.0.0/24", "fd::/64"]}}, ["10.0.0.0/24,fd::/64"]),
    (
        "networking.k8s.io",
        "IPAddress",
        {"spec": {"parentRef": {"resource": "services", "namespace": "ns", "name": "web"}}},
        ["services/ns/web"],
    ),
    (
        "discovery.k8s.io",
        "EndpointSlice",
        {
            "addressType": "IPv4",
            "ports": [{"port": 80}, {"name": "dns"}, {}],
            "endpoints": [{"addresses": ["10.0.0.1", "10.0.0.2"]}, {"addresses": ["10.0.0.3", "10.0.0.4"]}],
        },
        ["IPv4", "80,dns,*", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more..."],
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        {
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "minReplicas": 1,
                "maxReplicas": 5,
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}},
                    {"type": "External", "external": {"target": {"averageValue": "10"}}},
                    {"type": "Pods", "pods": {"target": {"averageValue": "10"}}},
                ],
            },
            "status": {
                "currentReplicas": 2,
                "currentMetrics": [{"type": "Resource", "resource": {"current": {"averageUtilization": 35}}}],
            },
        },
        ["Deployment/web", "cpu: 35%/80%, <unknown>/10 (avg) + 1 more...", "1", 5, 2],
    ),
    (
        "policy",
        "PodDisruptionBudget",
        {"spec": {"minAvailable": "50%"}, "status": {"disruptionsAllowed": 1}},
        ["50%", "N/A", 1],
    ),
    (
        "policy",
        "PodSecurityPolicy",
        {
            "spec": {
                "privileged": True,
                "allowedCapabilities": ["NET_ADMIN", "SYS_TIME"],
                "seLinux": {"rule": "RunAsAny"},
                "runAsUser": {"rule": "MustRunAs"},
                "fsGroup": {"rule": "RunAsAny"},
                "supplementalGroups": {"rule": "RunAsAny"},
                "volumes": ["*"],
            }
        },
        [True, "NET_ADMIN,SYS_TIME", "RunAsAny", "MustRunAs", "RunAsAny", "RunAsAny", False, "*"],
    ),
    (
        RBAC,
        "RoleBinding",
        {"roleRef": {"kind": "Role", "name": "r"}, "subjects": SUBJECTS},
        "Role/r|ann, bob|ops|ns/robot",
    ),
    (RBAC, "ClusterRoleBinding", {"roleRef": {"kind": "ClusterRole", "name": "r"}}, "ClusterRole/r|||"),
    (RBAC, "Role", {}, [CREATED]),
    (RBAC, "ClusterRole", {}, [CREATED]),
    (
        "storage.k8s.io",
        "StorageClass",
        {"provisioner": "p", "allowVolumeExpansion": True},
        ["p", "Delete", "Immediate", True],
    ),
    (
        "storage.k8s.io",
        "VolumeAttachment",
        {
            "spec": {"attacher": "a", "source": {"persistentVolumeName": "pv"}, "nodeName": "n"},
            "status": {"attached": True},
        },
        ["a", "pv", "n", True],
    ),
    (
        "storage.k8s.io",
        "CSIDriver",
        {"spec": {"tokenRequests": [{"audience": "a"}, {"audience": "b"}], "volumeLifecycleModes": ["Persistent"]}},
        [True, False, False, "a,b", False, "Persistent"],
    ),
    ("storage.k8s.io", "CSINode", {"spec": {"drivers": [{}, {}]}}, [2]),
    ("storage.k8s.io", "CSIStorageCapacity", {"storageClassName": "fast", "capacity": "1Gi"}, ["fast", "1Gi"]),
    ("storage.k8s.io", "VolumeAttributesClass", {"driverName": "d"}, ["d"]),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        {
            "spec": {"signerName": "s", "username": "ann", "expirationSeconds": 86400},
            "status": {"conditions": [{"type": "Approved"}], "certificate": "Zm8="},
        },
        ["s", "ann", "24h", "Approved,Issued"],
    ),
    ("certificates.k8s.io", "ClusterTrustBundle", {"spec": {"signerName": "s"}}, ["s"]),
    (
        "certificates.k8s.io",
        "PodCertificateRequest",
        {"spec": {"podName": "p", "signerName": "s"}, "status": {"conditions": [{"type": "Denied"}]}},
        ["p", "", "", "s", "Denied"],
    ),
    ("coordination.k8s.io", "Lease", {"spec": {"holderIdentity": "me"}}, ["me"]),
    ("coordination.k8s.io", "LeaseCandidate", {"spec": {"leaseName": "l", "binaryVersion": "1.2"}}, ["l", "1.2", ""]),
    ("scheduling.k8s.io", "PriorityClass", {"value": 10, "preemptionPolicy": "Never"}, [10, False, "Never"]),
    ("node.k8s.io", "RuntimeClass", {"handler": "gvisor"}, ["gvisor"]),
    (ADMISSION, "ValidatingWebhookConfiguration", {"webhooks": [{}, {}]}, [2]),
    (ADMISSION, "MutatingWebhookConfiguration", {"webhooks": [{}]}, [1]),
    (
        ADMISSION,
        "ValidatingAdmissionPolicy",
        {"spec": {"validations": [{}], "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}},
        [1, "v1/ConfigMap"],
    ),
    (ADMISSION, "MutatingAdmissionPolicy", {"spec": {"mutations": [{}, {}]}}, [2, "<unset>"]),
    (
        ADMISSION,
        "ValidatingAdmissionPolicyBinding",
        {"spec": {"policyName": "p", "paramRef": {"name": "n", "namespace": "ns"}}},
        ["p", "ns/n"],
    ),
    (
        ADMISSION,
        "MutatingAdmissionPolicyBinding",
        {"spec": {"policyName": "p", "paramRef": {"name": "n"}}},
        ["p", "*/n"],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "FlowSchema",
        {
            "spec": {"priorityLevelConfiguration": {"name": "pl"}, "matchingPrecedence": 9},
            "status": {"conditions": [{"type": "Dangling", "status": "False"}]},
        },
        ["pl", 9, "<none>", "False"],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration",
        {
            "spec": {
                "type": "Limited",
                "limited": {
                    "nominalConcurrencyShares": 30,
                    "limitResponse": {"queuing": {"queues": 64, "handSize": 6, "queueLengthLimit": 50}},
                },
            }
        },
        ["Limited", 30, 64, 6, 50],
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        {
            "spec": {"service": {"namespace": "ns", "name": "web"}},
            "status": {"conditions": [{"type": "Available", "status": "False", "reason": "MissingEndpoints"}]},
        },
        ["ns/web", "False (MissingEndpoints)"],
    ),
    ("apiextensions.k8s.io", "CustomResourceDefinition", {}, [CREATED]),
    ("resource.k8s.io", "DeviceClass", {}, []),
    ("resource.k8s.io", "ResourceClaimTemplate", {}, []),
    ("resource.k8s.io", "ResourceClaim", {"status": {"allocation": {}, "reservedFor": [{}]}}, ["allocated,reserved"]),
    (
        "resource.k8s.io",
        "ResourceSlice",
        {"spec": {"nodeName": "n", "driver": "d", "pool": {"name": "p"}}},
        ["n", "d", "p"],
    ),
    (
        "resource.k8s.io",
        "DeviceTaintRule",
        {"spec": {"taint": {"key": "k", "effect": "NoSchedule", "timeAdded": HOUR_AGO}}},
        ["k", "", "NoSchedule", "60m"],
    ),
    (
        "internal.apiserver.k8s.io",
        "StorageVersion",
        {"status": {"storageVersions": [{"apiServerID": i, "encodingVersion": "v1"} for i in "abcd"]}},
        ["<unset>", "a=v1,b=v1,c=v1 + 1 more..."],
    ),
    (
        "storagemigration.k8s.io",
        "StorageVersionMigration",
        {"spec": {"resource": {"group": "apps", "resource": "deployments"}}},
        ["deployments.apps"],
    ),
    # Kinds without columns of their own.
    ("", "LimitRange", {}, [CREATED]),
    ("settings.k8s.io", "PodPreset", {}, [CREATED]),
    (ADMISSION, "InitializerConfiguration", {}, [CREATED]),
]


@pytest.mark.parametrize(("group", "kind", "obj", "cells"), TYPICAL, ids=[row[1] for row in TYPICAL])
def test_a_typical_object(shown: Shown, group: str, kind: str, obj: dict[str, Any], cells: Any) -> None:
    expected = cells if isinstance(cells, list) else cells.split("|") if "|" in cells else cells.split(" ")
    assert shown(group, kind, obj) == expected


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a JSON value, with each of its keys or indexes."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from places(inner)


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_no_cell_raises_whatever_stands_in_one_place(data: st.DataObject) -> None:
    group, kind, typical, _ = data.draw(st.sampled_from(TYPICAL))
    obj = orjson.loads(orjson.dumps({**typical, "metadata": {"name": "it", "creationTimestamp": CREATED}}))
    spots = [spot for key in typical for spot in [(obj, key), *places(obj[key])]]
    if spots:
        container, key = data.draw(st.sampled_from(spots))
        container[key] = data.draw(ODD)
    orjson.dumps(columns_of(GroupKind(group, kind)).cells(obj, NOW))
