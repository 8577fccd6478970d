"""The verbs, against a real control plane."""

import asyncio
from typing import Any

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.client import ALL_NAMESPACES, ApiResource, Client, PatchType, ResourceClient
from steersman.client.api_resource import DICTS

Json = dict[str, Any]

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
NAMESPACES = ApiResource("", "v1", "namespaces", "Namespace", False, DICTS)
DEPLOYMENTS = ApiResource("apps", "v1", "deployments", "Deployment", True, DICTS)


@pytest.fixture
def config_maps(client: Client) -> ResourceClient[Json]:
    return client.resource(CONFIG_MAPS)


def config_map(name: str, **data: str) -> Json:
    return {"metadata": {"name": name}, "data": data}


async def test_create_get_update_delete(config_maps: ResourceClient[Json]) -> None:
    created = await config_maps.create(config_map("one", a="b"))
    assert (created["kind"], created["apiVersion"], created["metadata"]["namespace"]) == ("ConfigMap", "v1", "default")
    assert await config_maps.get("one") == created

    updated = await config_maps.update(created | {"data": {"a": "c"}})
    assert updated["data"] == {"a": "c"}
    with pytest.raises(ApiError) as conflict:
        await config_maps.update(created | {"data": {"a": "d"}})
    assert conflict.value.reason == "Conflict"

    answer = await config_maps.delete("one")
    assert (answer["kind"], answer["status"]) == ("Status", "Success")
    with pytest.raises(ApiError) as gone:
        await config_maps.get("one")
    assert (gone.value.code, gone.value.reason) == (404, "NotFound")


async def test_list_and_watch(config_maps: ResourceClient[Json]) -> None:
    for name in "abc":
        await config_maps.create(config_map(name))
    listed = await config_maps.list(limit=2)
    names = [item["metadata"]["name"] for item in listed]
    assert names == [item["metadata"]["name"] async for item in config_maps.list(limit=1, namespace="default")]
    async with asyncio.timeout(10), config_maps.watch(resource_version=listed.resource_version) as events:
        await config_maps.patch("a", {"data": {"x": "y"}})
        event = await anext(events)
        assert (event.type, event.object["data"]) == ("MODIFIED", {"x": "y"})
        await config_maps.delete("a")
        event = await anext(events)
        assert (event.type, event.object["metadata"]["name"]) == ("DELETED", "a")
        assert events.resource_version == event.resource_version


async def test_patch_types(config_maps: ResourceClient[Json]) -> None:
    await config_maps.create(config_map("one", a="b"))
    merged = await config_maps.patch("one", {"data": {"a": None, "c": "d"}})
    assert merged["data"] == {"c": "d"}
    patched = await config_maps.patch("one", [{"op": "add", "path": "/data/e", "value": "f"}], type=PatchType.JSON)
    assert patched["data"] == {"c": "d", "e": "f"}
    strategic = await config_maps.patch(
        "one", {"data": {"$patch": "replace", "g": "h"}}, type=PatchType.STRATEGIC_MERGE
    )
    assert strategic["data"] == {"g": "h"}


async def test_scale(client: Client) -> None:
    deployments = client.resource(DEPLOYMENTS)
    spec = {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    }
    await deployments.create({"metadata": {"name": "web"}, "spec": spec})
    scale = await deployments.set_scale("web", 3)
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 3)
    assert (await deployments.get_scale("web"))["spec"] == {"replicas": 3}
    assert (await deployments.get("web"))["spec"]["replicas"] == 3


async def test_delete_collection(config_maps: ResourceClient[Json]) -> None:
    for name in "ab":
        await config_maps.create({"metadata": {"name": name, "labels": {"name": name}}})
    deleted = await config_maps.delete_collection(label_selector="name=a")
    assert [item["metadata"]["name"] for item in deleted] == ["a"]
    assert [item["metadata"]["name"] for item in await config_maps.list(label_selector="name")] == ["b"]


@pytest.mark.parametrize("name", ["", "a/b", "..", "a%2fb"])
async def test_a_name_that_breaks_a_path_is_refused(config_maps: ResourceClient[Json], name: str) -> None:
    with pytest.raises(ValueError):
        await config_maps.get(name)


async def test_an_object_of_another_namespace_is_refused(config_maps: ResourceClient[Json]) -> None:
    obj = {"metadata": {"name": "a", "namespace": "kube-system"}}
    with pytest.raises(ValueError, match="'kube-system', not of 'default'"):
        await config_maps.create(obj, namespace="default")
    assert (await config_maps.create(obj))["metadata"]["namespace"] == "kube-system"
    assert [item["metadata"]["name"] async for item in config_maps.list(namespace=ALL_NAMESPACES)][-1] == "a"
