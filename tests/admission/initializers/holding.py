"""A control plane that holds ConfigMaps for initializers, and users who may do more or less to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.apiserver.api_client import ADMIN, CONFIG_MAPS, Client, Watching, config_map

from steersman.admission.selection import AdmissionOptions
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import NO_OPINION, AuthorizerChain, Decision, Verdict
from steersman.apiserver.http.message import PeerCertificate
from steersman.apiserver.request_info import RequestInfo
from steersman.controlplane import ControlPlane

ON = AdmissionOptions(enable=("Initializers",))
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations"
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
A, B, C = "a.example.com", "b.example.com", "c.example.com"
JANE = PeerCertificate("jane", ("writers",))
"""May do everything but initialize."""
FAILURE = {"status": "Failure", "message": "too short", "reason": "Weak", "code": 418}


class Writers:
    """Lets the group ``writers`` do everything but initialize."""

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        if "writers" in user.groups and info.verb != "initialize":
            return Verdict(Decision.ALLOW)
        return NO_OPINION


class HoldingControlPlane(ControlPlane):
    async def _serve_resources(self, authorizer: AuthorizerChain) -> None:
        await super()._serve_resources(AuthorizerChain([authorizer, Writers()]))


@asynccontextmanager
async def holding(
    *names: str | dict[str, Any], wait: float = 20.0, admission: AdmissionOptions = ON, **options: Any
) -> AsyncIterator[Client]:
    """The administrator of a control plane where ``names`` initialize ConfigMaps, in this order."""
    given = {"store": "memory:", "admission": admission, "initialization_wait": wait, **options}
    async with HoldingControlPlane(**given) as control_plane:
        admin = Client(control_plane.handler)
        if names:
            await admin.made(CONFIGURATIONS, configuration("held", *names))
        yield admin


def configuration(name: str, *initializers: str | dict[str, Any]) -> dict[str, Any]:
    listed = [{"name": one} if isinstance(one, str) else one for one in initializers]
    return {"metadata": {"name": name}, "initializers": [{"rules": [RULE], **one} for one in listed]}


def as_jane(admin: Client) -> Client:
    return Client(admin._handler, JANE)


def path(name: str) -> str:
    return f"{CONFIG_MAPS}/{name}"


async def hold(admin: Client, name: str, **more: Any) -> Any:
    """Create a ConfigMap, and do not wait for its initializers."""
    return await admin.made(CONFIG_MAPS, {**config_map(name), **more}, includeUninitialized="true")


async def held(admin: Client, name: str) -> Any:
    """The ConfigMap, initialized or not."""
    reply = await admin.get(path(name), includeUninitialized="true")
    assert reply.status == 200, reply.body
    return reply.body


def pending(obj: Any) -> list[str]:
    """Who the object waits for."""
    return [one["name"] for one in (obj["metadata"].get("initializers") or {}).get("pending", ())]


async def take_turn(admin: Client, name: str) -> None:
    """Remove the first name, as its initializer does."""
    obj = await held(admin, name)
    obj["metadata"]["initializers"]["pending"].pop(0)
    reply = await admin.update(path(name), obj)
    assert reply.status == 200, reply.body


async def until_held(watching: Watching) -> str:
    """The name of the next object that begins to wait, as a watch of all objects shows it."""
    while True:
        event = await watching.next()
        if event["type"] == "ADDED" and pending(event["object"]):
            return str(event["object"]["metadata"]["name"])


async def settled(pending_calls: Sequence[Awaitable[Any]]) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*pending_calls), 20)


__all__ = ["ADMIN", "CONFIG_MAPS", "Client", "config_map"]
