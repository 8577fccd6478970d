"""The last of the five steps of a controller: workers that take keys from a queue and bring what they name in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from steersman.apimachinery.errors import ApiError
from steersman.client.config import ConfigError, CredentialError
from steersman.client.transport import TransportError
from steersman.client.work_queue import RateLimitingQueue

K = TypeVar("K", bound=Hashable)

_logger = logging.getLogger(__name__)

EXPECTED = (ApiError, TransportError, TimeoutError, CredentialError, ConfigError)
"""What goes wrong between a controller and its server: told in a line, without a traceback."""

_OUTRUN = frozenset((404, 409))
"""Codes of what was decided on a cache that was behind, as happens every day: the next look has the newer state."""


async def run_workers(
    queue: RateLimitingQueue[K], sync: Callable[[K], Awaitable[None]], *, name: str, workers: int = 1
) -> None:
    """Have ``workers`` call ``sync`` with what the queue holds, until it is shut down; none is worked on twice at once.

    What raised is logged, under the controller's ``name``, and comes again as the queue's rate limiter says: conflicts
    and objects that are gone with INFO, what else fails between here and the server with WARNING, all other exceptions
    with a traceback.
    """
    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(_work(queue, sync, name))


async def _work(queue: RateLimitingQueue[K], sync: Callable[[K], Awaitable[None]], name: str) -> None:
    async for key in queue:
        try:
            await sync(key)
        except EXPECTED as error:
            level = logging.DEBUG if isinstance(error, ApiError) and error.code in _OUTRUN else logging.WARNING
            said = str(error) or type(error).__name__
            _logger.log(level, "%s: %s: %s; it is tried again", name, key, " ".join(said.split()))
            queue.add_rate_limited(key)
        except Exception:
            _logger.exception("%s: %s failed; it is tried again", name, key)
            queue.add_rate_limited(key)
        else:
            queue.forget(key)
        finally:
            queue.done(key)
