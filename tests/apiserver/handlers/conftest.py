"""A control plane in this process, its administrator as a client, and a custom resource."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.apiserver.api_client import Client, define_things, serving

from steersman.controlplane.authorization import AuthorizationOptions

ALL_ALLOWED = AuthorizationOptions(modes=("AlwaysAllow",))
"""Half of a start goes into roles; the handlers' client is an administrator, who may do everything without."""


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving(authorization=ALL_ALLOWED) as client:
        yield client


@pytest.fixture(params=["memory:", "sqlite:///{}/state.db"], ids=["memory", "sqlite"])
async def stored(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    """The same over each store."""
    async with serving(store=request.param.format(tmp_path), authorization=ALL_ALLOWED) as client:
        yield client


@pytest.fixture
async def things(api: Client) -> Client:
    """A server with the custom resource Thing."""
    await define_things(api)
    return api
