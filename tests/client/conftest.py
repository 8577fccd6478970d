"""A control plane to talk to: in this process, and over TLS. Whatever the client does must be the same with both."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from steersman.apis.namespaces import SYSTEM_NAMESPACES
from steersman.client import Client
from steersman.client.config import Config, load_config
from steersman.client.wait import exists, wait_for
from steersman.controllers.root_ca_publisher import CONFIG_MAPS
from steersman.controllers.root_ca_publisher import NAME as ROOT_CA
from steersman.controlplane import ControlPlane


@pytest.fixture(params=["in-process", "tls"])
async def server_config(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Config]:
    """The configuration of an administrator."""
    if request.param == "in-process":
        async with ControlPlane() as control_plane:
            yield control_plane.client_config()
    else:
        async with ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path) as control_plane:
            config = replace(load_config(control_plane.kubeconfig), qps=-1)
            await _namespaces_have_their_content(config)
            yield config


async def _namespaces_have_their_content(config: Config) -> None:
    """Return when nothing comes any more that no test has made."""
    async with Client(config) as client:
        for namespace in SYSTEM_NAMESPACES:
            await wait_for(client.resource(CONFIG_MAPS), ROOT_CA, exists(), namespace=namespace, timeout=30)


@pytest.fixture
async def client(server_config: Config) -> AsyncIterator[Client]:
    async with Client(server_config) as client:
        yield client
