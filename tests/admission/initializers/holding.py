"""A control plane that holds ConfigMaps for initializers, and users who may do more or less to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.apiserver.api_client import CONFIG_MAPS, Client, Watching, config_map

from steersman.admission.selection import AdmissionOptions
from steersman.apiserver.http.message import PeerCertificate
from steersman.controlplane import ControlPlane

ON = AdmissionOptions(enable=("Initializers",))
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
A, B, C = "a.example.com", "b.example.com", "c.example.com"
JANE = PeerCertificate("jane", ("writers",))
"""May do everything but initialize."""
FAILURE = {"status": "Failure", "message": "too short", "reason": "Weak", "code": 418}


@asynccontextmanager
async def holding(
    *names: str | dict[str, Any], wait: float = 20.0, admission: AdmissionOptions = ON, **options: Any
) -> AsyncIterator[Client]:
    """The administrator of a control plane where ``names`` initialize ConfigMaps, in this order; it has few kinds."""
    given = {"store": "memory:", "profile": "crd-only", "admission": admission, "initialization_wait": wait, **options}
    async with ControlPlane(**given) as control_plane:
        admin = Client(control_plane.handler)
        if names:
            await admin.made(CONFIGURATIONS, configuration("held", *names))
        yield admin


def configuration(name: str, *initializers: str | dict[str, Any]) -> dict[str, Any]:
    listed = [{"name": one} if isinstance(one, str) else one for one in initializers]
    return {"metadata": {"name": name}, "initializers": [{"rules": [RULE], **one} for one in listed]}


async def as_jane(admin: Client) -> Client:
    """Jane, who is given her role here."""
    verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "writers"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "writers"}
    await admin.made(f"{RBAC}/clusterroles", {"metadata": {"name": "writers"}, "rules": rules})
    binding = {"metadata": {"name": "writers"}, "roleRef": reference, "subjects": [subject]}
    await admin.made(f"{RBAC}/clusterrolebindings", binding)
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


__all__ = ["CONFIG_MAPS", "Client", "config_map"]
