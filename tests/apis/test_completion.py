"""Defaults that depend on other fields."""

import copy
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.completion import COMPLETIONS

RBAC = "rbac.authorization.k8s.io"
UP, DOWN = ({"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15})


def completed(group: str, kind: str, obj: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {"metadata": {}, **obj}
    COMPLETIONS[GroupKind(group, kind)](whole)
    return whole


def spec_of(group: str, kind: str, spec: dict[str, Any]) -> Any:
    return completed(group, kind, {"spec": spec})["spec"]


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.2", "IfNotPresent"),
        ("registry:5000/nginx", "Always"),
        ("registry:5000/nginx:1.2", "IfNotPresent"),
        ("nginx@sha256:abc", "IfNotPresent"),
    ],
)
def test_images_are_pulled_by_their_tags(image: str, policy: str) -> None:
    spec = {
        "containers": [{"image": image}, {"image": image, "imagePullPolicy": "Never"}, {}],
        "initContainers": [{"image": image}],
        "volumes": [{"name": "v", "image": {"reference": image}}],
    }
    pod = spec_of("", "Pod", copy.deepcopy(spec))
    assert [one.get("imagePullPolicy") for one in pod["containers"]] == [policy, "Never", None]
    assert pod["initContainers"][0]["imagePullPolicy"] == policy
    assert pod["volumes"][0]["image"]["pullPolicy"] == policy
    deployment = spec_of("apps", "Deployment", {"template": {"spec": spec}})
    assert deployment["template"]["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_a_volume_of_no_kind_is_an_empty_directory() -> None:
    pod = spec_of("", "Pod", {"volumes": [{"name": "a"}, {"name": "b", "hostPath": {"path": "/"}}]})
    assert pod["volumes"] == [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/"}}]


def test_pods_request_what_is_limited() -> None:
    resources = {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1"}}
    pod = spec_of("", "Pod", {"containers": [{"resources": copy.deepcopy(resources)}, {"resources": {}}, {}]})
    assert pod["containers"][0]["resources"]["requests"] == {"cpu": "1", "memory": "1Gi"}
    assert pod["containers"][1:] == [{"resources": {}}, {}]
    template = spec_of("apps", "Deployment", {"template": {"spec": {"containers": [{"resources": resources}]}}})
    assert template["template"]["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1"}


@pytest.mark.parametrize(("host_network", "ports"), [(True, [80, 81]), (False, [None, 81])])
def test_ports_on_the_host_network_are_the_hosts(host_network: bool, ports: list[int | None]) -> None:
    containers = [{"ports": [{"containerPort": 80}, {"containerPort": 90, "hostPort": 81}]}]
    pod = spec_of("", "Pod", {"hostNetwork": host_network, "containers": containers})
    assert [one.get("hostPort") for one in pod["containers"][0]["ports"]] == ports


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"parallelism": 1, "completions": 1}),
        ({"completions": 5}, {"parallelism": 1, "completions": 5}),
        ({"parallelism": 2}, {"parallelism": 2}),
    ],
)
def test_how_often_a_job_runs(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert spec_of("batch", "Job", given) == expected


@pytest.mark.parametrize(("policy", "replacement"), [(None, "TerminatingOrFailed"), ({"rules": []}, "Failed")])
def test_when_a_jobs_pods_are_replaced(policy: Any, replacement: str) -> None:
    spec = spec_of("batch", "Job", {"podFailurePolicy": policy, "podReplacementPolicy": "TerminatingOrFailed"})
    assert spec["podReplacementPolicy"] == replacement


@pytest.mark.parametrize(("group", "kind"), [("", "ReplicationController"), ("batch", "Job")])
def test_labels_are_those_of_the_template(group: str, kind: str) -> None:
    spec = {"template": {"metadata": {"labels": {"app": "web"}}}}
    assert completed(group, kind, {"spec": spec})["metadata"]["labels"] == {"app": "web"}
    kept = completed(group, kind, {"metadata": {"labels": {"a": "b"}}, "spec": spec})
    assert kept["metadata"]["labels"] == {"a": "b"}


def test_a_replication_controller_selects_its_template() -> None:
    template = {"metadata": {"labels": {"app": "web"}}}
    assert spec_of("", "ReplicationController", {"template": template})["selector"] == {"app": "web"}
    kept = spec_of("", "ReplicationController", {"template": template, "selector": {"a": "b"}})
    assert kept["selector"] == {"a": "b"}


@pytest.mark.parametrize(
    ("kind", "field", "given", "expected"),
    [
        ("Deployment", "strategy", {"type": "RollingUpdate"}, {"maxSurge": "25%", "maxUnavailable": "25%"}),
        ("Deployment", "strategy", {"type": "Recreate"}, None),
        ("DaemonSet", "updateStrategy", {"type": "RollingUpdate"}, {"maxSurge": 0, "maxUnavailable": 1}),
        ("DaemonSet", "updateStrategy", {"type": "OnDelete"}, None),
        ("StatefulSet", "updateStrategy", {}, {"partition": 0}),
        ("StatefulSet", "updateStrategy", {"type": "RollingUpdate"}, None),
        ("StatefulSet", "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {}}, {"partition": 0}),
        ("StatefulSet", "updateStrategy", {"type": "OnDelete"}, None),
    ],
)
def test_rolling_updates(kind: str, field: str, given: dict[str, Any], expected: Any) -> None:
    assert spec_of("apps", kind, {field: given})[field].get("rollingUpdate") == expected


def test_claims_of_stateful_sets_are_pending() -> None:
    assert spec_of("apps", "StatefulSet", {"volumeClaimTemplates": [{}]}) == {
        "volumeClaimTemplates": [{"status": {"phase": "Pending"}}]
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "NodePort"}, {"externalTrafficPolicy": "Cluster"}),
        ({"type": "LoadBalancer", "externalTrafficPolicy": "Local"}, {"externalTrafficPolicy": "Local"}),
        ({"type": "ClusterIP"}, {"externalTrafficPolicy": None}),
        ({"type": "ClusterIP", "externalIPs": ["1.1.1.1"]}, {"externalTrafficPolicy": "Cluster"}),
        ({"type": "ClusterIP", "allocateLoadBalancerNodePorts": True}, {"allocateLoadBalancerNodePorts": None}),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": True}, {"allocateLoadBalancerNodePorts": True}),
        ({"type": "ExternalName", "internalTrafficPolicy": "Cluster"}, {"internalTrafficPolicy": None}),
        ({"sessionAffinity": "ClientIP"}, {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}}),
        (
            {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}},
            {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}},
        ),
        ({"sessionAffinity": "None", "sessionAffinityConfig": {}}, {"sessionAffinityConfig": None}),
        ({"ports": [{"port": 80}]}, {"ports": [{"port": 80, "targetPort": 80}]}),
        ({"ports": [{"port": 80, "targetPort": "http"}]}, {"ports": [{"port": 80, "targetPort": "http"}]}),
    ],
)
def test_services(given: dict[str, Any], expected: dict[str, Any]) -> None:
    spec = spec_of("", "Service", given)
    assert {field: spec.get(field) for field in expected} == expected


