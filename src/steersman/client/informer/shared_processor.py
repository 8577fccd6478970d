"""The event handlers of one informer, and who of them is told what."""

import asyncio
from collections.abc import Iterable

from steersman.client.cache import CachedObject
from steersman.client.informer.notification import AddNotification, Notification
from steersman.client.informer.processor_listener import ProcessorListener


class SharedProcessor:
    """Passes notifications on to listeners, each of which has a task in ``tasks`` once there is such a group.

    Resyncs go only to those listeners whose time it is. A listener that never asked for any is one of them until
    another does, so that it hears of objects that a list repeats.
    """

    def __init__(self) -> None:
        self._listeners: list[ProcessorListener] = []
        self._tasks: asyncio.TaskGroup | None = None

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to deliver, in tasks of this group."""
        self._tasks = tasks
        for listener in self._listeners:
            tasks.create_task(listener.run())

    def stop(self) -> None:
        """Deliver nothing more."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def add(self, listener: ProcessorListener, present: Iterable[CachedObject]) -> None:
        """Add a listener, and tell it of the objects that are present."""
        self._listeners.append(listener)
        for obj in present:
            listener.add(AddNotification(obj, True))
        listener.check_synced()
        if self._tasks is not None:
            self._tasks.create_task(listener.run())

    def remove(self, listener: ProcessorListener) -> None:
        """Remove a listener; it need not be there."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            listener.close()

    def distribute(self, notification: Notification, sync: bool) -> None:
        """Tell all listeners; with ``sync`` only those that resync now."""
        for listener in self._listeners:
            if not sync or listener.syncing:
                listener.add(notification)

    def check_synced(self) -> None:
        """To be called when the informer has synced."""
        for listener in self._listeners:
            listener.check_synced()

    def should_resync(self, now: float) -> bool:
        """Whether any listener is to be told of all objects again; notes which ones."""
        for listener in self._listeners:
            listener.syncing = bool(listener.resync_period) and now >= listener.next_resync
            if listener.syncing:
                listener.next_resync = now + listener.resync_period
        return any(listener.syncing for listener in self._listeners)
