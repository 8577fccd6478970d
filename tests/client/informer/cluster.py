"""A control plane in this process, and what the tests of informers do to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject, split_list
from steersman.client.informer import RestResource
from steersman.client.rest import RestClient
from steersman.controlplane import ControlPlane
from steersman.controlplane.authorization import AuthorizationOptions

ALL_ALLOWED = AuthorizationOptions(modes=("AlwaysAllow",))
"""Half of a start goes into roles, and no informer asks for them."""

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
PATH = CONFIG_MAPS.path("default")


class Cluster:
    """ConfigMaps in the namespace ``default``."""

    def __init__(self, rest: RestClient) -> None:
        self.rest = rest
        self.config_maps = RestResource(rest, CONFIG_MAPS)

    async def create(self, name: str, value: str = "", labels: dict[str, str] | None = None) -> CachedObject:
        body = {"metadata": {"name": name, "labels": labels or {}}, "data": {"value": value}}
        return CachedObject((await self.rest.request("POST", PATH, body=orjson.dumps(body))).body)

    async def update(self, name: str, value: str, labels: dict[str, str] | None = None) -> CachedObject:
        body = {"metadata": {"name": name, "labels": labels or {}}, "data": {"value": value}}
        return CachedObject((await self.rest.request("PUT", f"{PATH}/{name}", body=orjson.dumps(body))).body)

    async def delete(self, name: str) -> None:
        await self.rest.request("DELETE", f"{PATH}/{name}")

    async def exists(self, name: str) -> bool:
        try:
            await self.rest.request("GET", f"{PATH}/{name}")
        except ApiError:
            return False
        return True

    async def list(self) -> tuple[str, list[CachedObject]]:
        """The server's version, and the objects that it has."""
        metadata, objects = split_list((await self.rest.request("GET", PATH)).body)
        return metadata.resource_version, objects


@asynccontextmanager
async def running_cluster(**arguments: Any) -> AsyncIterator[Cluster]:
    """A control plane that holds its objects in memory."""
    control_plane = ControlPlane(**{"authorization": ALL_ALLOWED, **arguments})
    async with control_plane, RestClient(control_plane.client_config()) as rest:
        yield Cluster(rest)
