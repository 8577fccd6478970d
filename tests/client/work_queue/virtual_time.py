"""An event loop that does not wait: when nothing is left to do, its time jumps to the next timer."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

# A control plane imports them in a thread if nobody has: threads are not seen by a loop that does not wait.
import steersman.controlplane.controllers  # noqa: F401

R = TypeVar("R")


class Stuck(Exception):
    """Everything waits, and no timer is set: in real time this would have been for ever."""


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(scenario: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run ``scenario`` in virtual time; raise Stuck where it would wait for ever."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(scenario())


def clock() -> float:
    """The time of the running loop."""
    return asyncio.get_running_loop().time()


async def others() -> None:
    """Let all other tasks run as far as they can at this time."""
    for _ in range(20):
        await asyncio.sleep(0)


def started(awaitable: Awaitable[R]) -> "asyncio.Task[R]":
    """A task that waits for ``awaitable``."""

    async def wait() -> R:
        return await awaitable

    return asyncio.get_running_loop().create_task(wait())
