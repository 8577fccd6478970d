"""Nobody grants what they do not hold."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client, failure
from tests.apiserver.authorization.people import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    GROUP,
    ROLE_BINDINGS,
    ROLES,
    binding,
    can,
    eventually,
    person,
    role,
    rule,
)

from steersman.apiserver.authorization.rbac.coverage import MOST_ATOMS
from steersman.controlplane import ControlPlane

MANAGE = rule("get create update patch", "roles rolebindings clusterroles clusterrolebindings", GROUP)
WHO = 'user "jane" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:'


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    """Jane manages roles and reads the pods of the namespace."""
    async with ControlPlane(store="memory:") as control_plane:
        admin = person(control_plane)
        await admin.made(CLUSTER_ROLES, role("manager", MANAGE))
        await admin.made(CLUSTER_ROLE_BINDINGS, binding("manager", "manager", "User:jane", kind="ClusterRole"))
        await admin.made(ROLES, role("reader", rule("get list", "pods")))
        await admin.made(ROLE_BINDINGS, binding("reader", "reader", "User:jane"))
        jane = person(control_plane, "jane", "dev")
        await eventually(lambda: can(jane, "GET", f"{ROLES}/reader"))
        yield control_plane


@pytest.fixture
def jane(plane: ControlPlane) -> Client:
    return person(plane, "jane", "dev")


async def test_what_is_held_is_given(jane: Client) -> None:
    await jane.made(ROLES, role("a", rule("list", "pods")))
    await jane.made(ROLES, role("b", rule("get list", "pods", names="p")))
    await jane.made(ROLE_BINDINGS, binding("a", "a", "User:joe"))


@pytest.mark.parametrize(
    ("path", "rules", "missing"),
    [
        (ROLES, [rule("list watch", "pods")], ['{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}']),
        (
            ROLES,
            [rule("create delete", "pods secrets")],
            [
                '{APIGroups:[""], Resources:["pods"], Verbs:["create" "delete"]}',
                '{APIGroups:[""], Resources:["secrets"], Verbs:["create" "delete"]}',
            ],
        ),
        (
            ROLES,
            [rule("get", "secrets", names="s t")],
            [
                '{APIGroups:[""], Resources:["secrets"], ResourceNames:["s"], Verbs:["get"]}',
                '{APIGroups:[""], Resources:["secrets"], ResourceNames:["t"], Verbs:["get"]}',
            ],
        ),
        (ROLES, [rule("*", "pods")], ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}']),
        (CLUSTER_ROLES, [rule("list", "pods")], ['{APIGroups:[""], Resources:["pods"], Verbs:["list"]}']),
        (
            CLUSTER_ROLES,
            [{"verbs": ["get"], "nonResourceURLs": ["/api", "/metrics"]}],
            ['{NonResourceURLs:["/metrics"], Verbs:["get"]}'],
        ),
    ],
)
async def test_what_is_not_held_is_not_given(
    jane: Client, path: str, rules: list[dict[str, Any]], missing: list[str]
) -> None:
    created = await jane.create(path, role("a", *rules))

    kind = path.rpartition("/")[2]
    message = f'{kind}.{GROUP} "a" is forbidden: {WHO}\n' + "\n".join(missing)
    assert failure(created) == (403, "Forbidden", message)


async def test_nor_by_an_update(plane: ControlPlane, jane: Client) -> None:
    await jane.made(ROLES, role("a", rule("list", "pods")))
    for reply in (
        await jane.patch(f"{ROLES}/a", {"rules": [rule("list delete", "pods")]}),
        await jane.update(f"{ROLES}/a", role("a", rule("list delete", "pods"))),
        await jane.patch(
            f"{ROLES}/a",
            {"apiVersion": f"{GROUP}/v1", "kind": "Role", **role("a", rule("delete", "pods"))},
            "apply",
            fieldManager="x",
            force="true",
        ),
    ):
        assert failure(reply)[2].startswith(f'roles.{GROUP} "a" is forbidden: {WHO}\n')
    assert (await person(plane).get(f"{ROLES}/a")).body["rules"] == [rule("list", "pods")]


async def test_owner_references_and_finalizers_are_no_grant(plane: ControlPlane, jane: Client) -> None:
    await person(plane).made(ROLES, role("a", rule("delete", "pods")))
    await person(plane).made(ROLE_BINDINGS, binding("a", "a", "User:joe"))

    for path in (f"{ROLES}/a", f"{ROLE_BINDINGS}/a"):
        assert (await jane.patch(path, {"metadata": {"finalizers": ["example.com/x"]}})).status == 200
        assert (await jane.patch(path, {"metadata": {"labels": {"a": "b"}}})).status == 403


async def test_escalate(plane: ControlPlane, jane: Client) -> None:
    admin = person(plane)
    await admin.made(ROLES, role("escalate", rule("escalate", "roles", GROUP, names="a")))
    await admin.made(ROLES, role("a", rule("list", "pods")))
    await admin.made(ROLE_BINDINGS, binding("escalate", "escalate", "User:jane"))

    async def updated() -> bool:
        return (await jane.patch(f"{ROLES}/a", {"rules": [rule("*", "*", "*")]})).status == 200

    await eventually(updated)
    assert (await jane.create(ROLES, role("c", rule("*", "*", "*")))).status == 403
    await admin.patch(f"{ROLES}/escalate", {"rules": [rule("escalate", "roles", GROUP)]})

    async def created() -> bool:
        return (await jane.create(ROLES, role("c", rule("*", "*", "*")))).status == 201

    await eventually(created)


@pytest.mark.parametrize(("path", "kind"), [(ROLE_BINDINGS, "ClusterRole"), (CLUSTER_ROLE_BINDINGS, "ClusterRole")])
async def test_bind(plane: ControlPlane, jane: Client, path: str, kind: str) -> None:
    wanted = binding("b", "view", "User:joe", kind=kind)
    refused = await jane.create(path, wanted)
    await person(plane).made(CLUSTER_ROLES, role("bind", rule("bind", "clusterroles", GROUP, names="view")))
    await person(plane).made(CLUSTER_ROLE_BINDINGS, binding("bind", "bind", "User:jane", kind="ClusterRole"))

    assert failure(refused)[2].startswith(f'{path.rpartition("/")[2]}.{GROUP} "b" is forbidden: {WHO}\n{{APIGroups:')

    async def created() -> bool:
        return (await jane.create(path, wanted)).status == 201

    await eventually(created)
    assert (await jane.create(path, binding("c", "edit", "User:joe", kind=kind))).status == 403


async def test_a_role_that_is_not_there_is_not_bound(jane: Client) -> None:
    reply = await jane.create(ROLE_BINDINGS, binding("b", "gone", "User:joe"))

    assert failure(reply) == (404, "NotFound", f'roles.{GROUP} "gone" not found')


async def test_only_who_may_all_collects_rules(plane: ControlPlane, jane: Client) -> None:
    aggregation = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    wanted = role("sum", aggregationRule=aggregation)
    refused = await jane.create(CLUSTER_ROLES, wanted)

    said = "must have cluster-admin privileges to use the aggregationRule"
    assert failure(refused) == (403, "Forbidden", f'clusterroles.{GROUP} "sum" is forbidden: {said}')
    await person(plane).made(CLUSTER_ROLE_BINDINGS, binding("root", "cluster-admin", "User:jane", kind="ClusterRole"))

    async def created() -> bool:
        return (await jane.create(CLUSTER_ROLES, wanted)).status == 201

    await eventually(created)


async def test_missing_roles_are_told_of(plane: ControlPlane, jane: Client) -> None:
    await person(plane).made(ROLE_BINDINGS, binding("lost", "gone", "User:jane"))

    async def told() -> bool:
        message = failure(await jane.create(ROLES, role("a", rule("delete", "pods"))))[2]
        return message.endswith(f'; resolution errors: [role.{GROUP} "gone" not found]')

    await eventually(told)


async def test_rules_that_are_too_many_to_compare_are_refused(jane: Client) -> None:
    many = " ".join(f"x{at}" for at in range(60))
    assert MOST_ATOMS < 60**3
    reply = await jane.create(ROLES, role("a", rule(many, many, many.replace(" ", ","))))

    assert failure(reply)[0] == 403
    assert f"more than {MOST_ATOMS} combinations" in failure(reply)[2]
