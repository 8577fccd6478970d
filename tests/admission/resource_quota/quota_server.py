"""A server with quotas whose usage is known."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.admission.plugin_server import serving

from steersman.apiserver.admission import AdmissionPlugin
from steersman.client import Client
from steersman.client.kinds import core_v1

NAMESPACE = "default"


@asynccontextmanager
async def with_quota(
    hard: Any, /, *, extra: tuple[AdmissionPlugin, ...] = (), configuration: Path | None = None, **spec: Any
) -> AsyncIterator[Client]:
    """A server whose namespace ``default`` has a quota ``q``."""
    async with serving("ResourceQuota", extra=extra, configuration=configuration) as client:
        await add_quota(client, "q", hard, **spec)
        yield client


async def add_quota(client: Client, name: str, hard: Any, **spec: Any) -> None:
    quota: Any = {"metadata": {"name": name}, "spec": {"hard": hard, **spec}}
    await client.resource(core_v1.RESOURCE_QUOTAS).create(quota, namespace=NAMESPACE)
    await until(client, lambda used: used.keys() == hard.keys(), name)


async def used_of(client: Client, name: str = "q") -> Any:
    quota: Any = await client.resource(core_v1.RESOURCE_QUOTAS).get(name, namespace=NAMESPACE)
    return (quota.get("status") or {}).get("used") or {}


async def until(client: Client, is_so: Callable[[Any], bool], name: str = "q") -> Any:
    """What is used, once it is so."""
    async with asyncio.timeout(10):
        async with client.resource(core_v1.RESOURCE_QUOTAS).watch(namespace=NAMESPACE) as events:
            async for event in events:
                quota: Any = event.object
                used = (quota.get("status") or {}).get("used") or {}
                if quota["metadata"]["name"] == name and is_so(used):
                    return used
    raise AssertionError("the watch ended")
