"""Keeping a controller running: one that ends by itself is logged by name, and run again."""

import logging
from typing import Protocol

from steersman.client.informer.backoff import Backoff
from steersman.client.informer.reflector import Timing

_logger = logging.getLogger(__name__)


class Controller(Protocol):
    """``run`` goes on until it is cancelled, and can be called again after it has ended."""

    async def run(self) -> None: ...


async def keep_running(name: str, controller: Controller, timing: Timing | None = None) -> None:
    """Run ``controller`` until cancelled.

    It is not meant to end: what it raises is logged with ``name`` and a traceback. It is run again after a second or
    two, and after pauses that double up to a minute where it goes on to end.
    """
    timing = timing or Timing()
    backoff = Backoff()
    while True:
        ended: Exception | None = None
        try:
            await controller.run()
        except Exception as error:
            ended = error
        seconds = backoff.next(timing.clock(), timing.random())
        _logger.error("the %s controller ended; it is run again in %.1f seconds", name, seconds, exc_info=ended)
        await timing.sleep(seconds)
