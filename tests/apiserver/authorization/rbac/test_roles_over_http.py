"""Roles and bindings decide what users may do, from the moment that they are written."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.apiserver.api_client import Client, failure
from tests.apiserver.authorization.people import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    PODS,
    ROLE_BINDINGS,
    ROLES,
    binding,
    can,
    eventually,
    person,
    role,
    rule,
)

from steersman.controlplane import ControlPlane


@pytest.fixture
async def plane(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('t-jane,jane,1,"dev"\nt-joe,joe,2,"ops"\n')
    tokens.chmod(0o600)
    async with ControlPlane(store="memory:", token_auth_file=tokens) as control_plane:
        yield control_plane


REQUESTS = (
    ("GET", PODS),
    ("GET", f"{PODS}/p"),
    ("GET", f"{PODS}/q"),
    ("GET", f"{PODS}/p/status"),
    ("POST", PODS),
    ("DELETE", PODS),
    ("GET", "/api/v1/pods"),
    ("GET", "/api/v1/namespaces/other/pods"),
    ("GET", "/apis/apps/v1/namespaces/default/deployments"),
    ("GET", "/apis/apps/v1/namespaces/default/deployments/d/scale"),
    ("GET", "/metrics"),
    ("GET", "/api"),
)
ALWAYS = {("GET", "/api")}


@pytest.mark.parametrize(
    ("granted", "for_cluster", "allowed"),
    [
        (rule("list", "pods"), False, {("GET", PODS)}),
        (
            rule("list", "pods"),
            True,
            {("GET", PODS), ("GET", "/api/v1/pods"), ("GET", "/api/v1/namespaces/other/pods")},
        ),
        (rule("get", "pods", names="p"), False, {("GET", f"{PODS}/p")}),
        (rule("get", "pods/status"), False, {("GET", f"{PODS}/p/status")}),
        (rule("get", "pods"), False, {("GET", f"{PODS}/p"), ("GET", f"{PODS}/q")}),
        (rule("create deletecollection", "pods"), False, {("POST", PODS), ("DELETE", PODS)}),
        (rule("get", "*/scale", "*"), False, {("GET", "/apis/apps/v1/namespaces/default/deployments/d/scale")}),
        (rule("list", "*", "apps"), False, {("GET", "/apis/apps/v1/namespaces/default/deployments")}),
        ({"verbs": ["get"], "nonResourceURLs": ["/metri*"]}, True, {("GET", "/metrics")}),
    ],
)
async def test_what_a_rule_allows(
    plane: ControlPlane, granted: dict[str, object], for_cluster: bool, allowed: set[tuple[str, str]]
) -> None:
    admin, jane = person(plane), Client(plane.handler, None, "t-jane")
    await admin.made(CLUSTER_ROLES, role("r", granted))
    bindings = CLUSTER_ROLE_BINDINGS if for_cluster else ROLE_BINDINGS
    await admin.made(bindings, binding("b", "r", "Group:dev", kind="ClusterRole"))
    first = sorted(allowed)[0]
    await eventually(lambda: can(jane, *first))

    found = {request for request in REQUESTS if await can(jane, *request)}

    assert found == allowed | ALWAYS


@pytest.mark.parametrize("subject", ["User:jane", "Group:system:authenticated"])
async def test_who_is_a_subject(plane: ControlPlane, subject: str) -> None:
    admin = person(plane)
    await admin.made(ROLES, role("r", rule("list", "pods")))
    await admin.made(ROLE_BINDINGS, binding("b", "r", subject))

    await eventually(lambda: can(person(plane, "jane"), "GET", PODS))
    assert await can(person(plane, "joe"), "GET", PODS) is (subject == "Group:system:authenticated")


async def test_what_is_taken_away_is_gone(plane: ControlPlane) -> None:
    admin, jane = person(plane), person(plane, "jane")
    await admin.made(ROLES, role("r", rule("list", "pods")))
    await admin.made(ROLE_BINDINGS, binding("b", "r", "User:jane"))
    await eventually(lambda: can(jane, "GET", PODS))

    await admin.patch(f"{ROLES}/r", {"rules": [rule("get", "pods")]})
    await eventually(lambda: can(jane, "GET", f"{PODS}/p"))
    assert not await can(jane, "GET", PODS)

    async def refused() -> bool:
        return not await can(jane, "GET", f"{PODS}/p")

    await admin.delete(f"{ROLE_BINDINGS}/b")
    await eventually(refused)


async def test_a_refusal_tells_of_the_role_that_is_missing(plane: ControlPlane) -> None:
    admin, jane = person(plane), person(plane, "jane")
    await admin.made(ROLE_BINDINGS, binding("b", "gone", "User:jane"))
    missing = ': RBAC: role.rbac.authorization.k8s.io "gone" not found'

    async def told() -> bool:
        return failure(await jane.get(PODS))[2].endswith(missing)

    await eventually(told)
    said = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"'
    assert failure(await jane.get(PODS)) == (403, "Forbidden", said + missing)
    said = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope'
    assert failure(await jane.get("/api/v1/pods")) == (403, "Forbidden", said)


async def test_applying_what_is_not_there_is_creating_it(plane: ControlPlane) -> None:
    admin, jane = person(plane), person(plane, "jane")
    path = "/api/v1/namespaces/default/configmaps/c"
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    await admin.made(ROLES, role("r", rule("patch get", "configmaps")))
    await admin.made(ROLE_BINDINGS, binding("b", "r", "User:jane"))
    await eventually(lambda: can(jane, "GET", path))

    refused = await jane.patch(path, config_map, "apply", fieldManager="jane")
    await admin.patch(path, config_map, "apply", fieldManager="admin")
    there = await jane.patch(path, config_map, "apply", fieldManager="jane")

    said = 'User "jane" cannot create resource "configmaps" in API group "" in the namespace "default"'
    assert failure(refused) == (403, "Forbidden", f'configmaps "c" is forbidden: {said}')
    assert there.status == 200

    await admin.delete(path)
    await admin.patch(f"{ROLES}/r", {"rules": [rule("patch get create", "configmaps")]})
    await eventually(lambda: can(jane, "POST", path.rpartition("/")[0], config_map))
    await admin.delete(path)
    assert (await jane.patch(path, config_map, "apply", fieldManager="jane")).status == 201
