"""Controllers beside the server: they come up while it serves, as those of another process would."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from steersman.controlplane.surroundings import Surroundings

if TYPE_CHECKING:
    from steersman.client.config import Config

_CONTROLLERS = "steersman.controlplane.controllers"

_logger = logging.getLogger(__name__)


@asynccontextmanager
async def controller_manager(config: Callable[[], "Config"], around: Surroundings) -> AsyncIterator[None]:
    """Have the controllers run within the block, on clients of ``config``; nobody waits until they do."""
    running = asyncio.create_task(_run(config, around), name="controllers")
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _run(config: Callable[[], "Config"], around: Surroundings) -> None:
    """What cannot be started is logged: the API is there without it."""
    try:
        if _CONTROLLERS not in sys.modules:
            # A quarter of what the process has to import: requests are answered meanwhile.
            await asyncio.to_thread(import_module, _CONTROLLERS)
        from steersman.controlplane import controllers

        async with controllers.running_controllers(config(), around):
            await asyncio.Event().wait()
    except Exception:
        _logger.exception("the controllers could not be started")
