"""Compaction by the clock: what has been superseded for a while is forgotten."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable

from steersman.storage.store import Compacted, Store, StoreClosed

_log = logging.getLogger(__name__)


class Compactor:
    """Compacts a store, every interval, to what was its newest revision one interval ago (as kube-apiserver does).

    So every revision stays readable for at least one interval, and a watch may be away as long.

    :param interval_seconds: time between two compactions; ValueError is raised for what is no positive finite number.
    :param on_compacted: told the revision after each compaction.
    :param wait: sleeps for a number of seconds.
    """

    def __init__(
        self,
        store: Store,
        interval_seconds: float = 300.0,
        *,
        on_compacted: Callable[[int], None] = lambda revision: None,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not 0 < interval_seconds < math.inf:
            raise ValueError(f"the compaction interval must be a positive number of seconds, not {interval_seconds}")
        self._store, self._interval, self._wait = store, interval_seconds, wait
        self._on_compacted = on_compacted
        self._seen = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin with the first interval; the store is open."""
        self._seen = await self._store.current_revision()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End at once; a compaction that was asked for goes on in the store."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def compact(self) -> None:
        """Compact to what was the newest revision at the last call (or start)."""
        target, self._seen = self._seen, await self._store.current_revision()
        # Another process's compactor may have been here; and an idle store has nothing to forget.
        with contextlib.suppress(Compacted):
            await self._store.compact(target)
        self._on_compacted(target)

    async def _run(self) -> None:
        while True:
            await self._wait(self._interval)
            try:
                await self.compact()
            except StoreClosed:
                return
            except Exception:
                _log.exception("compaction failed; it is tried again in %s seconds", self._interval)
