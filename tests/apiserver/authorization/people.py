"""Several users of one control plane, and waiting for what they were granted."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.apiserver.api_client import Client

from steersman.apiserver.http.message import PeerCertificate
from steersman.controlplane import ControlPlane

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS = f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings"
ROLES, ROLE_BINDINGS = f"{RBAC}/namespaces/default/roles", f"{RBAC}/namespaces/default/rolebindings"
PODS = "/api/v1/namespaces/default/pods"


def person(plane: ControlPlane, name: str = "admin", *groups: str) -> Client:
    """A client with a certificate; without a name the administrator."""
    return Client(plane.handler, PeerCertificate(name, groups or (("system:masters",) if name == "admin" else ())))


def role(name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "rules": list(rules), **more}


def rule(verbs: str, resources: str, groups: str = "", names: str = "") -> dict[str, Any]:
    """Of words between spaces; ``groups`` between commas."""
    made = {"verbs": verbs.split(), "apiGroups": groups.split(","), "resources": resources.split()}
    return {**made, "resourceNames": names.split()} if names else made


def binding(name: str, role_name: str, *subjects: str, kind: str = "Role") -> dict[str, Any]:
    """Subjects are ``User:jane``, ``Group:dev`` or ``ServiceAccount:namespace/name``."""
    listed: list[dict[str, str]] = []
    for subject in subjects:
        what, _, who = subject.partition(":")
        if what == "ServiceAccount":
            place, _, who = who.partition("/")
            listed.append({"kind": what, "name": who, "namespace": place})
        else:
            listed.append({"kind": what, "name": who, "apiGroup": GROUP})
    return {
        "metadata": {"name": name},
        "roleRef": {"kind": kind, "name": role_name, "apiGroup": GROUP},
        "subjects": listed,
    }


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return once it holds; the server takes up what was written on another turn of the loop."""
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0)


async def can(client: Client, method: str, path: str, body: Any = None) -> bool:
    """Whether the request is not refused, at last."""
    return (await client.call(method, path, body)).status != 403
