"""The front: a control plane, a client of it over HTTP, and webhook configurations for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.admission.over_http import serving_http

from steersman.admission.selection import AdmissionOptions
from steersman.client import Client
from steersman.client.kinds import admissionregistration_v1 as registration
from steersman.client.kinds import core_v1
from steersman.controlplane import ControlPlane

DEFAULT = AdmissionOptions()


@dataclass
class Front:
    server: ControlPlane
    client: Client

    async def mutating(self, *webhooks: Any, name: str = "test") -> Any:
        return await self._configure(registration.MUTATING_WEBHOOK_CONFIGURATIONS, name, webhooks)

    async def validating(self, *webhooks: Any, name: str = "test") -> Any:
        return await self._configure(registration.VALIDATING_WEBHOOK_CONFIGURATIONS, name, webhooks)

    async def create(self, name: str = "x", **fields: Any) -> Any:
        """A ConfigMap."""
        config_map: Any = {"metadata": {"name": name, **fields.pop("metadata", {})}, **fields}
        return await self.client.resource(core_v1.CONFIG_MAPS).create(config_map)

    async def metrics(self) -> str:
        answer = await self.client.rest.request("GET", "/metrics", accept="text/plain")
        return answer.body.decode()

    async def _configure(self, kind: Any, name: str, webhooks: Any) -> Any:
        return await self.client.resource(kind).create({"metadata": {"name": name}, "webhooks": list(webhooks)})


@asynccontextmanager
async def front(options: AdmissionOptions = DEFAULT, **more: Any) -> AsyncIterator[Front]:
    async with serving_http(admission=options, **more) as server, Client(server.config()) as client:
        yield Front(server.control_plane, client)
