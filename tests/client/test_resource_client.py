"""The verbs, against a real control plane."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.client import ALL_NAMESPACES, ApiResource, Client, PatchType, ResourceClient
from steersman.client.api_resource import DICTS
from steersman.client.config import Config

Json = dict[str, Any]

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
SECRETS = ApiResource("", "v1", "secrets", "Secret", True, DICTS)
"""Of which a new namespace has none."""
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


async def test_apply(config_maps: ResourceClient[Json]) -> None:
    applied = await config_maps.apply(config_map("one", a="1", b="2"), field_manager="me")
    assert applied["data"] == {"a": "1", "b": "2"}
    with pytest.raises(ApiError) as conflict:
        await config_maps.apply(config_map("one", a="3"), field_manager="another")
    assert (conflict.value.code, conflict.value.reason) == (409, "Conflict")
    forced = await config_maps.apply(config_map("one", a="3"), field_manager="another", force=True)
    assert forced["data"] == {"a": "3", "b": "2"}
    assert (await config_maps.apply(config_map("one"), field_manager="me")).get("data") == {"a": "3"}
    with pytest.raises(ValueError, match="field_manager"):
        await config_maps.apply(config_map("one"), field_manager="")


async def test_dry_runs_and_validation(config_maps: ResourceClient[Json]) -> None:
    assert (await config_maps.create(config_map("one"), dry_run=True))["metadata"]["name"] == "one"
    assert not (await config_maps.list(field_selector="metadata.name=one")).items
    with pytest.raises(ApiError, match="unknown field") as refused:
        await config_maps.create(config_map("one") | {"dta": {}}, field_validation="Strict")
    assert refused.value.code == 400
    created = await config_maps.create(config_map("one"), field_manager="me")
    assert (await config_maps.update(created | {"data": {"a": "b"}}, dry_run=True))["data"] == {"a": "b"}
    assert (await config_maps.patch("one", {"data": {"a": "b"}}, dry_run=True))["data"] == {"a": "b"}
    await config_maps.delete("one", dry_run=True)
    assert await config_maps.get("one") == created


async def test_generated_names(config_maps: ResourceClient[Json]) -> None:
    created = await config_maps.create({"metadata": {"generateName": "some-"}})
    assert created["metadata"]["name"].startswith("some-")


async def test_deleting_what_has_finalizers_answers_the_object(config_maps: ResourceClient[Json]) -> None:
    created = await config_maps.create({"metadata": {"name": "one", "finalizers": ["example.com/wait"]}})
    answer = await config_maps.delete("one", propagation_policy="Background")
    assert (answer["kind"], answer["metadata"]["uid"]) == ("ConfigMap", created["metadata"]["uid"])
    assert "deletionTimestamp" in answer["metadata"]
    await config_maps.patch("one", {"metadata": {"finalizers": None}})
    assert not (await config_maps.list(field_selector="metadata.name=one")).items


@pytest.mark.parametrize("precondition", [{"uid": "another"}, {"resource_version": "1"}])
async def test_preconditions_of_deletes(config_maps: ResourceClient[Json], precondition: dict[str, str]) -> None:
    created = await config_maps.create(config_map("one"))
    with pytest.raises(ApiError) as conflict:
        await config_maps.delete(
            "one", uid=precondition.get("uid", ""), resource_version=precondition.get("resource_version", "")
        )
    assert conflict.value.reason == "Conflict"
    metadata = created["metadata"]
    await config_maps.delete("one", uid=metadata["uid"], resource_version=metadata["resourceVersion"])


async def test_status(client: Client) -> None:
    namespaces = client.resource(NAMESPACES)
    created = await namespaces.create({"metadata": {"name": "new"}})
    changed = created | {"spec": {"finalizers": ["example.com/none"]}, "status": {"phase": "Terminating"}}
    updated = await namespaces.update_status(changed)
    assert (updated["status"], updated["spec"]) == ({"phase": "Terminating"}, created["spec"])
    patched = await namespaces.patch("new", {"status": {"phase": "Active"}}, subresource="status")
    assert patched["status"] == {"phase": "Active"}


async def test_subresources_of_kinds_of_their_own(client: Client) -> None:
    pods = client.resource(ApiResource("", "v1", "pods", "Pod", True, DICTS))
    await pods.create({"metadata": {"name": "one"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "one"},
        "target": {"kind": "Node", "name": "n"},
    }
    with pytest.raises(ApiError) as refused:
        await pods.create_subresource("one", "no-such-thing", binding)
    assert refused.value.code in (404, 405)
    with pytest.raises(ApiError):
        await pods.get_subresource("one", "no-such-thing")


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
    with pytest.raises(ApiError) as conflict:
        await deployments.set_scale("web", 4, resource_version="1")
    assert conflict.value.reason == "Conflict"
    assert (await deployments.set_scale("web", 5, dry_run=True))["spec"]["replicas"] == 5
    assert (await deployments.get_scale("web"))["spec"] == {"replicas": 3}


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


@pytest.mark.parametrize("subresource", ["..", "proxy/../..", "a%2fb"])
async def test_a_subresource_that_breaks_a_path_is_refused(config_maps: ResourceClient[Json], subresource: str) -> None:
    with pytest.raises(ValueError):
        await config_maps.get_subresource("one", subresource)


def test_paths() -> None:
    assert CONFIG_MAPS.path() == "/api/v1/configmaps"
    assert CONFIG_MAPS.path("a b", "c?d", "proxy/x y") == "/api/v1/namespaces/a%20b/configmaps/c%3Fd/proxy/x%20y"
    assert NAMESPACES.path(name="a") == "/api/v1/namespaces/a"
    assert DEPLOYMENTS.path("a", "b", "scale") == "/apis/apps/v1/namespaces/a/deployments/b/scale"


async def test_an_object_of_another_namespace_is_refused(config_maps: ResourceClient[Json]) -> None:
    obj = {"metadata": {"name": "a", "namespace": "kube-system"}}
    with pytest.raises(ValueError, match="'kube-system', not of 'default'"):
        await config_maps.create(obj, namespace="default")
    assert (await config_maps.create(obj))["metadata"]["namespace"] == "kube-system"
    everywhere = config_maps.list(namespace=ALL_NAMESPACES, field_selector="metadata.name=a")
    assert [item["metadata"]["namespace"] async for item in everywhere] == ["kube-system"]


async def test_kinds_without_namespaces(client: Client) -> None:
    namespaces = client.resource(NAMESPACES)
    assert (await namespaces.create({"metadata": {"name": "new"}}))["metadata"]["name"] == "new"
    for action in (namespaces.get("new", namespace="default"), namespaces.delete("new", namespace="default")):
        with pytest.raises(ValueError, match="has no namespaces"):
            await action
    with pytest.raises(ValueError, match="has no namespaces"):
        namespaces.list(namespace="default")


async def test_one_object_is_of_one_namespace(config_maps: ResourceClient[Json]) -> None:
    with pytest.raises(ValueError, match="needs a namespace"):
        await config_maps.create(config_map("a"), namespace=ALL_NAMESPACES)
    with pytest.raises(ValueError, match="needs a namespace"):
        await config_maps.get("a", namespace=ALL_NAMESPACES)
    with pytest.raises(ValueError, match="needs a name"):
        await config_maps.update({"data": {}})


async def test_the_namespace_of_the_config(server_config: Config) -> None:
    async with Client(replace(server_config, namespace="kube-system")) as client:
        secrets = client.resource(SECRETS)
        created = await secrets.create({"metadata": {"name": "a"}})
        assert created["metadata"]["namespace"] == "kube-system"
        assert (await secrets.list()).items == [created]
        assert not (await secrets.list(namespace="default")).items
        async with asyncio.timeout(10), secrets.watch() as events:
            assert (await anext(events)).object == created
