"""A control plane to talk to: in this process, and over TLS. Whatever the client does must be the same with both."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from steersman.client import Client
from steersman.client.config import Config, load_config
from steersman.controlplane import ControlPlane


@pytest.fixture(params=["in-process", "tls"])
async def server_config(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Config]:
    """The configuration of an administrator."""
    if request.param == "in-process":
        async with ControlPlane() as control_plane:
            yield control_plane.client_config()
    else:
        async with ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path) as control_plane:
            yield replace(load_config(control_plane.kubeconfig), qps=-1)


@pytest.fixture
async def client(server_config: Config) -> AsyncIterator[Client]:
    async with Client(server_config) as client:
        yield client
