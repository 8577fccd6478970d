"""The cache of one resource: its present objects, its latest changes, its watches."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from steersman.storage.store import Compacted, Event, KeyValue, Store, StoreClosed, Watch
from steersman.storage.watch_cache.bookmark_timer import BookmarkTimer
from steersman.storage.watch_cache.channel import Channels
from steersman.storage.watch_cache.codec import Codec
from steersman.storage.watch_cache.entry import Change, Entry, change_between
from steersman.storage.watch_cache.flusher import Flusher
from steersman.storage.watch_cache.limits import Limits
from steersman.storage.watch_cache.loading import differences, load
from steersman.storage.watch_cache.objects import Objects
from steersman.storage.watch_cache.progress import Progress
from steersman.storage.watch_cache.view import F, Sink, View
from steersman.storage.watch_cache.watcher import Watcher
from steersman.storage.watch_cache.window import Window

logger = logging.getLogger(__name__)

Listener = Callable[[Sequence[Change]], None]
"""Called within the turn of the loop that applied the changes, with those of one batch in revision order."""


class Cacher:
    """One resource, from the store in its storage version. :class:`WatchCache` makes it; the first use fills it.

    ``changed`` is the revision of the last event seen (after a load: not below it). While ``ready`` is false, only
    the waiting methods may be used.
    """

    def __init__(
        self,
        prefix: str,
        codec: Codec,
        namespaced: bool,
        *,
        store: Store,
        progress: Progress,
        flusher: Flusher,
        bookmark_timer: BookmarkTimer,
        limits: Limits,
        changed: int,
    ) -> None:
        self.prefix, self.codec, self.namespaced = prefix, codec, namespaced
        self.ready = False
        self.changed = changed
        self.flusher, self.limits = flusher, limits
        self.channels = Channels(flusher)
        self.window = self._window(0)
        self._cut = len(prefix)
        self._store, self._progress, self._bookmark_timer = store, progress, bookmark_timer
        self._objects = Objects()
        self._floor = self._generation = 0
        self._closed = False
        self._loading: asyncio.Task[None] | None = None
        self._backlog: list[Event] = []
        self._batch: list[Change] = []
        self._listeners: list[Listener] = []
        self._watchers: set[Watcher[Any]] = set()

    @property
    def revision(self) -> int:
        """The revision that the objects here are at."""
        return max(self._progress.revision, self._floor)

    @property
    def count(self) -> int:
        return self._objects.count

    def key(self, namespace: str, name: str) -> str:
        """The store's key of an object; ``namespace`` is "" where the resource is cluster-scoped."""
        return f"{self.prefix}{namespace}/{name}" if self.namespaced else self.prefix + name

    def get(self, namespace: str, name: str) -> Entry | None:
        return self._objects.get(namespace, name)

    def list(
        self, namespace: str | None = None, after: tuple[str, str] | None = None, limit: int = 0
    ) -> tuple[list[Entry], int]:
        """Entries in the store's key order, at most ``limit`` (0: all), and how many there are behind them.

        ``namespace`` None: all. ``after`` is the (namespace, name) that the list continues behind; it need not exist.
        The list is the state at :attr:`revision`.
        """
        return self._objects.list(namespace, after, limit)

    def present(self, namespace: str | None, name: str | None) -> Sequence[Entry]:
        """The objects of a namespace (None: all) with a name (None: any)."""
        if name is None:
            return self._objects.list(namespace)[0]
        if namespace is None and self.namespaced:
            return [entry for entry in self._objects.list()[0] if entry.name == name]
        entry = self._objects.get(namespace or "", name)
        return [] if entry is None else [entry]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have a listener called with every batch of changes from now on; the result ends that.

        What a listener raises is logged and stops nothing. Objects that are there already are not reported.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def wait_ready(self) -> None:
        """Return once the objects are loaded.

        Raises :class:`StoreClosed`, also when the resource was dropped, and what else kept the store from listing.
        """
        while not self.ready:
            if self._closed:
                raise StoreClosed(f"{self.prefix} is not served any more")
            task = self._start_loading()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    async def wait_for(self, revision: int, deadline: float) -> None:
        """Return once the cache is ready and has applied ``revision``.

        Raises :class:`FutureRevision` at ``deadline`` (the loop's time), :class:`StoreClosed`.
        """
        if not self.ready:
            await self.wait_ready()
        if revision > self.revision:
            await self._progress.wait_for(revision, deadline)
            await self.wait_ready()

    async def watch(
        self,
        view: View[F],
        sink: Sink[F],
        *,
        start: int | None,
        initial_events: bool = False,
        bookmarks: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Send what the view sees into the sink, until ``timeout`` (seconds), or the client, the resource or the
        store is gone, or the client is too slow.

        ``start`` None: all present objects as ADDED, then what happens; N: what happened after revision N.
        ``initial_events`` (KEP-3157): the present objects, at ``start`` or later, as ADDED, and where ``bookmarks``
        are allowed the annotated bookmark. Raises :class:`Compacted` when ``start`` is too old, and
        :class:`FutureRevision` when it does not come in time. Cancel it when the client leaves.
        """
        watcher = Watcher(self, view, sink, bookmarks)
        self._watchers.add(watcher)
        if bookmarks:
            self._bookmark_timer.want()
        try:
            await watcher.run(start, initial_events, timeout)
        finally:
            self._watchers.discard(watcher)

    def log(self, start: int) -> Watch:
        """The store's own watch on this resource, from a revision on."""
        return self._store.watch(self.prefix, start, previous=True)

    def decode(self, kv: KeyValue) -> Entry | None:
        """An entry of what the store has under a key of this resource, None where it is not an object of ours."""
        namespace, slash, name = kv.key[self._cut :].rpartition("/")
        if not name or "/" in namespace or bool(slash) != self.namespaced:
            return None
        revision = kv.mod_revision
        try:
            data = self.codec.final(kv.value, revision)
        except ValueError as error:
            logger.error("the value of %s at revision %d cannot be read and is left out: %s", kv.key, revision, error)
            return None
        created = revision if kv.create_revision == revision else kv.create_revision
        return Entry(self._objects.shared(namespace), name, revision, created, data, self.codec)

    def apply(self, event: Event) -> bool:
        """Take an event of this resource from the store's feed; true where :meth:`publish` has to follow."""
        revision = event.kv.mod_revision
        self.changed = max(self.changed, revision)
        if not self.ready:
            if self._loading is not None:
                self._backlog.append(event)
            return False
        if revision <= self._floor:
            return False
        change = self._step(event)
        if change is None:
            return False
        self.window.append(change)
        self._batch.append(change)
        return True

    def publish(self) -> None:
        """Show the applied changes to watches and listeners."""
        batch, self._batch = self._batch, []
        if not batch:
            return
        if self.channels:
            for change in batch:
                self.channels.publish(change)
        for listener in tuple(self._listeners):
            try:
                listener(batch)
            except Exception:
                logger.exception("a listener of %s failed", self.prefix)

    def bookmark(self) -> bool:
        """Send a bookmark to every watcher that asked for them; whether there are any."""
        for channel in self.channels:
            channel.bookmark(self.revision)
        return any(watcher.bookmarks for watcher in self._watchers)

    def compacted(self, revision: int) -> None:
        """The store's log lost what was at or below ``revision``: watches are not to see it here either."""
        self.window.forget(revision)

    def reset(self) -> None:
        """Events were missed: end the watches, and load again what had been loaded."""
        self._end_watches()
        self._generation += 1
        if self.ready:
            self.ready = False
            self._start_loading()

    def close(self) -> None:
        """End the watches and whatever is going on; nothing can be read any more."""
        self._closed, self.ready = True, False
        self._end_watches()
        if self._loading is not None:
            self._loading.cancel()

    def _end_watches(self) -> None:
        for watcher in tuple(self._watchers):
            watcher.end()

    def _start_loading(self) -> asyncio.Task[None]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._load(), name=f"load {self.prefix}")
            self._loading.add_done_callback(self._loaded)
        return self._loading

    def _loaded(self, task: asyncio.Task[None]) -> None:
        if self._loading is task:
            self._loading = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("loading %s failed: %s", self.prefix, error)

    async def _load(self) -> None:
        while True:
            self._backlog.clear()
            generation, known = self._generation, max(self.changed, self._progress.known_since)
            try:
                objects, revision = await load(self._store, self.prefix, self.decode, self.limits.load_page)
            except Compacted:
                continue
            if generation == self._generation:
                break
        self._loading = None
        self._install(objects, revision, known)

    def _install(self, objects: Objects, revision: int, known: int) -> None:
        """Take a loaded state; no event between the revision ``known`` and the load's start was missed."""
        old, again = self._objects, self._floor > 0
        if revision > self._progress.revision:
            # The feed has yet to bring some of what was listed.
            known = revision
        else:
            seen = (event.kv.mod_revision for event in self._backlog)
            known = max(known, max((one for one in seen if one <= revision), default=0))
        self._objects, self._floor = objects, revision
        self.window = self._window(min(known, revision))
        self.changed = max(self.changed, revision)
        self.ready = True
        if again and self._listeners:
            self._batch.extend(differences(old, objects, revision))
        for event in self._backlog:
            self.apply(event)
        self._backlog.clear()
        self.publish()

    def _step(self, event: Event) -> Change | None:
        kv = event.kv
        entry = None if event.deleted else self.decode(kv)
        if entry is not None:
            previous = self._objects.get(entry.namespace, entry.name)
            if previous is not None:
                entry.name = previous.name
            self._objects.put(entry)
            return Change(entry, previous)
        namespace, _, name = kv.key[self._cut :].rpartition("/")
        previous = self._objects.get(namespace, name)
        if previous is not None:
            self._objects.remove(previous)
        return change_between(previous, None, kv.mod_revision)

    def _window(self, start: int) -> Window:
        return Window(start, self.limits.window_changes, self.limits.window_bytes)
