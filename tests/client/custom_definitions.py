"""CustomResourceDefinitions to be created, changed and deleted by tests."""

from typing import Any

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.client import Client, ResourceClient

DEFINITION = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


def definition(*, scope: str = "Namespaced", short_names: tuple[str, ...] = ("wd",)) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": scope,
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": list(short_names)},
            "versions": [version],
        },
    }


async def create_definition(client: Client, crd: dict[str, Any]) -> None:
    """Returns once it is established."""
    definitions = await client.dynamic(DEFINITION)
    created = await definitions.create(crd)
    await until(definitions, created["metadata"]["resourceVersion"], "Established")


async def delete_definition(client: Client, name: str = "widgets.example.com") -> None:
    """Returns once it is gone."""
    definitions = await client.dynamic(DEFINITION)
    listed = await definitions.list(limit=1).page()
    async with definitions.watch(resource_version=listed.resource_version) as events:
        await definitions.delete(name)
        async for event in events:
            if event.type == "DELETED" and event.object["metadata"]["name"] == name:
                return


async def until(definitions: ResourceClient[dict[str, Any]], resource_version: str, condition: str) -> None:
    async with definitions.watch(resource_version=resource_version) as events:
        async for event in events:
            conditions = event.object.get("status", {}).get("conditions") or ()
            if any(one["type"] == condition and one["status"] == "True" for one in conditions):
                return
