from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal
from tests.admission.user_server import As, serving_users

from steersman.admission.node_labels import forbidden_changes, may_change
from steersman.client.kinds import coordination_v1, core_v1, storage_v1

MIRROR = {"kubernetes.io/config.mirror": "x"}


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[As, Any]]:
    """Users' clients, and the client of node ``a``."""
    async with serving_users("NodeRestriction") as of:
        yield of, of("system:node:a", "system:nodes")


def node(name: str = "a", spec: Any = None, **labels: str) -> Any:
    written = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    return {"metadata": {"name": name, "labels": written}, "spec": spec or {}}


def mirror(owner: Any, name: str = "m", **spec: Any) -> Any:
    made = pod(name, annotations=MIRROR, **{"nodeName": "a", **spec})
    made["metadata"]["ownerReferences"] = owner
    return made


async def registered(of: As) -> Any:
    """The owner reference of node ``a``."""
    made = await of().resource(core_v1.NODES).create(node())
    return {"apiVersion": "v1", "kind": "Node", "name": "a", "uid": made["metadata"]["uid"], "controller": True}


async def test_who_is_no_node_is_left_alone() -> None:
    async with serving() as (of, _):
        for user in (of("jane"), of("system:node:a", "others")):
            await user.resource(core_v1.NODES).create(node("b", kubernetes_io__x="y"))
            await user.resource(core_v1.NODES).delete("b")


async def test_a_node_that_cannot_be_told_is_refused() -> None:
    async with serving() as (of, _):
        refused = await refusal(of("system:node:", "system:nodes").resource(core_v1.NODES).create(node("b")))

    assert (refused.code, refused.message) == (
        403,
        'nodes "b" is forbidden: could not determine node from user "system:node:"',
    )


async def test_a_node_makes_changes_and_removes_itself() -> None:
    async with serving() as (_, kubelet):
        nodes = kubelet.resource(core_v1.NODES)
        await nodes.create(node(kubernetes_io__hostname="a", example_com__disk="ssd"))
        await nodes.patch("a", {"metadata": {"labels": {"node.kubernetes.io/kind": "big", "free": "yes"}}})
        await nodes.patch("a", {"status": {"phase": "Running"}}, subresource="status")
        await nodes.delete("a")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (node("b"), 'node "a" is not allowed to modify node "b"'),
        (
            node(kubernetes_io__role="x", node_restriction="ok"),
            'node "a" is not allowed to set the following labels: kubernetes.io/role',
        ),
        (
            node(spec={"configSource": {"configMap": {"name": "c", "namespace": "n", "kubeletConfigKey": "k"}}}),
            'node "a" is not allowed to create pods with a non-nil configSource',
        ),
    ],
    ids=["another", "label", "configSource"],
)
async def test_a_node_that_it_may_not_make(written: Any, message: str) -> None:
    async with serving() as (_, kubelet):
        refused = await refusal(kubelet.resource(core_v1.NODES).create(written))

    assert refused.message == f'nodes "{written["metadata"]["name"]}" is forbidden: {message}'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"metadata": {"labels": {"node-restriction.kubernetes.io/x": "y", "a.k8s.io/b": "c"}}},
            "is not allowed to modify labels: a.k8s.io/b, node-restriction.kubernetes.io/x",
        ),
        ({"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}}, 'node "a" is not allowed to modify taints'),
        (
            {"spec": {"configSource": {"configMap": {"name": "c", "namespace": "n", "kubeletConfigKey": "k"}}}},
            'node "a" is not allowed to update configSource to a new non-nil configSource',
        ),
    ],
    ids=["labels", "taints", "configSource"],
)
async def test_a_change_of_itself_that_it_may_not_make(change: Any, message: str) -> None:
    async with serving() as (of, kubelet):
        await registered(of)

        refused = await refusal(kubelet.resource(core_v1.NODES).patch("a", change))

    assert refused.message == f'nodes "a" is forbidden: {message}'


