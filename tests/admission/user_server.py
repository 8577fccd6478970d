"""A server with a few plugins, and clients of it, over HTTP, that are different users."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.admission.over_http import ADMIN, serving_http

from steersman.admission.selection import AdmissionOptions
from steersman.client import Client
from steersman.controlplane.authorization import AuthorizationOptions

As = Callable[..., Client]
"""The client of a user: by name and groups; without a name, of one who may do everything."""


@asynccontextmanager
async def serving_users(
    *plugins: str,
    version: str = "1.37",
    runtime_config: str = "",
    configuration: Path | None = None,
    mode: str = "AlwaysAllow",
) -> AsyncIterator[As]:
    """The whole chain is ``plugins``, in this order; ``mode`` is that of authorization."""
    async with AsyncExitStack() as stack:
        served = serving_http(
            admission=AdmissionOptions(control=plugins, configuration=configuration),
            authorization=AuthorizationOptions(modes=(mode,)),
            version=version,
            runtime_config=runtime_config,
            store="memory:",
        )
        server = await stack.enter_async_context(served)
        clients: dict[Any, Client] = {}

        def of(name: str = "", *groups: str) -> Client:
            name, *belongs = (name, *groups) if name else ADMIN
            key = (name, *belongs)
            if key not in clients:
                clients[key] = Client(server.config(name, *belongs))
                stack.push_async_callback(clients[key].close)
            return clients[key]

        yield of
