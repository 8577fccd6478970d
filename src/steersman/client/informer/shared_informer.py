"""SharedInformer: one cache of the objects of a kind, for all who need them."""

import asyncio
import logging
from types import TracebackType
from typing import Final, Self

from steersman.client.cache import (
    DeletedFinalStateUnknown,
    Delta,
    DeltaFIFO,
    Deltas,
    DeltaType,
    Indexer,
    Indexers,
    Lister,
    TransformFunc,
)
from steersman.client.informer.cache_sync import InformerStopped, Synced
from steersman.client.informer.list_watch import ListerWatcher
from steersman.client.informer.notification import AddNotification, DeleteNotification, UpdateNotification
from steersman.client.informer.processor_listener import ProcessorListener
from steersman.client.informer.reflector import Reflector, Timing, WatchErrorHandler, default_watch_error_handler
from steersman.client.informer.resource_event_handler import ResourceEventHandler
from steersman.client.informer.shared_processor import SharedProcessor

MINIMUM_RESYNC_PERIOD: Final = 1.0
TURN: Final = 256
"""Objects whose changes are taken in a row, before others get a turn."""

# What add_event_handler gives back, and remove_event_handler takes.
ResourceEventHandlerRegistration = ProcessorListener

_log = logging.getLogger(__name__)


