"""A control plane with Pods and nothing in their way: no plugins, no roles."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.apiserver.api_client import Client, serving

from steersman.admission.selection import AdmissionOptions
from steersman.controlplane.authorization import AuthorizationOptions

PODS = "/api/v1/namespaces/default/pods"
WEB = f"{PODS}/web"
SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


@asynccontextmanager
async def serving_pods(**options: Any) -> AsyncIterator[Client]:
    bare = {
        "admission": AdmissionOptions(control=("AlwaysAdmit",)),
        "authorization": AuthorizationOptions(modes=("AlwaysAllow",)),
    }
    async with serving(**{**bare, **options}) as client:
        yield client


def pod(name: str = "web", /, *, labels: Any = None, finalizers: Any = None, **spec: Any) -> Any:
    """A Pod with one container, unless ``spec`` says else."""
    metadata = {"name": name, "labels": labels or {}, "finalizers": finalizers or []}
    return {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "nginx:1"}], **spec}}


def binding(name: str = "web", node: str = "n", **metadata: Any) -> Any:
    return {"metadata": {"name": name, **metadata}, "target": {"kind": "Node", "name": node}}


async def set_status(api: Client, path: str, **status: Any) -> Any:
    """Write the status as a controller would; what is stored."""
    reply = await api.patch(f"{path}/status", {"status": status})
    assert reply.status == 200, reply.body
    return reply.body