async def test_a_mirror_pod_is_made_reported_on_and_deleted() -> None:
    async with serving() as (of, kubelet):
        owner = await registered(of)
        pods = kubelet.resource(core_v1.PODS)
        await pods.create(mirror([owner]))
        await pods.patch("m", {"status": {"phase": "Running"}}, subresource="status")
        await pods.delete("m", grace_period_seconds=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"annotations": None},
            'pod does not have "kubernetes.io/config.mirror" annotation, node "a" can only create mirror pods',
        ),
        ({"nodeName": "b"}, 'node "a" can only create pods with spec.nodeName set to itself'),
        ({"owners": 2}, 'node "a" can only create pods with a single owner reference set to itself'),
        ({"owners": 0}, 'node "a" can only create pods with an owner reference set to itself'),
        ({"owner": {"name": "b"}}, 'node "a" can only create pods with an owner reference set to itself'),
        (
            {"owner": {"controller": False}},
            'node "a" can only create pods with a controller owner reference set to itself',
        ),
        (
            {"owner": {"blockOwnerDeletion": True}},
            'node "a" must not set blockOwnerDeletion on an owner reference',
        ),
        ({"owner": {"uid": "u"}}, "node a UID mismatch: expected u got {uid}"),
        ({"serviceAccountName": "s"}, 'node "a" can not create pods that reference a service account'),
        (
            {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]},
            'node "a" can not create pods that reference secrets',
        ),
        (
            {"volumes": [{"name": "v", "configMap": {"name": "s"}}]},
            'node "a" can not create pods that reference configmaps',
        ),
        (
            {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "s"}}]},
            'node "a" can not create pods that reference persistentvolumeclaims',
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_a_pod_that_a_node_may_not_make(change: Any, message: str) -> None:
    change = dict(change)
    async with serving() as (of, kubelet):
        owner = await registered(of)
        uid = owner["uid"]
        owner |= change.pop("owner", {})
        second = {**owner, "name": "b", "uid": "second", "controller": False}
        owners = [owner, second][: change.pop("owners", 1)]
        plain = "annotations" in change and not change.pop("annotations")
        made = mirror(owners, **change)
        if plain:
            del made["metadata"]["annotations"]

        refused = await refusal(kubelet.resource(core_v1.PODS).create(made))

    assert refused.message == f'pods "m" is forbidden: {message.format(uid=uid)}'


async def test_a_mirror_pod_of_a_node_that_is_not_there() -> None:
    owner = {"apiVersion": "v1", "kind": "Node", "name": "a", "uid": "u", "controller": True}
    async with serving() as (_, kubelet):
        refused = await refusal(kubelet.resource(core_v1.PODS).create(mirror([owner])))

    assert (refused.code, refused.message) == (404, 'nodes "a" not found')


async def test_pods_of_others_are_not_its_own() -> None:
    async with serving() as (of, kubelet):
        await of().resource(core_v1.PODS).create(pod("web", nodeName="b"))
        pods = kubelet.resource(core_v1.PODS)

        refused = [
            await refusal(pods.delete("web")),
            await refusal(pods.patch("web", {"status": {"phase": "Failed"}}, subresource="status")),
            await refusal(pods.patch("web", {"metadata": {"labels": {"a": "b"}}})),
        ]

    assert [one.message.removeprefix('pods "web" is forbidden: ') for one in refused] == [
        'node "a" can only delete pods with spec.nodeName set to itself',
        'node "a" can only update pod status for pods with spec.nodeName set to itself',
        'unexpected operation "UPDATE", node "a" can only create and delete mirror pods',
    ]


async def test_its_pods_status_says_nothing_of_resource_claims() -> None:
    claims = [{"name": "gpu", "resourceClaimTemplateName": "t"}]
    change = {"status": {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "x"}]}}
    async with serving() as (of, kubelet):
        await of().resource(core_v1.PODS).create(pod("web", nodeName="a", resourceClaims=claims))

        refused = await refusal(kubelet.resource(core_v1.PODS).patch("web", change, subresource="status"))

    assert refused.message == 'pods "web" is forbidden: node "a" cannot update resource claim statues'


async def running(of: As, name: str, node: str) -> str:
    """A Pod on that node; its UID."""
    made = await of().resource(core_v1.PODS).create(pod(name, nodeName=node, serviceAccountName="robot"))
    return str(made["metadata"]["uid"])


async def test_a_node_evicts_what_it_runs() -> None:
    async with serving() as (of, kubelet):
        await running(of, "mine", "a")
        await running(of, "other", "b")
        pods = kubelet.resource(core_v1.PODS)

        await pods.create_subresource("mine", "eviction", {"metadata": {"name": "mine"}})
        refused = await refusal(pods.create_subresource("other", "eviction", {"metadata": {"name": "other"}}))
        gone = await refusal(pods.create_subresource("gone", "eviction", {"metadata": {"name": "gone"}}))

        left = [one["metadata"]["name"] async for one in of().resource(core_v1.PODS).list()]
    told = "node a can only evict pods with spec.nodeName set to itself"
    assert (refused.code, refused.message) == (403, f'pods "other" is forbidden: {told}')
    assert (gone.code, gone.message) == (404, 'pods "gone" not found')
    assert left == ["other"]


