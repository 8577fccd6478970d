"""What a node may do: for itself, and for the pods that are bound to it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client
from tests.apiserver.authorization.people import can, eventually, person

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Decision
from steersman.apiserver.authorization.node.authorizer import NodeAuthorizer
from steersman.apiserver.authorization.node.graph import NodeGraph
from steersman.apiserver.authorization.rbac.bootstrap_policy import BootstrapPolicy
from steersman.apiserver.request_info import RequestInfo, request_info
from steersman.controlplane import ControlPlane
from steersman.controlplane.authorization import AuthorizationOptions

RULES = BootstrapPolicy.load(37).rules_of("system:node")
NODE = UserInfo("system:node:n", groups=("system:nodes", "system:authenticated"))
POD: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "x"},
    "spec": {
        "nodeName": "n",
        "serviceAccountName": "bot",
        "imagePullSecrets": [{"name": "pull"}],
        "containers": [
            {
                "env": [
                    {"name": "a", "valueFrom": {"secretKeyRef": {"name": "env-secret", "key": "k"}}},
                    {"name": "b", "valueFrom": {"configMapKeyRef": {"name": "env-map", "key": "k"}}},
                ]
            }
        ],
        "initContainers": [
            {"envFrom": [{"secretRef": {"name": "from-secret"}}, {"configMapRef": {"name": "from-map"}}]}
        ],
        "volumes": [
            {"name": "a", "secret": {"secretName": "volume-secret"}},
            {"name": "b", "configMap": {"name": "volume-map"}},
            {
                "name": "c",
                "projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "projected"}}]},
            },
            {"name": "d", "persistentVolumeClaim": {"claimName": "claim"}},
            {"name": "e", "ephemeral": {"volumeClaimTemplate": {}}},
            {"name": "f", "csi": {"nodePublishSecretRef": {"name": "csi"}}},
        ],
        "resourceClaims": [
            {"name": "r", "resourceClaimName": "device"},
            {"name": "s", "resourceClaimTemplateName": "t"},
        ],
    },
    "status": {"resourceClaimStatuses": [{"name": "s", "resourceClaimName": "made"}]},
}
VOLUME = {
    "metadata": {"name": "v"},
    "spec": {
        "claimRef": {"namespace": "x", "name": "claim"},
        "csi": {
            "nodeStageSecretRef": {"namespace": "storage", "name": "stage"},
            "controllerPublishSecretRef": {"name": "not"},
        },
    },
}


def graph(pod: dict[str, Any] | None = None) -> NodeGraph:
    made = NodeGraph()
    made.set_pod("x", "p", POD if pod is None else pod)
    made.set_volume("v", VOLUME)
    made.set_owned("volumeattachments", "mine", {"spec": {"nodeName": "n"}})
    made.set_owned("volumeattachments", "others", {"spec": {"nodeName": "m"}})
    made.set_owned("resourceslices", "mine", {"spec": {"nodeName": "n"}})
    return made


def decided(info: RequestInfo, user: UserInfo = NODE, of: NodeGraph | None = None) -> tuple[bool, str]:
    verdict = NodeAuthorizer(of or graph(), RULES).authorize(user, info)
    assert verdict.decision in (Decision.ALLOW, Decision.NO_OPINION)
    return verdict.decision is Decision.ALLOW, verdict.reason


def get(
    resource: str, name: str, namespace: str = "x", group: str = "", verb: str = "get", part: str = ""
) -> RequestInfo:
    return RequestInfo(verb, "", True, group, "v1", namespace, resource, part, name)


NEEDED = [
    *[get("secrets", name) for name in ("pull", "env-secret", "from-secret", "volume-secret", "projected", "csi")],
    *[get("configmaps", name) for name in ("env-map", "from-map", "volume-map", "projected")],
    *[get("persistentvolumeclaims", name) for name in ("claim", "p-e")],
    *[get("resourceclaims", name, group="resource.k8s.io") for name in ("device", "made")],
    get("persistentvolumes", "v", ""),
    get("secrets", "stage", "storage"),
    get("pods", "p"),
    get("serviceaccounts", "bot", verb="create", part="token"),
    get("persistentvolumeclaims", "claim", verb="patch", part="status"),
    get("volumeattachments", "mine", "", "storage.k8s.io"),
    get("resourceslices", "mine", "", "resource.k8s.io", "update"),
]


@pytest.mark.parametrize("info", NEEDED, ids=lambda info: f"{info.resource}/{info.name}")
def test_what_its_pods_need(info: RequestInfo) -> None:
    own = info.resource in ("volumeattachments", "resourceslices")
    relation = "no relationship found between node '{}' and this object"

    assert decided(info) == (True, "")
    assert decided(info, UserInfo("system:node:m", groups=NODE.groups)) == (False, relation.format("m"))
    if not own:
        gone = graph()
        gone.set_pod("x", "p", None)
        assert decided(info, of=gone) == (False, relation.format("n"))
        assert decided(info, of=graph({**POD, "spec": {**POD["spec"], "nodeName": ""}})) == (
            False,
            relation.format("n"),
        )


def test_a_pod_that_the_node_made_gives_it_nothing_more() -> None:
    mirror = {**POD, "metadata": {**POD["metadata"], "annotations": {"kubernetes.io/config.mirror": "x"}}}

    assert decided(get("pods", "p"), of=graph(mirror))[0]
    assert not decided(get("secrets", "pull"), of=graph(mirror))[0]


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (get("secrets", "pull", verb="update"), "can only read resources of this type"),
        (get("secrets", "pull", part="x"), "cannot read subresource"),
        (get("secrets", "", "", verb="list"), "can only read namespaced object of this type"),
        (get("secrets", "", verb="list"), "No Object name found"),
        (get("secrets", "not", "x"), "no relationship found between node 'n' and this object"),
        (get("persistentvolumes", "", "", verb="list"), "can only get individual resources of this type"),
        (get("persistentvolumes", "v", "", part="status"), "cannot get subresource"),
        (get("persistentvolumeclaims", "claim", verb="get", part="status"), "can only get/update/patch this type"),
        (get("serviceaccounts", "bot"), "can only create tokens for individual service accounts"),
        (get("serviceaccounts", "bot", verb="create"), "can only create token subresource of serviceaccount"),
        (
            get("leases", "n", "x", "coordination.k8s.io"),
            'can only access leases in the "kube-node-lease" system namespace',
        ),
        (
            get("leases", "m", "kube-node-lease", "coordination.k8s.io", "update"),
            "can only access node lease with the same name as the requesting node",
        ),
        (
            get("leases", "", "kube-node-lease", "coordination.k8s.io", "list"),
            "can only get, create, update, patch, or delete a node lease",
        ),
        (
            get("csinodes", "m", "", "storage.k8s.io", "patch"),
            "can only access CSINode with the same name as the requesting node",
        ),
        (get("csinodes", "n", "", "storage.k8s.io", "patch", "x"), "cannot authorize CSINode subresources"),
        (get("nodes", "m", ""), "node 'n' cannot read 'm', only its own Node object"),
        (get("nodes", "", "", verb="list"), "node 'n' cannot read all nodes, only its own Node object"),
        (get("pods", "", "", verb="list"), "can only list/watch pods with spec.nodeName field selector"),
        (
            get("resourceslices", "", "", "resource.k8s.io", "list"),
            "can only list/watch/deletecollection resourceslices with nodeName field selector",
        ),
        (get("nodes", "n", "", verb="delete"), ""),
        (get("pods", "p", verb="update"), ""),
        (get("deployments", "d", group="apps"), ""),
        (RequestInfo("get", "/metrics"), ""),
    ],
)
def test_what_no_node_may(info: RequestInfo, reason: str) -> None:
    assert decided(info) == (False, reason)


@pytest.mark.parametrize(
    "info",
    [
        get("nodes", "n", ""),
        get("nodes", "", "", verb="create"),
        get("nodes", "n", "", verb="patch", part="status"),
        get("leases", "n", "kube-node-lease", "coordination.k8s.io", "update"),
        get("leases", "", "kube-node-lease", "coordination.k8s.io", "create"),
        get("csinodes", "n", "", "storage.k8s.io", "patch"),
        get("pods", "", verb="create"),
        get("pods", "q", verb="patch", part="status"),
        get("pods", "q", verb="create", part="eviction"),
        get("services", "", "", verb="watch"),
        get("events", "", verb="create"),
        get("runtimeclasses", "", "", "node.k8s.io", "list"),
        request_info("GET", "/api/v1/pods", {"fieldSelector": "spec.nodeName=n,status.phase=Running"}),
        request_info(
            "GET", "/apis/resource.k8s.io/v1/resourceslices", {"fieldSelector": "spec.nodeName=n", "watch": "1"}
        ),
    ],
)
def test_what_every_node_may(info: RequestInfo) -> None:
    assert decided(info) == (True, "")


@pytest.mark.parametrize("selector", ["spec.nodeName=m", "spec.nodeName!=n", "status.phase=Running", "=,"])
def test_other_selectors_do_not_help(selector: str) -> None:
    assert not decided(request_info("GET", "/api/v1/pods", {"fieldSelector": selector}))[0]


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (UserInfo("system:node:n"), ""),
        (UserInfo("jane", groups=("system:nodes",)), ""),
        (UserInfo("system:node:", groups=("system:nodes",)), 'unknown node for user "system:node:"'),
    ],
)
def test_who_is_no_node(user: UserInfo, reason: str) -> None:
    authorizer = NodeAuthorizer(graph(), RULES)

    assert decided(get("pods", "p"), user) == (False, reason)
    assert authorizer.rules_for(user, "x").incomplete is bool(reason)


def test_the_last_pod_that_needs_it_counts() -> None:
    both = graph()
    both.set_pod("x", "q", {**POD, "metadata": {"name": "q", "namespace": "x"}})
    both.set_pod("x", "p", None)
    assert decided(get("secrets", "pull"), of=both)[0]

    both.set_pod("x", "q", {**POD, "metadata": {"name": "q", "namespace": "x"}, "spec": {"nodeName": "n"}})
    assert not decided(get("secrets", "pull"), of=both)[0]


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    async with ControlPlane(store="memory:", authorization=AuthorizationOptions(("Node", "RBAC"))) as control_plane:
        yield control_plane


async def test_over_http(plane: ControlPlane) -> None:
    admin = person(plane)
    node = person(plane, "system:node:n", "system:nodes")
    secret, other = (f"/api/v1/namespaces/default/secrets/{name}" for name in ("s", "t"))
    await _create_pod(admin)
    await eventually(lambda: can(node, "GET", secret))
    assert not await can(node, "GET", other)
    assert not await can(person(plane, "system:node:m", "system:nodes"), "GET", secret)
    assert await can(node, "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn")

    review = await node.made(
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {"spec": {"namespace": "default"}}
    )
    assert review["status"]["incomplete"] is True
    assert review["status"]["evaluationError"] == "node authorizer does not support user rule resolution"

    async def refused() -> bool:
        return not await can(node, "GET", secret)

    await admin.delete("/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0")
    await eventually(refused)


async def _create_pod(admin: Client) -> None:
    container = {"name": "c", "image": "i", "envFrom": [{"secretRef": {"name": "s"}}]}
    spec = {"nodeName": "n", "containers": [container]}
    await admin.made("/api/v1/namespaces/default/pods", {"metadata": {"name": "p"}, "spec": spec})
