"""The roles and bindings that every cluster starts with."""

from pathlib import Path
from typing import Any

import pytest
from tests.apiserver.authorization.people import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    GROUP,
    RBAC,
    can,
    eventually,
    person,
    rule,
)

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Decision, PolicyRule
from steersman.apiserver.authorization.rbac.authorizer import RBACAuthorizer
from steersman.apiserver.authorization.rbac.bootstrap_policy import AUTOUPDATE, BootstrapPolicy
from steersman.apiserver.authorization.rbac.coverage import not_covered
from steersman.apiserver.authorization.rbac.reconciliation import reconciled
from steersman.apiserver.authorization.rbac.role_index import RoleIndex
from steersman.apiserver.request_info import RequestInfo
from steersman.controlplane import ControlPlane
from steersman.controlplane.authorization import AuthorizationOptions

POLICY = BootstrapPolicy.load(37)
EVERYONE = ("system:authenticated",)


ACCOUNT = "system:serviceaccount:kube-system"


@pytest.mark.parametrize(
    ("user", "asked", "allowed"),
    [
        ("root+system:masters", "delete things.example.com", True),
        ("root+system:masters", "post /anything", True),
        ("jane+system:authenticated", "get /apis/apps/v1", True),
        ("jane+system:authenticated", "get /version", True),
        ("jane+system:authenticated", "get /metrics", False),
        ("jane+system:authenticated", "get /readyz/ping", False),
        ("jane+system:authenticated", "create selfsubjectrulesreviews.authorization.k8s.io", True),
        ("jane+system:authenticated", "create subjectaccessreviews.authorization.k8s.io", False),
        ("nobody", "get /apis", False),
        ("prometheus+system:monitoring", "get /metrics", True),
        ("system:kube-scheduler", "create pods/binding in x named p", True),
        ("system:kube-scheduler", "update leases.coordination.k8s.io in x named kube-scheduler", True),
        ("system:kube-scheduler", "update leases.coordination.k8s.io in x named other", False),
        ("system:kube-controller-manager", "list things.example.com", True),
        ("system:kube-proxy", "watch endpointslices.discovery.k8s.io", True),
        ("system:node:n+system:nodes", "get secrets in x named s", False),
        (f"{ACCOUNT}:job-controller", "create pods in x", True),
        ("system:serviceaccount:default:job-controller", "create pods in x", False),
        (f"{ACCOUNT}:horizontal-pod-autoscaler", "update deployments/scale.apps in x named d", True),
        (f"{ACCOUNT}:token-cleaner", "delete secrets in kube-system named s", True),
        (f"{ACCOUNT}:token-cleaner", "delete secrets in default named s", False),
    ],
)
def test_who_may_what(user: str, asked: str, allowed: bool) -> None:
    index = RoleIndex()
    BootstrapPolicy.load(37).fill(index)
    name, *groups = user.split("+")

    decision = RBACAuthorizer(index).authorize(UserInfo(name, groups=tuple(groups)), read(asked)).decision

    assert (decision is Decision.ALLOW) is allowed


def read(asked: str) -> RequestInfo:
    """Of ``VERB PATH``, or ``VERB RESOURCE[/PART][.GROUP] [in NAMESPACE] [named NAME]``."""
    verb, what, *rest = asked.split()
    if what.startswith("/"):
        return RequestInfo(verb, what)
    resource, _, group = what.partition(".")
    resource, _, part = resource.partition("/")
    places = dict(zip(rest[::2], rest[1::2], strict=True))
    return RequestInfo(verb, "", True, group, "v1", places.get("in", ""), resource, part, places.get("named", ""))


def test_every_binding_has_its_role() -> None:
    cluster_roles = {one["metadata"]["name"] for one in POLICY.clusterroles}
    roles = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in POLICY.roles}

    assert {one["roleRef"]["name"] for one in POLICY.clusterrolebindings} <= cluster_roles
    assert {(one["metadata"]["namespace"], one["roleRef"]["name"]) for one in POLICY.rolebindings} <= roles
    for listed in POLICY:
        names = [(one["metadata"].get("namespace"), one["metadata"]["name"]) for one in listed]
        assert len(names) == len(set(names))


def test_roles_have_their_rules_where_none_are_collected() -> None:
    old = {one["metadata"]["name"]: one for one in BootstrapPolicy.load(8).clusterroles}

    assert all("aggregationRule" not in one for one in old.values())
    assert rule("get list watch", "namespaces") | {"apiGroups": [""]} in old["admin"]["rules"]
    assert len(old["view"]["rules"]) < len(old["edit"]["rules"]) < len(old["admin"]["rules"])


