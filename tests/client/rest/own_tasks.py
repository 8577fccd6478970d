"""The tasks that a test starts: by its own calls, and in a server in its process that they reach."""

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

_COUNTED = ContextVar("counted", default=False)


class OwnTasks:
    """Not those of a control plane's controllers: they come up beside it, at some moment."""

    def __init__(self) -> None:
        self._started: WeakSet[asyncio.Task[Any]] = WeakSet()

    def start(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **more: Any,
    ) -> asyncio.Task[Any]:
        """A task factory. Tasks inherit the context, and so it is known on whose behalf one starts."""
        task = asyncio.Task(coroutine, loop=loop, **more)
        if _COUNTED.get():
            self._started.add(task)
        return task

    def running(self) -> set[asyncio.Task[Any]]:
        return {task for task in self._started if not task.done()}


@contextmanager
def own_tasks() -> Iterator[OwnTasks]:
    """Counts from here on, within the block."""
    loop, tasks, token = asyncio.get_running_loop(), OwnTasks(), _COUNTED.set(True)
    loop.set_task_factory(tasks.start)
    try:
        yield tasks
    finally:
        loop.set_task_factory(None)
        _COUNTED.reset(token)
