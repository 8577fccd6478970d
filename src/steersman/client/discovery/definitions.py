"""Follow the CustomResourceDefinitions, so that what is known of the server's resources does not get old."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client.config.errors import CredentialError
from steersman.client.discovery.cached_discovery import CachedDiscovery
from steersman.client.resource_client import ResourceClient
from steersman.client.transport import TransportError

PAUSE = 1.0
"""Seconds between the end of a watch and the next one."""

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def follow_definitions(definitions: ResourceClient[Any], discovery: CachedDiscovery) -> AsyncIterator[None]:
    """Within the block, ``discovery`` is invalidated whenever a definition comes, changes or goes.

    Raises ApiError, TransportError and CredentialError at its start, if the definitions cannot be watched; later on the
    watch is tried again.
    """
    following = asyncio.Event()
    task = asyncio.create_task(_follow(definitions, discovery, following))
    begun = asyncio.create_task(following.wait())
    try:
        await asyncio.wait((task, begun), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield
    finally:
        task.cancel()
        begun.cancel()
        await asyncio.gather(task, begun, return_exceptions=True)


async def _follow(definitions: ResourceClient[Any], discovery: CachedDiscovery, following: asyncio.Event) -> None:
    while True:
        try:
            now = (await definitions.list(limit=1).page()).resource_version
            async with definitions.watch(resource_version=now) as events:
                # For what changed while nobody looked.
                discovery.invalidate()
                following.set()
                async for _ in events:
                    discovery.invalidate()
        except (ApiError, TransportError, TimeoutError, CredentialError) as error:
            if not following.is_set():
                raise
            _log.debug("the watch of definitions ended: %s", error)
        await asyncio.sleep(PAUSE)
