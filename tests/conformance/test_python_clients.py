"""The official Python client and kr8s, unmodified, against the server process."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import kr8s
import kr8s.asyncio
import kr8s.asyncio.objects
import kr8s.objects
import pytest
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from tests.conformance.processes import ROOT_CA, ServerProcess

# kr8s warns of minors that are newer than itself.
pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version .* is not supported:UserWarning")

GROUP, VERSION, PLURAL = "shop.example.com", "v1", "orders"
ORDER_CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP,
        "names": {"kind": "Order", "plural": PLURAL},
        "scope": "Namespaced",
        "versions": [
            {
                "name": VERSION,
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"items": {"type": "integer", "default": 1}}},
                            "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
                        },
                    }
                },
            }
        ],
    },
}


def container(name: str, image: str) -> dict[str, Any]:
    return {"name": name, "image": image}


def deployment(name: str, image: str = "nginx:1") -> dict[str, Any]:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container("web", image)]}},
        },
    }


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def images(found: Any) -> dict[str, str]:
    return {one.name: one.image for one in found.spec.template.spec.containers}


@pytest.fixture
def api(shared_server: ServerProcess) -> Iterator[client.ApiClient]:
    """The official client, configured by the kubeconfig that the server wrote."""
    configuration = client.Configuration()
    path = str(shared_server.kubeconfig)
    config.load_kube_config(path, client_configuration=configuration)  # type: ignore[no-untyped-call]
    with client.ApiClient(configuration) as made:
        yield made


@pytest.fixture
def order_crd(api: client.ApiClient) -> Iterator[None]:
    """The CRD of orders, gone with its instances afterwards."""
    name = f"{PLURAL}.{GROUP}"
    definitions: Any = client.ApiextensionsV1Api(api)
    definitions.create_custom_resource_definition(ORDER_CRD)
    following = partial(events, definitions.list_custom_resource_definition, field_selector=f"metadata.name={name}")
    assert any(is_established(event["object"]) for event in following())
    yield
    last = definitions.read_custom_resource_definition(name).metadata.resource_version
    definitions.delete_custom_resource_definition(name)
    assert any(event["type"] == "DELETED" for event in following(resource_version=last))


def is_established(definition: Any) -> bool:
    conditions = (definition.status and definition.status.conditions) or []
    return any((one.type, one.status) == ("Established", "True") for one in conditions)


def events(listing: Callable[..., Any], *args: str, **options: Any) -> Iterator[Any]:
    """What the official client's watch yields."""
    watcher: Any = watch.Watch()  # type: ignore[no-untyped-call]
    try:
        yield from watcher.stream(listing, *args, timeout_seconds=30, **options)
    finally:
        watcher.stop()


def test_official_client_on_deployments(api: client.ApiClient, namespace: str) -> None:
    apps: Any = client.AppsV1Api(api)
    made = apps.create_namespaced_deployment(namespace, deployment("web"))
    assert (made.metadata.generation, made.spec.strategy.type) == (1, "RollingUpdate")

    listed = apps.list_namespaced_deployment(namespace, label_selector="app=web")
    assert [one.metadata.name for one in listed.items] == ["web"]
    assert apps.list_namespaced_deployment(namespace, label_selector="app!=web").items == []

    # The client sends a dict as a strategic merge patch: containers are merged by name.
    second = {"spec": {"template": {"spec": {"containers": [container("proxy", "envoy:1")]}}}}
    assert images(apps.patch_namespaced_deployment("web", namespace, second)) == {"web": "nginx:1", "proxy": "envoy:1"}
    merged = apps.patch_namespaced_deployment(
        "web", namespace, {"spec": {"replicas": 3}}, _content_type="application/merge-patch+json"
    )
    assert (merged.spec.replicas, merged.metadata.generation) == (3, 3)
    # A list is sent as a JSON patch.
    json_patch = [{"op": "remove", "path": "/spec/template/spec/containers/0"}]
    assert len(images(apps.patch_namespaced_deployment("web", namespace, json_patch))) == 1

    scale = apps.read_namespaced_deployment_scale("web", namespace)
    scale.spec.replicas = 7
    apps.replace_namespaced_deployment_scale("web", namespace, scale)
    found = apps.read_namespaced_deployment("web", namespace)
    assert found.spec.replicas == 7

    found.spec.paused = True
    assert apps.replace_namespaced_deployment("web", namespace, found).spec.paused
    with pytest.raises(ApiException) as conflict:
        apps.replace_namespaced_deployment("web", namespace, found)
    assert (conflict.value.status, conflict.value.reason) == (409, "Conflict")

    apps.delete_namespaced_deployment("web", namespace)
    with pytest.raises(ApiException) as missing:
        apps.read_namespaced_deployment("web", namespace)
    assert missing.value.status == 404


