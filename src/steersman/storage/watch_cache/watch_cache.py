"""The watch cache: every read and watch is served from memory, which one watch on the store keeps up to date."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from steersman.storage.store import Compacted, Event, Store, StoreClosed, Watch
from steersman.storage.watch_cache.bookmark_timer import BookmarkTimer
from steersman.storage.watch_cache.cacher import Cacher
from steersman.storage.watch_cache.codec import Codec
from steersman.storage.watch_cache.flusher import Flusher
from steersman.storage.watch_cache.limits import Limits
from steersman.storage.watch_cache.progress import Progress

logger = logging.getLogger(__name__)

_RETRY = 1.0
_EMPTY = 1
"""The revision of a store that was never written to."""


class WatchCache:
    """The caches of all resources of one store, fed by one watch on ``prefix``.

    A resource lies under ``<prefix><resource>/`` or ``<prefix><group>/<resource>/``.
    """

    def __init__(self, store: Store, *, prefix: str = "/registry/", limits: Limits | None = None) -> None:
        self._store, self._prefix = store, prefix
        self._limits = limits or Limits()
        self._cachers: dict[str, Cacher] = {}
        # The last event seen of resources without a cacher, by either form of prefix.
        self._changed: dict[str, int] = {}
        self._progress = Progress()
        self._flusher = Flusher()
        self._bookmark_timer = BookmarkTimer(self._limits.bookmark_interval, self._bookmark)
        self._history: tuple[int, int] | None = None
        self._history_read = asyncio.Event()
        self._feed: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def revision(self) -> int:
        """The newest revision applied, of whatever resource."""
        return self._progress.revision

    async def start(self) -> None:
        """Follow the store from its present revision on, with a look at the end of its log.

        Raises :class:`StoreClosed`.
        """
        revision = await self._store.current_revision()
        self._progress.advance(revision)
        self._progress.known_since = revision
        first = max(1, revision - self._limits.history + 1)
        self._history = (first, revision)
        watch = self._store.watch(self._prefix, first)
        self._feed = asyncio.create_task(self._follow(watch), name="watch cache")
        if revision > _EMPTY:
            # The last revision may be of a key elsewhere, and never be seen: then it has to do without.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.history_wait):
                    await self._history_read.wait()

    async def stop(self) -> None:
        """End the feed, the watches and the waits; the store stays open."""
        if self._feed is not None:
            self._feed.cancel()
            await asyncio.wait([self._feed])

    def cacher(self, prefix: str, codec: Codec, namespaced: bool) -> Cacher:
        """The cache of the resource under ``prefix`` (with its slash at the end), made where there is none yet."""
        cacher = self._cachers.get(prefix)
        if cacher is None:
            cacher = self._cachers[prefix] = Cacher(
                prefix,
                codec,
                namespaced,
                store=self._store,
                progress=self._progress,
                flusher=self._flusher,
                bookmark_timer=self._bookmark_timer,
                limits=self._limits,
                changed=self._changed.pop(prefix, 0),
            )
            if self._ended:
                cacher.close()
        return cacher

    def compacted(self, revision: int) -> None:
        """Forget what the store's log has forgotten, so that both give the same answer to who comes too late.

        A watch from an older revision goes on as long as nothing of its resource was changed in between.
        """
        for cacher in self._cachers.values():
            cacher.compacted(revision)

    def drop(self, prefix: str) -> None:
        """Forget a resource: its watches end, its cacher is not to be used any more."""
        cacher = self._cachers.pop(prefix, None)
        if cacher is not None:
            self._changed[prefix] = cacher.changed
            cacher.close()

    async def _follow(self, watch: Watch) -> None:
        try:
            while True:
                try:
                    await self._read(watch)
                except Compacted as lost:
                    watch = self._less_history(lost) or await self._start_again()
                except StoreClosed:
                    raise
                except Exception:
                    logger.exception("the watch cache failed and loads again")
                    await asyncio.sleep(_RETRY)
                    watch = await self._start_again()
        except StoreClosed as error:
            logger.info("all watches end: %s", error)
        finally:
            watch.close()
            self._end()

    async def _read(self, watch: Watch) -> None:
        async for events in watch:
            self._apply(events)
            if self._history is not None and events[-1].kv.mod_revision >= self._history[1]:
                self._progress.known_since = self._history[0] - 1
                self._history = None
                self._history_read.set()
        raise StoreClosed("the store ended its watch")

    def _apply(self, events: Sequence[Event]) -> None:
        touched: dict[Cacher, None] = {}
        for event in events:
            cacher = self._cacher_of(event)
            if cacher is not None and cacher.apply(event):
                touched[cacher] = None
        self._progress.advance(events[-1].kv.mod_revision)
        for cacher in touched:
            cacher.publish()

    def _cacher_of(self, event: Event) -> Cacher | None:
        key = event.kv.key
        short = key.find("/", len(self._prefix)) + 1
        cacher = self._cachers.get(key[:short])
        if cacher is None:
            long = key.find("/", short) + 1
            cacher = self._cachers.get(key[:long])
            if cacher is None:
                self._changed[key[:short]] = self._changed[key[: long or short]] = event.kv.mod_revision
        return cacher

    def _less_history(self, lost: Compacted) -> Watch | None:
        """The feed from what the log still has, None where it lacks what came after the start."""
        if self._history is None or lost.compact_revision > self._history[1] + 1:
            return None
        self._history = (lost.compact_revision, self._history[1])
        return self._store.watch(self._prefix, lost.compact_revision)

    async def _start_again(self) -> Watch:
        """Follow the store from now on. What came in between is found by loading again; clients watch anew."""
        logger.warning("the watch cache missed events of the store: all watches end, all resources load again")
        self._history = None
        revision = await self._store.current_revision()
        watch = self._store.watch(self._prefix, revision + 1)
        for cacher in self._cachers.values():
            cacher.reset()
        self._progress.known_since = revision
        self._progress.advance(revision)
        return watch

    def _end(self) -> None:
        self._ended = True
        self._bookmark_timer.stop()
        for cacher in self._cachers.values():
            cacher.close()
        self._progress.fail(StoreClosed("the watch cache has ended"))

    def _bookmark(self) -> bool:
        # A list, not a generator: every one has to send.
        wanted = [cacher.bookmark() for cacher in self._cachers.values()]
        return any(wanted)
