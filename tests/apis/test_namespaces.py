"""Namespaces: labelled, marked, emptied, gone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import CONFIG_MAPS, Client, Watching, config_map, define_things, failure, serving, thing

NAMESPACES = "/api/v1/namespaces"


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving() as client:
        yield client


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


async def gone(watching: Watching) -> None:
    while (await watching.next())["type"] != "DELETED":
        pass


async def test_four_are_there_from_the_start(api: Client) -> None:
    assert await api.names(NAMESPACES) == ["default", "kube-node-lease", "kube-public", "kube-system"]


async def test_a_namespace_gets_its_label_phase_and_finalizer(api: Client) -> None:
    made = await api.made(NAMESPACES, {**namespace("a"), "status": {"phase": "Terminating"}})

    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "a"}
    assert made["spec"] == {"finalizers": ["kubernetes"]}
    assert made["status"] == {"phase": "Active"}


@pytest.mark.parametrize("patch", [{"metadata": {"labels": None}}, {"spec": {"finalizers": None}}, {"spec": None}])
async def test_they_cannot_be_taken_away(api: Client, patch: dict[str, Any]) -> None:
    made = await api.made(NAMESPACES, namespace("a"))

    assert (await api.patch(f"{NAMESPACES}/a", patch)).body == made


async def test_a_label_is_generated_with_the_name(api: Client) -> None:
    made = await api.made(NAMESPACES, {"metadata": {"generateName": "a-"}})

    assert made["metadata"]["labels"]["kubernetes.io/metadata.name"] == made["metadata"]["name"]


async def test_nothing_is_created_where_there_is_no_namespace(api: Client) -> None:
    refused = failure(await api.create(f"{NAMESPACES}/none/configmaps", config_map("a")))

    assert refused == (404, "NotFound", 'namespaces "none" not found')


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_the_first_ones_stay(api: Client, name: str) -> None:
    refused = failure(await api.delete(f"{NAMESPACES}/{name}"))

    assert refused == (403, "Forbidden", f'namespaces "{name}" is forbidden: this namespace may not be deleted')


async def test_a_deleted_namespace_takes_its_content_along(api: Client) -> None:
    await define_things(api)
    await api.made(NAMESPACES, namespace("a"))
    await api.made(f"{NAMESPACES}/a/configmaps", config_map("inside"))
    await api.made("/apis/example.com/v1/namespaces/a/things", thing())
    await api.made(CONFIG_MAPS, config_map("outside"))

    async with api.watch(f"{NAMESPACES}/a", resourceVersion="0") as watching:
        marked = await api.delete(f"{NAMESPACES}/a")
        await gone(watching)

    assert (marked.status, marked.body["status"]) == (200, {"phase": "Terminating"})
    assert await api.names("/api/v1/configmaps") == ["outside"]
    assert await api.names("/apis/example.com/v1/things") == []


async def test_a_namespace_waits_for_what_finalizers_hold(api: Client) -> None:
    await api.made(NAMESPACES, namespace("a"))
    body = config_map("held")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    held = f"{NAMESPACES}/a/configmaps/held"

    async with api.watch(f"{NAMESPACES}/a/configmaps") as content, api.watch(f"{NAMESPACES}/a") as watching:
        await api.made(f"{NAMESPACES}/a/configmaps", body)
        await api.delete(f"{NAMESPACES}/a")
        while (await content.next())["type"] != "MODIFIED":
            pass
        refused = await api.create(f"{NAMESPACES}/a/configmaps", config_map("late"))
        assert (await api.get(f"{NAMESPACES}/a")).body["status"] == {"phase": "Terminating"}
        await api.patch(held, {"metadata": {"finalizers": None}})
        await gone(watching)

    assert failure(refused) == (
        403,
        "Forbidden",
        'configmaps "late" is forbidden: unable to create new content in namespace a because it is being terminated',
    )
    assert refused.body["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace a is being terminated",
            "field": "metadata.namespace",
        }
    ]


async def test_a_namespace_can_be_held_itself(api: Client) -> None:
    body = namespace("a")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await api.made(NAMESPACES, body)

    async with api.watch(f"{NAMESPACES}/a") as watching:
        await api.delete(f"{NAMESPACES}/a")
        while (await watching.next())["object"]["spec"].get("finalizers"):
            pass
        assert (await api.get(f"{NAMESPACES}/a")).status == 200
        await api.patch(f"{NAMESPACES}/a", {"metadata": {"finalizers": None}})
        await gone(watching)


async def test_a_name_can_be_used_again(api: Client) -> None:
    for _ in range(3):
        await api.made(NAMESPACES, namespace("a"))
        async with api.watch(f"{NAMESPACES}/a") as watching:
            await api.delete(f"{NAMESPACES}/a")
            await gone(watching)
