"""A generated client at work: a definition is applied to a control plane, objects are written, listed and cached."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.client.code_generator.crd_documents import as_yaml, crd
from tests.client.code_generator.generated import imported, write

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.client import Client
from steersman.client.code_generator.definition import parse_definitions
from steersman.client.code_generator.server_definitions import fetch_definitions
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformerFactory
from steersman.client.kinds.apiextensions_v1 import CUSTOM_RESOURCE_DEFINITIONS
from steersman.client.object_meta import ObjectMeta
from steersman.controlplane import ControlPlane

DATABASES = crd(
    {
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer"},
                    "storageClassName": {"type": "string", "default": "standard"},
                },
            },
            "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
        }
    }
)


async def define(client: Client, content: dict[str, Any]) -> None:
    """Create a definition, and return when it is established."""
    definitions = client.resource(CUSTOM_RESOURCE_DEFINITIONS)
    await definitions.create(content)  # type: ignore[arg-type]
    async with definitions.watch() as events:
        async for event in events:
            conditions = event.object.get("status", {}).get("conditions", [])
            if any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
                return


async def test_objects_are_written_listed_and_cached(tmp_path: Path) -> None:
    async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
        await define(client, DATABASES)
        definitions = await fetch_definitions(client)
        assert definitions == parse_definitions(as_yaml(DATABASES))
        write(tmp_path, definitions, "clients")
        with imported(tmp_path, "clients.databases") as module:
            databases = module.databases(client)
            spec = module.DatabaseSpec(size=3)
            metadata = ObjectMeta(name="orders", namespace="default", labels={"team": "shop"})
            created = await databases.create(module.Database(metadata=metadata, spec=spec))
            assert (created.spec.size, created.spec.storage_class_name) == (3, "standard")
            created.spec.size = 5
            created.metadata.annotations["note"] = "grown"
            await databases.update(created, namespace="default")
            read = await databases.get("orders", namespace="default")
            assert (read.spec.size, read.metadata.annotations) == (5, {"note": "grown"})
            assert [one.metadata.uid for one in await databases.list(namespace="default")] == [read.metadata.uid]

            added = asyncio.Event()
            factory = SharedInformerFactory(client)
            informer = module.database_informer(factory)
            informer.add_event_handler(ResourceEventHandlerFuncs(on_add=lambda *_: added.set()))
            lister = module.database_lister(factory)
            async with factory:
                await factory.wait_for_cache_sync(timeout=30)
                await asyncio.wait_for(added.wait(), 30)
                cached = lister.by_namespace("default").get("orders")
                assert cached == read
                cached.spec.size = 7
                assert [one.spec.size for one in lister.list()] == [5]
                with pytest.raises(ApiError, match="not found"):
                    lister.by_namespace("default").get("missing")


async def test_definitions_come_in_v1beta1_from_a_server_that_has_no_other() -> None:
    async with ControlPlane(version="1.15") as control_plane, Client(control_plane.client_config()) as client:
        v1 = CUSTOM_RESOURCE_DEFINITIONS
        beta = ApiResource(v1.group, "v1beta1", v1.plural, v1.kind, v1.namespaced, DICTS)
        schema = {"type": "object", "properties": {"spec": {"type": "object"}}}
        spec = {**crd()["spec"], "version": "v1", "validation": {"openAPIV3Schema": schema}}
        await client.resource(beta).create({"metadata": {"name": "databases.example.com"}, "spec": spec})
        (definition,) = await fetch_definitions(client)
        assert definition.name == "databases.example.com"
        assert [(one.name, dict(one.schema)["properties"]) for one in definition.versions] == [
            ("v1", schema["properties"])
        ]