async def test_a_node_binds_nothing() -> None:
    async with serving() as (of, kubelet):
        await of().resource(core_v1.PODS).create(pod())
        binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "a"}}

        refused = await refusal(kubelet.resource(core_v1.PODS).create_subresource("web", "binding", binding))
        await of("scheduler").resource(core_v1.PODS).create_subresource("web", "binding", binding)

    told = "unexpected pod subresource \"binding\", only 'status' and 'eviction' are allowed"
    assert (refused.code, refused.message) == (403, f'pods "web" is forbidden: {told}')


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({"apiVersion": "v1", "kind": "Pod", "name": "mine"}, ""),
        (None, "node requested token not bound to a pod"),
        ({"apiVersion": "v1", "kind": "Secret", "name": "mine"}, "node requested token not bound to a pod"),
        (
            {"apiVersion": "v1", "kind": "Pod", "name": "mine", "uid": ""},
            "node requested token with a pod binding without a uid",
        ),
        (
            {"apiVersion": "v1", "kind": "Pod", "name": "mine", "uid": "u"},
            "the UID in the bound object reference (u) does not match the UID in record. The object might have been"
            " deleted and then recreated",
        ),
        (
            {"apiVersion": "v1", "kind": "Pod", "name": "other"},
            "node requested token bound to a pod scheduled on a different node",
        ),
        ({"apiVersion": "v1", "kind": "Pod", "name": "gone", "uid": "u"}, 'pods "gone" not found'),
    ],
)
async def test_a_node_gets_tokens_for_what_it_runs(reference: Any, message: str) -> None:
    async with serving() as (of, kubelet):
        await of().resource(core_v1.SERVICE_ACCOUNTS).create({"metadata": {"name": "robot"}})
        uids = {"mine": await running(of, "mine", "a"), "other": await running(of, "other", "b")}
        if reference is not None:
            reference = {"uid": uids.get(reference["name"]), **reference}
        request = {"spec": {"audiences": ["api"], "boundObjectRef": reference}}
        ask = kubelet.resource(core_v1.SERVICE_ACCOUNTS).create_subresource("robot", "token", request)

        if not message:
            assert (await ask)["status"]["token"]
            return
        refused = await refusal(ask)

    assert refused.message.rpartition("is forbidden: ")[2] == message


async def test_of_claims_a_node_reports_the_capacity() -> None:
    claim: Any = {
        "metadata": {"name": "c"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    async with serving() as (of, kubelet):
        await of().resource(core_v1.PERSISTENT_VOLUME_CLAIMS).create(claim)
        claims = kubelet.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
        await claims.patch("c", {"status": {"capacity": {"storage": "2Gi"}}}, subresource="status")

        phase = await refusal(claims.patch("c", {"status": {"phase": "Lost"}}, subresource="status"))
        labels = await refusal(claims.patch("c", {"metadata": {"labels": {"a": "b"}}}))

    assert phase.message == (
        'persistentvolumeclaims "c" is forbidden: node "a" is not allowed to update fields other than'
        " status.capacity and status.conditions"
    )
    assert labels.message == 'persistentvolumeclaims "c" is forbidden: may only update PVC status'


async def test_its_lease_is_its_own() -> None:
    async with serving() as (of, kubelet):
        await of().resource(core_v1.NAMESPACES).create({"metadata": {"name": "elsewhere"}})
        leases = kubelet.resource(coordination_v1.LEASES)
        await leases.create({"metadata": {"name": "a"}}, namespace="kube-node-lease")
        await leases.patch("a", {"spec": {"holderIdentity": "a"}}, namespace="kube-node-lease")

        another = await refusal(leases.create({"metadata": {"name": "b"}}, namespace="kube-node-lease"))
        elsewhere = await refusal(leases.create({"metadata": {"name": "a"}}, namespace="elsewhere"))

    assert another.message == (
        'leases.coordination.k8s.io "b" is forbidden: can only access node lease with the same name as the requesting'
        " node"
    )
    assert elsewhere.message == (
        'leases.coordination.k8s.io "a" is forbidden: can only access leases in the "kube-node-lease" system namespace'
    )


async def test_so_is_its_csi_node() -> None:
    async with serving() as (_, kubelet):
        nodes = kubelet.resource(storage_v1.CSI_NODES)
        await nodes.create({"metadata": {"name": "a"}, "spec": {"drivers": []}})

        refused = await refusal(nodes.create({"metadata": {"name": "b"}, "spec": {"drivers": []}}))

    assert refused.message == (
        'csinodes.storage.k8s.io "b" is forbidden: can only access CSINode with the same name as the requesting node'
    )


@pytest.mark.parametrize(
    ("key", "may"),
    [
        ("disk", True),
        ("example.com/disk", True),
        ("kubernetes.io/hostname", True),
        ("kubelet.kubernetes.io/a", True),
        ("a.node.kubernetes.io/b", True),
        ("kubernetes.io/a", False),
        ("a.k8s.io/b", False),
        ("node-restriction.kubernetes.io/a", False),
        ("a.node-restriction.kubernetes.io/b", False),
        ("mykubernetes.io/a", True),
    ],
)
def test_labels_of_nodes(key: str, may: bool) -> None:
    assert may_change(key) is may
    assert forbidden_changes({key: "a"}, {key: "a"}) == []
    assert forbidden_changes({}, {key: "a"}) == ([] if may else [key])
