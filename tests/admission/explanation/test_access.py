"""Who may have a write explained: who may make it, and see the chain of admission plugins."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.admission.explanation.reading import config_map, maps, said
from tests.admission.user_server import As, serving_users

from steersman.apimachinery.errors import ApiError
from steersman.client.client import Client
from steersman.client.kinds import core_v1, rbac_v1

CHAIN = {"apiGroups": ["admission.steersman.dev"], "resources": ["admissionplugins"], "verbs": ["get"]}
WRITES = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "patch"]}
PATCHES = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"]}
NOT_THE_CHAIN = (
    'admissionplugins.admission.steersman.dev is forbidden: User "{}" cannot get resource "admissionplugins" in API'
    ' group "admission.steersman.dev" at the cluster scope'
)
NOT_THE_WRITE = (
    'configmaps is forbidden: User "{}" cannot create resource "configmaps" in API group "" in the namespace "default"'
)
NOT_THE_CREATION = NOT_THE_WRITE.replace("configmaps is", 'configmaps "x" is')


@pytest.fixture
async def users() -> AsyncIterator[As]:
    """A server where who is called by it has these roles."""
    async with serving_users("NamespaceLifecycle", mode="RBAC") as of:
        await allow(of(), "both", WRITES, CHAIN)
        await allow(of(), "writer", WRITES)
        await allow(of(), "reader", CHAIN)
        await allow(of(), "patcher", PATCHES, CHAIN)
        yield of


async def allow(admin: Client, user: str, *rules: Any) -> None:
    group = "rbac.authorization.k8s.io"
    role: Any = {"apiGroup": group, "kind": "ClusterRole", "name": user}
    subject: Any = {"apiGroup": group, "kind": "User", "name": user}
    await admin.resource(rbac_v1.CLUSTER_ROLES).create({"metadata": {"name": user}, "rules": list(rules)})
    await admin.resource(rbac_v1.CLUSTER_ROLE_BINDINGS).create(
        {"metadata": {"name": user}, "roleRef": role, "subjects": [subject]}
    )


async def test_both_are_needed(users: As) -> None:
    told = await maps(users("both")).create(config_map())

    assert (told["allowed"], told["request"]["user"]) == (True, "both")


@pytest.mark.parametrize(
    ("user", "message"), [("writer", NOT_THE_CHAIN), ("reader", NOT_THE_WRITE), ("nobody", NOT_THE_WRITE)]
)
async def test_one_is_not_enough(users: As, user: str, message: str) -> None:
    with pytest.raises(ApiError) as refusal:
        await maps(users(user)).create(config_map())

    assert (refusal.value.code, refusal.value.message) == (403, message.format(user))


async def test_the_chain_is_not_looked_at_for_a_write_without_explanation(users: As) -> None:
    made = await users("writer").resource(core_v1.CONFIG_MAPS).create(config_map(), dry_run=True)

    assert made["kind"] == "ConfigMap"


async def test_an_apply_that_may_not_create_is_not_explained(users: As) -> None:
    applied = {**config_map(), "apiVersion": "v1", "kind": "ConfigMap"}
    with pytest.raises(ApiError) as refusal:
        await maps(users("patcher")).apply(applied, field_manager="test")
    await users("both").resource(core_v1.CONFIG_MAPS).create(config_map())
    told = await maps(users("patcher")).apply(applied, field_manager="test", force=True)

    assert (refusal.value.code, refusal.value.message) == (403, NOT_THE_CREATION.format("patcher"))
    assert (told["allowed"], said(told)) == (True, [])
