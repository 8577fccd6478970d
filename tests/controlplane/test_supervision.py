import asyncio
import logging

import pytest

from steersman.client.informer.reflector import Timing
from steersman.controlplane.supervision import keep_running


class Failing:
    """Ends in a way of its own for each of ``ends``, then goes on."""

    def __init__(self, *ends: Exception | None) -> None:
        self._ends = list(ends)
        self.goes_on = asyncio.Event()

    async def run(self) -> None:
        if self._ends:
            end = self._ends.pop(0)
            if end is not None:
                raise end
            return
        self.goes_on.set()
        await asyncio.Event().wait()


async def run_until_it_goes_on(controller: Failing) -> list[float]:
    """The seconds that it was waited after each end."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    timing = Timing(clock=lambda: 0.0, sleep=sleep, random=lambda: 0.0)
    task = asyncio.create_task(keep_running("quota", controller, timing))
    async with asyncio.timeout(30):
        await controller.goes_on.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return waited


async def test_a_controller_that_fails_is_run_again_after_growing_pauses() -> None:
    group = ExceptionGroup("workers", [ValueError("two")])

    waited = await run_until_it_goes_on(Failing(ValueError("one"), group, None))

    assert waited == [0.8, 1.6, 3.2]


async def test_it_is_logged_by_name_with_what_it_raised(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        await run_until_it_goes_on(Failing(ValueError("one"), None))

    first, second = caplog.records
    assert first.getMessage() == "the quota controller ended; it is run again in 0.8 seconds"
    assert first.exc_info is not None
    assert str(first.exc_info[1]) == "one"
    assert not second.exc_info
