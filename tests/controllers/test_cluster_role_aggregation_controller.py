"""Aggregated ClusterRoles have the rules of the roles that they select."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client
from tests.apiserver.authorization.people import CLUSTER_ROLES, eventually, person, role, rule

from steersman.controlplane import ControlPlane


@pytest.fixture
async def admin() -> AsyncIterator[Client]:
    async with ControlPlane(store="memory:") as control_plane:
        yield person(control_plane)


def labelled(name: str, label: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = role(name, *rules, **more)
    return {**made, "metadata": {"name": name, "labels": {label: "true"}}}


def collecting(*labels: str) -> dict[str, Any]:
    return {"clusterRoleSelectors": [{"matchLabels": {label: "true"}} for label in labels]}


async def settles(admin: Client, name: str, rules: list[dict[str, Any]]) -> None:
    async def holds() -> bool:
        found = await admin.get(f"{CLUSTER_ROLES}/{name}")
        return (found.body.get("rules") or []) == rules

    await eventually(holds)


async def test_rules_are_collected_and_follow(admin: Client) -> None:
    pods, secrets, events = (rule("get", resource) for resource in ("pods", "secrets", "events"))
    await admin.made(CLUSTER_ROLES, labelled("b", "sum", secrets, pods))
    await admin.made(CLUSTER_ROLES, role("sum", rule("*", "x"), aggregationRule=collecting("sum")))
    await settles(admin, "sum", [secrets, pods])

    await admin.made(CLUSTER_ROLES, labelled("a", "sum", pods, events))
    await settles(admin, "sum", [pods, events, secrets])
    await admin.patch(f"{CLUSTER_ROLES}/b", {"metadata": {"labels": {"sum": None}}})
    await settles(admin, "sum", [pods, events])
    await admin.delete(f"{CLUSTER_ROLES}/a")
    await settles(admin, "sum", [])


async def test_what_is_collected_is_collected_again(admin: Client) -> None:
    pods, secrets = rule("get", "pods"), rule("get", "secrets")
    await admin.made(CLUSTER_ROLES, role("all", aggregationRule=collecting("most", "rest")))
    await admin.made(CLUSTER_ROLES, labelled("most", "most", aggregationRule=collecting("some")))
    await admin.made(CLUSTER_ROLES, labelled("some", "some", pods))
    await admin.made(CLUSTER_ROLES, labelled("rest", "rest", secrets))

    await settles(admin, "all", [pods, secrets])


async def test_written_rules_are_collected_ones_again(admin: Client) -> None:
    pods = rule("get", "pods")
    await admin.made(CLUSTER_ROLES, labelled("a", "sum", pods))
    await admin.made(CLUSTER_ROLES, role("sum", aggregationRule=collecting("sum")))
    await settles(admin, "sum", [pods])

    await admin.patch(f"{CLUSTER_ROLES}/sum", {"rules": [rule("*", "*")]})
    await settles(admin, "sum", [pods])


async def test_the_roles_of_every_cluster(admin: Client) -> None:
    """admin has what edit has, and edit what view has."""

    async def verbs(name: str) -> set[tuple[str, str, str]]:
        body = (await admin.get(f"{CLUSTER_ROLES}/{name}")).body
        return {
            (verb, group, resource)
            for one in body.get("rules") or ()
            for verb in one["verbs"]
            for group in one["apiGroups"]
            for resource in one["resources"]
        }

    async def holds() -> bool:
        view, edit, all_of_it = [await verbs(name) for name in ("view", "edit", "admin")]
        return (
            ("list", "", "pods") in view
            and ("create", "", "pods") in edit
            and ("create", "rbac.authorization.k8s.io", "roles") in all_of_it
            and view < edit < all_of_it
        )

    await eventually(holds)
