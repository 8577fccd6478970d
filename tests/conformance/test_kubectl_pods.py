"""Pods with kubectl: evicted as far as budgets allow, and clear words where a container would be needed."""

import json
from typing import Any

import pytest
from tests.conformance.processes import Kubectl, ServerProcess

PODS = "/api/v1/namespaces/{}/pods"
NOBODY_THERE = "this server runs no containers and has no kubelet to ask"


def running(server: ServerProcess, namespace: str, name: str, node: str = "") -> None:
    """A ready Pod with the containers ``main`` and ``side`` and the label app=web; with ``node``, on it."""
    containers = [{"name": one, "image": "nginx:1"} for one in ("main", "side")]
    spec = {"containers": containers, **({"nodeName": node} if node else {})}
    path = PODS.format(namespace)
    pod = {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": spec}
    answers = [server.request("POST", path, pod)]
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    merge = "application/merge-patch+json"
    answers.append(server.request("PATCH", f"{path}/{name}/status", {"status": status}, Content_Type=merge))
    assert [code for code, _ in answers] == [201, 200], answers


def node(server: ServerProcess, name: str) -> str:
    code, answer = server.request("POST", "/api/v1/nodes", {"metadata": {"name": name}})
    assert code == 201, answer
    return name


def test_drain(kubectl: Kubectl) -> None:
    server, namespace = kubectl.server, kubectl.namespace
    one = node(server, f"{namespace}-drained")
    for name in ("a", "b"):
        running(server, namespace, name, one)
    budgets = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    server.request("POST", budgets, {"metadata": {"name": "web"}, "spec": spec})

    def allow(disruptions: int) -> None:
        known = {"observedGeneration": 1, "disruptionsAllowed": disruptions, "currentHealthy": 2, "desiredHealthy": 1}
        merge = "application/merge-patch+json"
        code, answer = server.request("PATCH", f"{budgets}/web/status", {"status": known}, Content_Type=merge)
        assert code == 200, answer

    allow(1)
    drain = ("drain", one, "--force", "--timeout=2s")
    assert "drained (server dry run)" in kubectl(*drain, "--dry-run=server")
    assert kubectl("get", "pods", "-o", "name").split() == ["pod/a", "pod/b"]

    told = kubectl(*drain, code=1)
    assert "Cannot evict pod as it would violate the pod's disruption budget." in told
    assert len(kubectl("get", "pods", "-o", "name").split()) == 1

    allow(1)
    assert f"node/{one} drained" in kubectl(*drain)
    assert kubectl("get", "pods", "-o", "name") == ""


def test_a_raw_eviction(kubectl: Kubectl) -> None:
    running(kubectl.server, kubectl.namespace, "web")
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web"}}
    path = f"{PODS.format(kubectl.namespace)}/web/eviction"

    answer: Any = json.loads(kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction)))

    assert (answer["kind"], answer["status"]) == ("Status", "Success")
    assert "not found" in kubectl("get", "pod", "web", code=1)


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (("exec", "web", "-c", "side", "--", "ls"), "container side of pod web"),
        (("exec", "-i", "web", "-c", "main", "--", "sh"), "container main of pod web"),
        (("attach", "web", "-c", "main"), "container main of pod web"),
        (("logs", "web", "-c", "side", "--tail=5"), "container side of pod web"),
        (("logs", "web", "--all-containers"), "of pod web"),
        (("port-forward", "web", ":80"), "pod web"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
@pytest.mark.parametrize("websockets", ["true", "false"])
def test_nothing_runs_here(kubectl: Kubectl, command: tuple[str, ...], what: str, websockets: str) -> None:
    one = node(kubectl.server, f"{kubectl.namespace}-node")
    running(kubectl.server, kubectl.namespace, "web", one)

    told = kubectl(
        *command,
        code=1,
        stdin="",
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS=websockets,
        KUBECTL_PORT_FORWARD_WEBSOCKETS=websockets,
    )

    assert "cannot connect to" in told
    assert f"{what} on node {one}: {NOBODY_THERE}" in told


def test_other_kubectls_are_told_too(other_kubectl: Kubectl) -> None:
    server = other_kubectl.server
    running(server, "default", "web", node(server, "n"))
    running(server, "default", "waiting")

    assert NOBODY_THERE in other_kubectl("exec", "web", "-c", "main", "--", "ls", code=1)
    assert NOBODY_THERE in other_kubectl("logs", "web", "-c", "main", code=1)
    assert NOBODY_THERE in other_kubectl("port-forward", "web", ":80", code=1)
    assert "does not have a host assigned" in other_kubectl("exec", "waiting", "-c", "main", "--", "ls", code=1)
    assert other_kubectl("logs", "waiting", "-c", "main") == ""
    assert "pod/web evicted" in other_kubectl("drain", "n", "--force", "--timeout=10s")
    assert "not found" in other_kubectl("get", "pod", "web", code=1)


def test_a_token(kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "robot")

    assert kubectl("create", "token", "robot").count(".") == 2


def test_debug(kubectl: Kubectl) -> None:
    running(kubectl.server, kubectl.namespace, "web")

    kubectl("debug", "web", "--image=busybox:1", "--container=debugger", "--target=main", "--profile=general")

    found = json.loads(kubectl("get", "pod", "web", "-o", "json"))["spec"]["ephemeralContainers"]
    assert [(one["name"], one["targetContainerName"]) for one in found] == [("debugger", "main")]


def test_a_resize(kubectl: Kubectl) -> None:
    running(kubectl.server, kubectl.namespace, "web")
    wanted = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1"}}}]}}

    told = kubectl("patch", "pod", "web", "--subresource=resize", "-p", json.dumps(wanted), code=1)

    assert "Pod QOS Class may not change as a result of resizing" in told