def test_official_client_on_config_maps(api: client.ApiClient, namespace: str) -> None:
    core: Any = client.CoreV1Api(api)
    made = core.create_namespaced_config_map(namespace, config_map("settings", mode="fast"))
    assert made.metadata.creation_timestamp.tzinfo is not None
    with pytest.raises(ApiException) as twice:
        core.create_namespaced_config_map(namespace, config_map("settings"))
    assert twice.value.status == 409

    patched = core.patch_namespaced_config_map("settings", namespace, {"data": {"mode": None, "level": "3"}})
    assert patched.data == {"level": "3"}
    patched.data = {"whole": "new"}
    assert core.replace_namespaced_config_map("settings", namespace, patched).data == {"whole": "new"}

    for number in range(5):
        core.create_namespaced_config_map(namespace, config_map(f"page-{number}"))
    first = core.list_namespaced_config_map(namespace, limit=4)
    rest = core.list_namespaced_config_map(namespace, limit=4, _continue=first.metadata._continue)
    names = [one.metadata.name for one in first.items + rest.items]
    assert names == [ROOT_CA, *(f"page-{number}" for number in range(5)), "settings"]
    assert (len(first.items), first.metadata.remaining_item_count) == (4, 3)

    others = f"metadata.name!=settings,metadata.name!={ROOT_CA}"
    core.delete_collection_namespaced_config_map(namespace, field_selector=others)
    assert [one.metadata.name for one in core.list_namespaced_config_map(namespace).items] == [ROOT_CA, "settings"]
    core.delete_namespaced_config_map("settings", namespace)
    assert [one.metadata.name for one in core.list_namespaced_config_map(namespace).items] == [ROOT_CA]


@pytest.mark.parametrize(("group", "resource"), [("CoreV1Api", "config_map"), ("AppsV1Api", "deployment")])
def test_official_client_watches(api: client.ApiClient, namespace: str, group: str, resource: str) -> None:
    calls = getattr(client, group)(api)
    listing, create, patch, delete = (
        getattr(calls, f"{verb}_namespaced_{resource}") for verb in ("list", "create", "patch", "delete")
    )
    start = listing(namespace).metadata.resource_version

    def change() -> None:
        create(namespace, config_map("seen") if resource == "config_map" else deployment("seen"))
        patch("seen", namespace, {"metadata": {"labels": {"changed": "yes"}}})
        delete("seen", namespace)

    changing = threading.Thread(target=change)
    changing.start()
    seen = [event["type"] for event in islice(events(listing, namespace, resource_version=start), 3)]
    changing.join()
    assert seen == ["ADDED", "MODIFIED", "DELETED"]


def test_official_client_on_custom_objects(order_crd: None, api: client.ApiClient, namespace: str) -> None:
    custom: Any = client.CustomObjectsApi(api)
    of_all = (GROUP, VERSION, namespace, PLURAL)
    body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Order", "metadata": {"name": "first"}, "spec": {}}
    made = custom.create_namespaced_custom_object(*of_all, body)
    assert made["spec"] == {"items": 1}

    patched = custom.patch_namespaced_custom_object(*of_all, "first", {"spec": {"items": 2}})
    assert (patched["spec"], patched["metadata"]["generation"]) == ({"items": 2}, 2)
    paid = custom.patch_namespaced_custom_object_status(*of_all, "first", {"status": {"phase": "Paid"}})
    assert (paid["status"], paid["metadata"]["generation"]) == ({"phase": "Paid"}, 2)
    paid["spec"]["items"] = 9
    assert custom.replace_namespaced_custom_object(*of_all, "first", paid)["spec"] == {"items": 9}
    with pytest.raises(ApiException) as invalid:
        custom.patch_namespaced_custom_object(*of_all, "first", {"spec": {"items": "many"}})
    assert invalid.value.status == 422

    assert [one["metadata"]["name"] for one in custom.list_namespaced_custom_object(*of_all)["items"]] == ["first"]
    assert len(custom.list_cluster_custom_object(GROUP, VERSION, PLURAL)["items"]) == 1
    custom.delete_namespaced_custom_object(*of_all, "first")
    assert custom.list_namespaced_custom_object(*of_all)["items"] == []


