"""The delivery of changes to one event handler."""

import asyncio
import logging
from collections import deque
from typing import Final

from steersman.apimachinery.group_version import GroupResource
from steersman.client.informer.cache_sync import Synced
from steersman.client.informer.notification import Notification
from steersman.client.informer.resource_event_handler import ResourceEventHandler

TURN: Final = 256
"""Calls of a handler in a row before others get a turn."""

_log = logging.getLogger(__name__)


class ProcessorListener:
    """Tells ``handler`` of changes in their order, in a task of its own, and holds those that it was not yet told.

    It is what ``add_event_handler`` gives back. ``resync_period`` is in seconds, 0 for none; ``upstream`` is whether
    the informer has synced. A handler that fails is logged with ``resource``.
    """

    def __init__(
        self, handler: ResourceEventHandler, resource: GroupResource, resync_period: float, now: float, upstream: Synced
    ) -> None:
        self.resync_period = resync_period
        self.next_resync = now + resync_period
        self.syncing = True
        self._upstream = upstream
        self._synced = Synced()
        self._initial = 0
        self._pending: deque[Notification] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self._handler = handler
        self._resource = resource

    @property
    def has_synced(self) -> bool:
        """Whether the informer has synced, and the handler was told of all objects that were there at first."""
        return self._synced.has_synced

    async def wait_for_sync(self) -> None:
        """Return when it has synced. Raises InformerStopped if it never will."""
        await self._synced.wait()

    def __len__(self) -> int:
        """How many changes the handler was not yet told of."""
        return len(self._pending)

    def add(self, notification: Notification) -> None:
        """Tell the handler of this after all that waits."""
        if notification.is_in_initial_list:
            self._initial += 1
        self._pending.append(notification)
        self._arrived.set()

    def close(self) -> None:
        """Tell the handler of nothing more; ``run`` ends."""
        self._closed = True
        self._pending.clear()
        self._arrived.set()
        self._synced.stop()

    def check_synced(self) -> None:
        """To be called when the informer has synced."""
        if not self._initial and self._upstream.has_synced:
            self._synced.set()

    async def run(self) -> None:
        """Deliver until closed."""
        handler, pending = self._handler, self._pending
        turn = TURN
        while not self._closed:
            if not pending:
                self._arrived.clear()
                await self._arrived.wait()
                turn = TURN
                continue
            notification = pending.popleft()
            try:
                done = notification.tell(handler)
                if done is not None:
                    await done
            except Exception:
                what, key = type(notification).__name__, notification.obj.key
                _log.exception("an event handler of %s failed on %s of %s", self._resource, what, key)
            if notification.is_in_initial_list:
                self._initial -= 1
                self.check_synced()
            turn -= 1
            if not turn:
                turn = TURN
                await asyncio.sleep(0)
