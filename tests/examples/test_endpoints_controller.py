"""The example controller: in this process, and as a program of its own over TLS."""

import asyncio
import runpy
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.config import load_config
from steersman.client.kinds.core_v1 import CONFIG_MAPS, ENDPOINTS, ConfigMap, Endpoints
from steersman.controlplane import ControlPlane

PROGRAM = Path(__file__).parents[2] / "examples" / "endpoints_controller" / "endpoints_controller.py"
NAME = "web-endpoints"


def web(*addresses: str) -> Endpoints:
    return {"metadata": {"name": "web"}, "subsets": [{"addresses": [{"ip": ip} for ip in addresses]}]}


@asynccontextmanager
async def in_process(_: Path) -> AsyncIterator[Client]:
    async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
        running = asyncio.create_task(runpy.run_path(str(PROGRAM))["run"](client))
        yield client
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


@asynccontextmanager
async def program(data_dir: Path) -> AsyncIterator[Client]:
    async with ControlPlane(listen="127.0.0.1:0", data_dir=data_dir) as control_plane:
        kubeconfig = control_plane.kubeconfig
        arguments = (str(PROGRAM), str(kubeconfig))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stderr=asyncio.subprocess.PIPE)
        async with Client(replace(load_config(kubeconfig), qps=-1)) as client:
            yield client
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
        assert (process.returncode, said.decode()) == (0, "")


@pytest.fixture(params=[in_process, program])
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    """The client of a control plane whose Endpoints the controller looks after."""
    async with request.param(tmp_path) as client:
        yield client


async def config_map(client: Client, condition: Callable[[ConfigMap | None], bool]) -> ConfigMap | None:
    """The ConfigMap of ``web``, or that there is none, when the condition is true of it."""
    config_maps = client.resource(CONFIG_MAPS)
    async with asyncio.timeout(20):
        version = (await config_maps.list(namespace="default")).resource_version
        watch = config_maps.watch(namespace="default", field_selector=f"metadata.name={NAME}", resource_version=version)
        async with watch as events:
            try:
                found: ConfigMap | None = await config_maps.get(NAME, namespace="default")
            except ApiError:
                found = None
            while not condition(found):
                event = await anext(events)
                found = None if event.type == "DELETED" else event.object
    return found


def lists(*addresses: str) -> Callable[[ConfigMap | None], bool]:
    return lambda found: found is not None and found["data"] == {"addresses": "\n".join(addresses)}


async def test_it_keeps_a_config_map_of_addresses(client: Client) -> None:
    endpoints, config_maps = client.resource(ENDPOINTS), client.resource(CONFIG_MAPS)

    await endpoints.create(web("10.0.0.2", "10.0.0.1"), namespace="default")
    await config_map(client, lists("10.0.0.1", "10.0.0.2"))

    await endpoints.update(web("10.0.0.3"), namespace="default")
    await config_map(client, lists("10.0.0.3"))

    await config_maps.patch(NAME, {"data": {"addresses": "10.6.6.6", "more": "?"}}, namespace="default")
    await config_map(client, lists("10.0.0.3"))

    await config_maps.delete(NAME, namespace="default")
    await config_map(client, lists("10.0.0.3"))

    await endpoints.delete("web", namespace="default")
    await config_map(client, lambda found: found is None)


async def test_it_leaves_alone_what_is_not_its_own(client: Client) -> None:
    config_maps = client.resource(CONFIG_MAPS)
    foreign = await config_maps.create({"metadata": {"name": "other-endpoints"}}, namespace="default")

    await client.resource(ENDPOINTS).create(web("10.0.0.1"), namespace="default")
    await config_map(client, lists("10.0.0.1"))

    assert await config_maps.get("other-endpoints", namespace="default") == foreign
