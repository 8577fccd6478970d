from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1, rbac_v1

PLUGIN = "NamespaceLifecycle"


def config_map(name: str) -> Any:
    return {"metadata": {"name": name}, "data": {"a": "b"}}


async def test_what_is_written_in_a_namespace_that_is_there_is_left_as_it_is() -> None:
    async with serving(PLUGIN) as client:
        config_maps = client.resource(core_v1.CONFIG_MAPS)
        created = await config_maps.create(config_map("x"))
        updated = await config_maps.patch("x", {"data": {"a": "c"}})
        await config_maps.delete("x")

    assert (created.get("data"), updated.get("data")) == ({"a": "b"}, {"a": "c"})


async def test_objects_of_no_namespace_are_left_alone() -> None:
    async with serving(PLUGIN) as client:
        await client.resource(core_v1.NODES).create({"metadata": {"name": "a"}})
        await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "a"}})
        await client.resource(core_v1.NAMESPACES).delete("a")


@pytest.mark.parametrize(
    ("resource", "body"),
    [
        (core_v1.CONFIG_MAPS, config_map("x")),
        (core_v1.SECRETS, {"metadata": {"generateName": "x-"}}),
        (rbac_v1.ROLES, {"metadata": {"name": "x"}, "rules": []}),
    ],
    ids=["by name", "by the beginning of a name", "of another group"],
)
async def test_nothing_is_created_in_a_namespace_that_is_missing(resource: Any, body: Any) -> None:
    async with serving(PLUGIN) as client:
        refused = await refusal(client.resource(resource).create(body, namespace="nowhere"))

    assert (refused.code, refused.reason) == (404, "NotFound")
    assert refused.message == 'namespaces "nowhere" not found'


async def going(client: Client) -> None:
    """A namespace ``team`` that is deleted, and held by what is in it."""
    await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "team"}})
    held: Any = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    await client.resource(core_v1.CONFIG_MAPS).create(held, namespace="team")
    await client.resource(core_v1.NAMESPACES).delete("team")


async def test_nothing_is_created_in_a_namespace_that_is_going() -> None:
    async with serving(PLUGIN) as client:
        await going(client)

        refused = await refusal(client.resource(core_v1.CONFIG_MAPS).create(config_map("x"), namespace="team"))

    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert refused.message == (
        'configmaps "x" is forbidden: unable to create new content in namespace team because it is being terminated'
    )
    assert (refused.details or {})["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace team is being terminated",
            "field": "metadata.namespace",
        }
    ]


async def test_what_is_in_a_namespace_that_is_going_can_be_changed_and_deleted() -> None:
    async with serving(PLUGIN) as client:
        await going(client)
        config_maps = client.resource(core_v1.CONFIG_MAPS)

        changed = await config_maps.patch("held", {"data": {"a": "b"}}, namespace="team")
        await config_maps.delete("held", namespace="team")

    assert changed.get("data") == {"a": "b"}


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_the_first_namespaces_stay(name: str) -> None:
    async with serving(PLUGIN) as client:
        refused = await refusal(client.resource(core_v1.NAMESPACES).delete(name))
        kept = await client.resource(core_v1.NAMESPACES).get(name)

    assert (refused.code, refused.message) == (
        403,
        f'namespaces "{name}" is forbidden: this namespace may not be deleted',
    )
    assert kept.get("status") == {"phase": "Active"}


WRITES: dict[str, Callable[[Client], Awaitable[object]]] = {
    "changed": lambda client: client.resource(core_v1.NAMESPACES).patch(
        "default", {"metadata": {"labels": {"a": "b"}}}
    ),
    "of another kind": lambda client: client.resource(core_v1.CONFIG_MAPS).delete("default"),
    "a later one": lambda client: client.resource(core_v1.NAMESPACES).delete("kube-node-lease"),
}


@pytest.mark.parametrize("write", WRITES)
async def test_only_deleting_the_first_namespaces_is_refused(write: str) -> None:
    async with serving(PLUGIN) as client:
        await client.resource(core_v1.CONFIG_MAPS).create(config_map("default"))

        await WRITES[write](client)