def test_dynamic_client_discovers_custom_objects(order_crd: None, api: client.ApiClient, namespace: str) -> None:
    dynamic: Any = DynamicClient(api)  # type: ignore[no-untyped-call]
    orders = dynamic.resources.get(api_version=f"{GROUP}/{VERSION}", kind="Order")
    orders.create(body={"metadata": {"name": "dynamic"}, "spec": {"items": 4}}, namespace=namespace)
    assert orders.get(name="dynamic", namespace=namespace).spec.items == 4
    orders.delete(name="dynamic", namespace=namespace)
    assert orders.get(namespace=namespace).items == []


def test_kr8s_on_deployments_and_config_maps(shared_server: ServerProcess, namespace: str) -> None:
    api: Any = kr8s.api(kubeconfig=str(shared_server.kubeconfig), namespace=namespace)
    web = kr8s.objects.Deployment({**deployment("web")}, namespace=namespace, api=api)
    web.create()
    assert web.exists()
    web.patch({"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 5}}}})
    assert web.spec.template.spec.terminationGracePeriodSeconds == 5
    web.patch([{"op": "add", "path": "/spec/paused", "value": True}], type="json")
    assert web.spec.paused
    web.scale(4)
    web.label(tier="front")
    assert [one.name for one in api.get("deployments", label_selector={"tier": "front"})] == ["web"]
    assert kr8s.objects.Deployment.get("web", namespace=namespace, api=api).replicas == 4

    settings = kr8s.objects.ConfigMap({**config_map("settings", mode="fast")}, namespace=namespace, api=api)
    settings.create()
    settings.patch({"data": {"mode": "slow"}})
    settings.patch([{"op": "add", "path": "/data/level", "value": "3"}], type="json")
    assert dict(settings.data) == {"mode": "slow", "level": "3"}
    for one in (web, settings):
        one.delete()
        assert not one.exists()


async def test_kr8s_async_watches_what_it_changes(shared_server: ServerProcess, namespace: str) -> None:
    api: Any = await kr8s.asyncio.api(kubeconfig=str(shared_server.kubeconfig), namespace=namespace)
    settings = await kr8s.asyncio.objects.ConfigMap(
        {**config_map("settings", mode="fast")}, namespace=namespace, api=api
    )
    await settings.create()
    seen: list[tuple[str, str]] = []
    present = asyncio.Event()

    async def observe() -> None:
        async for type_, one in api.watch("configmaps", namespace=namespace):
            if one.name == ROOT_CA:
                continue
            seen.append((type_, one.name))
            present.set()
            if type_ == "DELETED":
                return

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(observe())
        await present.wait()
        await settings.patch({"data": {"mode": "slow"}})
        await settings.delete()
    assert seen == [("ADDED", "settings"), ("MODIFIED", "settings"), ("DELETED", "settings")]
    assert [one.name async for one in api.get("configmaps", namespace=namespace)] == [ROOT_CA]


async def test_kr8s_async_on_custom_objects(order_crd: None, shared_server: ServerProcess, namespace: str) -> None:
    api: Any = await kr8s.asyncio.api(kubeconfig=str(shared_server.kubeconfig), namespace=namespace)
    kind: Any = kr8s.asyncio.objects.new_class("Order", version=f"{GROUP}/{VERSION}", plural=PLURAL, namespaced=True)
    order = await kind({"metadata": {"name": "first", "namespace": namespace}, "spec": {"items": 3}}, api=api)
    await order.create()
    await order.patch({"spec": {"items": 5}})
    assert [one.spec["items"] async for one in kind.list(namespace=namespace, api=api)] == [5]
    await order.delete()
    assert not await order.exists()
