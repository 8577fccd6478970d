"""A server with a few plugins and nothing else, and what it refuses."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.admission.over_http import serving_http

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission import AdmissionPlugin
from steersman.client import Client
from steersman.controlplane.authorization import AuthorizationOptions


@asynccontextmanager
async def serving(
    *plugins: str,
    configuration: Path | None = None,
    extra: Sequence[AdmissionPlugin] = (),
    version: str = "1.37",
    store: str = "memory:",
) -> AsyncIterator[Client]:
    """A client, over HTTP, of a server whose whole chain is ``plugins``, in this order, and ``extra``."""
    control = plugins or ("AlwaysAdmit",)
    options = AdmissionOptions(control=control, extra=extra, configuration=configuration)
    # Without roles a server starts in half the time.
    everybody = AuthorizationOptions(modes=("AlwaysAllow",))
    served = serving_http(admission=options, authorization=everybody, version=version, store=store)
    async with served as server, Client(server.config()) as client:
        yield client


def configured(directory: Path, plugin: str, configuration: Any) -> Path:
    """An AdmissionConfiguration that has ``configuration`` for ``plugin``."""
    file = directory / "admission.json"
    plugins = [{"name": plugin, "configuration": configuration}]
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": plugins,
    }
    file.write_bytes(orjson.dumps(document))
    return file


async def refusal(write: Awaitable[object]) -> ApiError:
    """What the server refuses ``write`` with."""
    with pytest.raises(ApiError) as raised:
        await write
    return raised.value


def pod(name: str = "web", /, *, labels: Any = None, annotations: Any = None, **spec: Any) -> Any:
    """A Pod with one container that asks for nothing, unless ``spec`` says else."""
    containers = [{"name": "web", "image": "nginx:1"}]
    metadata = {"name": name} | ({"labels": labels} if labels else {})
    metadata |= {"annotations": annotations} if annotations else {}
    return {"metadata": metadata, "spec": {"containers": containers, **spec}}