class SharedInformer:
    """Keeps ``indexer`` as ``lister_watcher``'s objects are, and tells event handlers of every change.

    ``resync_period`` is in seconds, for handlers that ask for none of their own; 0 is none. ``indexers`` are index
    functions by index name. ``transform`` makes of each object what is stored.

    It belongs to one event loop, runs once, and cannot be started again after it has stopped. The store changes before
    handlers are told, and the changes of an object are told in their order. A handler that waits or fails holds up
    neither the store nor another handler.
    """

    def __init__(
        self,
        lister_watcher: ListerWatcher,
        resync_period: float = 0.0,
        indexers: Indexers | None = None,
        transform: TransformFunc | None = None,
        *,
        use_watch_list: bool = True,
        timing: Timing | None = None,
    ) -> None:
        self.indexer = Indexer(indexers)
        self.lister = Lister(self.indexer, lister_watcher.resource.group_resource)
        self._lister_watcher = lister_watcher
        self._default_resync_period = self._resync_check_period = resync_period
        self._transform = transform
        self._watch_error_handler: WatchErrorHandler = default_watch_error_handler
        self._use_watch_list = use_watch_list
        self._timing = timing or Timing()
        self._processor = SharedProcessor()
        self._synced = Synced()
        self._changed = asyncio.Event()
        self._reflector: Reflector | None = None
        self._stopped = False
        self._running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """List, watch and tell until cancelled. Raises RuntimeError if it was started before."""
        self._check_not_started()
        changes = DeltaFIFO(self.indexer, self._transform)
        self._reflector = Reflector(
            self._lister_watcher,
            changes,
            on_change=lambda: self._process_some(changes),
            watch_error_handler=self._watch_error_handler,
            use_watch_list=self._use_watch_list,
            timing=self._timing,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                self._processor.start(tasks)
                tasks.create_task(self._reflector.run())
                tasks.create_task(self._process(changes))
                if self._resync_check_period:
                    tasks.create_task(self._resync(changes))
        finally:
            self._stopped = True
            self._synced.stop()
            self._processor.stop()

    async def __aenter__(self) -> Self:
        """Run in a task, until the end of the block."""
        self._check_not_started()
        self._running = asyncio.create_task(self.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait((self._running,))
            if not self._running.cancelled():
                self._running.result()

    @property
    def has_started(self) -> bool:
        return self._reflector is not None

    @property
    def is_stopped(self) -> bool:
        """Whether it has stopped; it cannot be started again."""
        return self._stopped

    @property
    def has_synced(self) -> bool:
        """Whether the store has had all objects that the first list had. Handlers may not have been told of all."""
        return self._synced.has_synced

    async def wait_for_sync(self) -> None:
        """Return when it has synced. Raises InformerStopped if it never will."""
        await self._synced.wait()

    @property
    def last_sync_resource_version(self) -> str:
        """The version up to which changes were learned of; empty before the first list."""
        return "" if self._reflector is None else self._reflector.last_sync_resource_version

    def add_indexers(self, indexers: Indexers) -> None:
        """Add indexes, also while it runs. Raises ValueError for a name in use, InformerStopped."""
        self._check_not_stopped("indexers")
        self.indexer.add_indexers(indexers)

    def set_transform(self, transform: TransformFunc | None) -> None:
        """Raises RuntimeError if it has started."""
        self._check_not_started()
        self._transform = transform

    def set_watch_error_handler(self, handler: WatchErrorHandler) -> None:
        """Have ``handler`` told of errors in place of the log. Raises RuntimeError if it has started."""
        self._check_not_started()
        self._watch_error_handler = handler

    def add_event_handler(
        self, handler: ResourceEventHandler, resync_period: float | None = None
    ) -> ResourceEventHandlerRegistration:
        """Tell ``handler`` of all objects that are there, and from now on of every change.

        ``resync_period`` is in seconds: how often to tell it of all objects again; 0 is never, None as the informer's.
        It is at least one second, and once the informer runs at least the shortest of before. Raises InformerStopped.
        """
        self._check_not_stopped("event handler")
        period = self._resync_period(self._default_resync_period if resync_period is None else resync_period)
        resource = self._lister_watcher.resource.group_resource
        listener = ProcessorListener(handler, resource, period, self._timing.clock(), self._synced)
        self._processor.add(listener, self.indexer.list())
        return listener

    def remove_event_handler(self, registration: ResourceEventHandlerRegistration) -> None:
        """Tell the handler of nothing more, after the call that it may be in; it need not be there."""
        self._processor.remove(registration)

    def _resync_period(self, seconds: float) -> float:
        """The resync period that a handler gets which asks for this one."""
        if not seconds:
            return 0.0
        seconds = max(seconds, MINIMUM_RESYNC_PERIOD)
        check = self._resync_check_period
        if self.has_started:
            if not check:
                _log.warning("a resync period of %g seconds is ignored: this informer runs without resyncs", seconds)
                return 0.0
            return max(seconds, check)
        if not check or seconds < check:
            self._resync_check_period = seconds
        return seconds

    def _check_not_started(self) -> None:
        if self.has_started:
            raise RuntimeError("the informer has already started")

    def _check_not_stopped(self, what: str) -> None:
        if self._stopped:
            raise InformerStopped(f"{what} cannot be added to an informer that was stopped")

    async def _process(self, changes: DeltaFIFO) -> None:
        """Take out what is left over by ``_process_some``."""
        while True:
            if not len(changes):
                self._changed.clear()
                await self._changed.wait()
            self._process_some(changes)
            await asyncio.sleep(0)

    def _process_some(self, changes: DeltaFIFO) -> None:
        """Take some changes out, and leave it to ``_process`` to go on if there are more."""
        for _ in range(TURN):
            if changes.pop(self._handle_deltas) is None:
                break
        if len(changes):
            self._changed.set()
        if changes.has_synced and not self._synced.has_synced:
            self._synced.set()
            self._processor.check_synced()

    async def _resync(self, changes: DeltaFIFO) -> None:
        timing = self._timing
        while True:
            await timing.sleep(self._resync_check_period)
            if self._processor.should_resync(timing.clock()):
                changes.resync()
                self._changed.set()

    def _handle_deltas(self, deltas: Deltas, in_initial_list: bool) -> None:
        for delta in deltas:
            try:
                self._handle(delta, in_initial_list)
            except Exception:
                _log.exception("%s of %s could not be stored", delta.type, delta.object.key)

    def _handle(self, delta: Delta, in_initial_list: bool) -> None:
        """Store one change, then have it told."""
        obj = delta.object
        distribute = self._processor.distribute
        if delta.type is DeltaType.DELETED or isinstance(obj, DeletedFinalStateUnknown):
            self.indexer.delete(obj)
            distribute(DeleteNotification(obj), False)
            return
        old = self.indexer.get(obj)
        self.indexer.update(obj)
        if old is None:
            distribute(AddNotification(obj, in_initial_list), False)
        else:
            unchanged = old.resource_version == obj.resource_version
            distribute(UpdateNotification(old, obj), unchanged)