def test_plain_data_of_a_secret_is_encoded_over_the_rest() -> None:
    secret = completed("", "Secret", {"data": {"a": "MQ==", "b": "Mg=="}, "stringData": {"a": "ä"}})
    assert secret == {"metadata": {}, "data": {"a": "w6Q=", "b": "Mg=="}}


@pytest.mark.parametrize(
    ("given", "types"),
    [
        ({}, ["Ingress"]),
        ({"egress": [{}]}, ["Ingress", "Egress"]),
        ({"policyTypes": ["Egress"], "egress": [{}]}, ["Egress"]),
    ],
)
def test_what_a_network_policy_is_for(given: dict[str, Any], types: list[str]) -> None:
    assert spec_of("networking.k8s.io", "NetworkPolicy", given)["policyTypes"] == types


@pytest.mark.parametrize("kind", ["RoleBinding", "ClusterRoleBinding"])
def test_groups_in_bindings(kind: str) -> None:
    subjects = [{"kind": "User"}, {"kind": "Group", "apiGroup": "x"}, {"kind": "ServiceAccount"}]
    binding = completed(RBAC, kind, {"subjects": subjects, "roleRef": {"kind": "Role"}})
    assert [one.get("apiGroup") for one in binding["subjects"]] == [RBAC, "x", None]
    assert binding["roleRef"]["apiGroup"] == RBAC


def test_limits_of_containers() -> None:
    limit = {"type": "Container", "max": {"cpu": "4"}, "default": {"memory": "1Gi"}, "min": {"disk": "1", "cpu": "1"}}
    spec = spec_of("", "LimitRange", {"limits": [limit, {"type": "Pod", "max": {"cpu": "4"}}]})
    assert spec["limits"][0]["default"] == {"cpu": "4", "memory": "1Gi"}
    assert spec["limits"][0]["defaultRequest"] == {"cpu": "4", "memory": "1Gi", "disk": "1"}
    assert spec["limits"][1] == {"type": "Pod", "max": {"cpu": "4"}}


def test_a_scaling_behavior_is_filled_in() -> None:
    spec = spec_of("autoscaling", "HorizontalPodAutoscaler", {"behavior": {"scaleDown": {"selectPolicy": "Min"}}})
    assert spec["behavior"] == {
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [UP, DOWN]},
        "scaleDown": {"selectPolicy": "Min", "policies": [DOWN]},
    }
    assert spec_of("autoscaling", "HorizontalPodAutoscaler", {}) == {}


@pytest.mark.parametrize("kind", COMPLETIONS, ids=str)
def test_completing_twice_changes_nothing_and_nearly_empty_objects_are_borne(kind: GroupKind) -> None:
    specs: list[Any] = [None, {}, {"template": None}, {"template": {"spec": {}}}]
    for obj in ({}, *({"spec": spec} for spec in specs)):
        once = completed(*kind, copy.deepcopy(obj))
        assert completed(*kind, copy.deepcopy(once)) == once


@pytest.mark.parametrize(
    ("version", "selects"), [("extensions/v1beta1", True), ("apps/v1beta1", True), ("apps/v1", False)]
)
def test_old_versions_select_what_the_template_labels(version: str, selects: bool) -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
    deployment = {"apiVersion": version, "kind": "Deployment", "metadata": {}, "spec": {"template": template}}

    COMPLETIONS[GroupKind("apps", "Deployment")](deployment)

    expected = {"matchLabels": {"app": "web"}} if selects else None
    assert deployment["spec"].get("selector") == expected  # type: ignore[attr-defined]
