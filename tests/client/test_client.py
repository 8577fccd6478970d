"""The client over all resources: typed ones, and dynamic ones as definitions come, change and go."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar, Self

import orjson
import pytest
from tests.client.custom_definitions import DEFINITION, create_definition, definition, delete_definition

from steersman.apimachinery.errors import ApiError
from steersman.client import ApiResource, Client
from steersman.client.api_resource import Codec
from steersman.client.discovery import NoMatchError
from steersman.controlplane import ControlPlane


@dataclass
class Settings:
    """A config map as a class of one's own."""

    name: str
    data: dict[str, str]
    api_resource: ClassVar[ApiResource["Settings"]]

    @classmethod
    def decode(cls, body: bytes) -> Self:
        obj = orjson.loads(body)
        return cls(obj["metadata"]["name"], obj["data"])

    def encode(self) -> bytes:
        return orjson.dumps({"metadata": {"name": self.name}, "data": self.data})


Settings.api_resource = ApiResource(
    "", "v1", "configmaps", "ConfigMap", True, Codec(Settings.decode, lambda one: one.encode())
)


async def test_objects_of_a_class(client: Client) -> None:
    settings = client.resource(Settings)
    created = await settings.create(Settings("a", {"x": "y"}))
    assert created == Settings("a", {"x": "y"}) == await settings.get("a")
    async with asyncio.timeout(10), settings.watch() as events:
        assert (await anext(events)).object == created
    assert [one async for one in settings.list(field_selector="metadata.name=a")] == [created]


async def test_an_object_that_does_not_fit_the_class_stops_no_watch(client: Client) -> None:
    settings = client.resource(Settings)
    async with asyncio.timeout(10), settings.watch(label_selector="of=test") as events:
        plain = await client.dynamic("configmaps")
        labels = {"of": "test"}
        await plain.create({"metadata": {"name": "empty", "labels": labels}})
        await plain.create({"metadata": {"name": "full", "labels": labels}, "data": {"a": "b"}})
        first, second = await anext(events), await anext(events)
        with pytest.raises(KeyError):
            _ = first.object
        assert second.object == Settings("full", {"a": "b"})


async def test_a_definition_comes_changes_and_goes(client: Client) -> None:
    with pytest.raises(NoMatchError):
        await client.dynamic("widgets")

    await create_definition(client, definition())
    widgets = await client.dynamic("wd")
    created = await widgets.create({"metadata": {"name": "one"}, "spec": {"size": 3}})
    assert (created["apiVersion"], created["kind"]) == ("example.com/v1", "Widget")
    assert (await widgets.list()).items == [created]

    await delete_definition(client)
    with pytest.raises(ApiError) as gone:
        await widgets.list()
    assert gone.value.message == "the server could not find the requested resource"
    with pytest.raises(NoMatchError):
        await client.dynamic("widgets")

    await create_definition(client, definition(scope="Cluster"))
    again = await client.dynamic("widgets.example.com")
    assert not again.resource.namespaced
    assert (await again.create({"metadata": {"name": "one"}}))["metadata"].get("namespace") is None


async def test_following_the_definitions(client: Client) -> None:
    async with asyncio.timeout(20), client.follow_definitions():
        await create_definition(client, definition())
        definitions = await client.dynamic(DEFINITION)
        patch = {"spec": {"names": {"shortNames": ["wx"]}}}
        assert (await client.dynamic("wd")).resource.plural == "widgets"
        await definitions.patch("widgets.example.com", patch)
        while await short_names_known(client) != ("wx",):
            await asyncio.sleep(0)
        # No name is missed and no path fails here: it takes the watch to tell that it is gone.
        await delete_definition(client)
        while await short_names_known(client):
            await asyncio.sleep(0)


async def short_names_known(client: Client) -> tuple[str, ...]:
    served = await client.discovery.served()
    return next((one.short_names for one in served if one.plural == "widgets"), ())


async def test_definitions_that_cannot_be_followed() -> None:
    async with ControlPlane() as control_plane:
        config = control_plane.client_config("nobody", ["system:authenticated"])
        async with Client(config) as client:
            following = client.follow_definitions()
            with pytest.raises(ApiError, match='"nobody" cannot list resource "customresourcedefinitions"'):
                await following.__aenter__()


async def test_a_404_for_an_object_does_not_make_discovery_doubtful(client: Client) -> None:
    config_maps = await client.dynamic("cm")
    served = await client.discovery.served()
    with pytest.raises(ApiError):
        await config_maps.get("missing")
    assert await client.discovery.served() is served


def test_the_import_is_light() -> None:
    heavy = ("aiohttp", "pydantic")
    program = f"import sys, steersman.client; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