BINDING: dict[str, Any] = {
    "metadata": {"name": "b", "labels": {"a": "b"}, "annotations": {AUTOUPDATE: "true"}},
    "roleRef": {"kind": "ClusterRole", "name": "r", "apiGroup": GROUP},
    "subjects": [{"kind": "User", "name": "u", "apiGroup": GROUP}],
}
COLLECTS = {"clusterRoleSelectors": [{"matchLabels": {"x": "y"}}]}
ROLE: dict[str, Any] = {
    "metadata": {"name": "r", "labels": {"a": "b"}, "annotations": {AUTOUPDATE: "true"}},
    "rules": [rule("get list", "pods")],
}


@pytest.mark.parametrize(
    ("wanted", "change", "completed"),
    [
        (ROLE, {}, {}),
        (ROLE, {"rules": [rule("*", "*", "*")]}, {}),
        (ROLE, {"rules": [rule("list", "pods")]}, {"rules": [rule("list", "pods"), rule("get", "pods")]}),
        (ROLE, {"rules": None}, {"rules": [rule("get list", "pods")]}),
        (ROLE, {"aggregationRule": {"clusterRoleSelectors": []}}, {"aggregationRule": None}),
        ({**ROLE, "aggregationRule": COLLECTS}, {"aggregationRule": None}, {"aggregationRule": COLLECTS}),
        (BINDING, {}, {}),
        (BINDING, {"subjects": [*BINDING["subjects"], {"kind": "User", "name": "v", "apiGroup": GROUP}]}, {}),
        (BINDING, {"subjects": None}, {"subjects": BINDING["subjects"]}),
        (BINDING, {"roleRef": {**BINDING["roleRef"], "name": "s"}}, {"roleRef": BINDING["roleRef"]}),
    ],
)
def test_what_is_missing_is_added(wanted: dict[str, Any], change: dict[str, Any], completed: dict[str, Any]) -> None:
    def changed(obj: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**obj, **by}.items() if value is not None}

    present = changed(wanted, change)
    protected = {**present, "metadata": {**present["metadata"], "annotations": {AUTOUPDATE: "false"}}}

    assert reconciled(present, wanted) == changed(present, completed)
    assert reconciled(protected, wanted) == protected


async def test_a_start_writes_only_what_is_missing(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    view = f"{CLUSTER_ROLES}/system:kube-dns"
    async with ControlPlane(store=store) as plane:
        admin = person(plane)
        await admin.patch(view, {"rules": [rule("list", "endpoints"), rule("get", "x")], "metadata": {"labels": None}})
        dropped = f"{CLUSTER_ROLE_BINDINGS}/system:discovery"
        await admin.delete(dropped)
        kept = f"{CLUSTER_ROLES}/system:heapster"
        await admin.patch(kept, {"rules": [], "metadata": {"annotations": {AUTOUPDATE: "false"}}})
        changed = f"{CLUSTER_ROLE_BINDINGS}/system:kube-dns"
        await admin.delete(changed)
        other = {"kind": "ClusterRole", "name": "view", "apiGroup": GROUP}
        await admin.made(CLUSTER_ROLE_BINDINGS, {"metadata": {"name": "system:kube-dns"}, "roleRef": other})

        async def is_collected() -> bool:
            """Role admin collects of edit, which collects of view: what only view has arrives last."""
            rules = (await admin.get(f"{CLUSTER_ROLES}/admin")).body.get("rules") or []
            return any("limitranges" in one["resources"] for one in rules)

        await eventually(is_collected)
        before = {item["metadata"]["name"]: item for item in (await admin.get(CLUSTER_ROLES)).body["items"]}
    async with ControlPlane(store=store) as plane:
        admin = person(plane)
        after = {item["metadata"]["name"]: item for item in (await admin.get(CLUSTER_ROLES)).body["items"]}

        assert {name for name, item in after.items() if before[name] != item} == {"system:kube-dns"}
        mended = after["system:kube-dns"]
        assert mended["metadata"]["labels"] == {"kubernetes.io/bootstrapping": "rbac-defaults"}
        wanted = POLICY.rules_of("system:kube-dns")
        held = tuple(
            PolicyRule(tuple(one["verbs"]), tuple(one["apiGroups"]), tuple(one["resources"])) for one in mended["rules"]
        )
        assert not not_covered(wanted, held)
        assert PolicyRule(("get",), ("",), ("x",)) in held
        assert (await admin.get(dropped)).status == 200
        assert (await admin.get(changed)).body["roleRef"]["name"] == "system:kube-dns"
        assert after["system:heapster"]["rules"] == []


async def test_where_roles_are_not_served_the_policy_holds_all_the_same() -> None:
    async with ControlPlane(store="memory:", runtime_config=f"{GROUP}/v1=false") as plane:
        assert (await person(plane).get(f"{RBAC}/clusterroles")).status == 404
        jane = person(plane, "jane")
        assert [await can(jane, "GET", path) for path in ("/apis", "/metrics", "/api/v1/pods")] == [True, False, False]


async def test_other_modes_make_no_roles() -> None:
    async with ControlPlane(store="memory:", authorization=AuthorizationOptions(("AlwaysAllow",))) as plane:
        assert (await person(plane, "jane").get(CLUSTER_ROLES)).body["items"] == []
