"""Reflector: has a store reflect what the server has of one kind, for as long as it runs.

It gets the state of all objects once, by a streaming list or a list, and from there on watches. It knows the last
version that it saw and takes a watch that was cut up from there; it lists again only where the server no longer knows
that version. Whatever goes wrong is tried again, with growing pauses.

The rules are those of client-go's ``tools/cache``:

- A streaming list (KEP-3157) is tried first. Where a server refuses it, or sends no bookmark at its end, the reflector
  lists and watches.
- The first list may be as old as the server likes (version ``0``). Later ones are not older than what was seen, and
  the latest there is (empty version) after the server did not have the last version any more, or not yet.
- Bookmarks move the version on while nothing happens. Watches end after 5 to 10 minutes, at random.
- Not to be reached, or told that it asks too much, it waits and watches from where it was.
- An event that is not JSON is a cut; one of another kind is logged and left out.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from random import random
from typing import Final, Protocol

from msgspec import Struct

from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject, MalformedObject, TypeMeta
from steersman.client.config import CredentialError
from steersman.client.informer.backoff import Backoff, RetryPeriod
from steersman.client.informer.list_options import NOT_OLDER_THAN, OVERTIME_SECONDS, ListOptions
from steersman.client.informer.list_pages import PageSizes, list_all
from steersman.client.informer.list_watch import ListerWatcher
from steersman.client.informer.watch_errors import (
    NoInitialEventsEnd,
    WatchCut,
    error_of_status,
    is_expired,
    is_internal,
    is_throttled,
    is_too_large,
    is_watch_list_refusal,
)
from steersman.client.informer.watch_stream import WatchEvent, watch_events
from steersman.client.transport import TransportError

MIN_WATCH_SECONDS: Final = 300.0
"""The server is asked to end each watch after this time to twice this time."""

INITIAL_EVENTS_SECONDS: Final = 10.0
"""How long the events of a streaming list may pause, before the server is taken for one that does not know them."""

INTERNAL_ERROR_SECONDS: Final = 30.0
"""How long a watch that fails with internal errors is tried again, before a list."""

SHORT_WATCH_SECONDS: Final = 1.0
"""A watch that ends sooner than this, without any event, is a failure."""

BOOKMARK: Final = "BOOKMARK"
INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"

_log = logging.getLogger(__name__)


class ReflectorStore(Protocol):
    """What is told of the changes; a DeltaFIFO is one."""

    def add(self, obj: CachedObject) -> None: ...

    def update(self, obj: CachedObject) -> None: ...

    def delete(self, obj: CachedObject) -> None: ...

    def replace(self, objects: Iterable[CachedObject], resource_version: str = "") -> None: ...


class Timing(Struct, frozen=True):
    """Where time and chance come from: ``clock`` and ``sleep`` are in seconds, ``random`` gives numbers in [0, 1)."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random


# Is told of every error for which a reflector lists anew; to look at, not to act on. It shall return quickly.
WatchErrorHandler = Callable[["Reflector", Exception], None]


def default_watch_error_handler(reflector: "Reflector", error: Exception) -> None:
    """Log the error: an expired version and a short watch are usual, others are warned of."""
    usual = is_expired(error) or isinstance(error, WatchCut)
    _log.log(logging.DEBUG if usual else logging.WARNING, "%s: failed to watch: %s", reflector.name, error)


class Reflector:
    """See the head of this module. ``on_change`` is called after ``store`` was told of some changes."""

    def __init__(
        self,
        lister_watcher: ListerWatcher,
        store: ReflectorStore,
        *,
        on_change: Callable[[], None] = lambda: None,
        watch_error_handler: WatchErrorHandler = default_watch_error_handler,
        use_watch_list: bool = True,
        timing: Timing | None = None,
    ) -> None:
        resource = lister_watcher.resource
        self.name = f"reflector of {resource.group_resource}"
        self._lister_watcher = lister_watcher
        self._expected = TypeMeta(resource.api_version, resource.kind)
        self._store = store
        self._on_change = on_change
        self._watch_error_handler = watch_error_handler
        self._use_watch_list = use_watch_list
        self._timing = timing or Timing()
        self._backoff = Backoff()
        self._internal_errors = RetryPeriod(INTERNAL_ERROR_SECONDS)
        self._page_sizes = PageSizes(lister_watcher.page_size)
        self._version = ""
        self._version_unavailable = False
        self._tell: Mapping[str, Callable[[CachedObject], None]] = {
            "ADDED": store.add,
            "MODIFIED": store.update,
            "DELETED": store.delete,
        }

    @property
    def last_sync_resource_version(self) -> str:
        """The version up to which ``store`` was told of changes; empty before the first list."""
        return self._version

    async def run(self) -> None:
        """List and watch until cancelled."""
        while True:
            try:
                await self._list_and_watch()
            except Exception as error:
                self._watch_error_handler(self, error)
            await self._back_off()

    async def _list_and_watch(self) -> None:
        """Get all there is, and watch until that is to be done anew; raises why."""
        if not (self._use_watch_list and await self._watch_list()):
            await self._list()
        while True:
            try:
                await self._watch(self._watch_options(self._version))
            except Exception as error:
                await self._resume_after(error)

    async def _resume_after(self, error: Exception) -> None:
        """Return when a watch that failed so may be taken up again from where it was; else raise the error."""
        if not (_is_unreachable(error) or (is_internal(error) and self._internal_errors.failed(self._timing.clock()))):
            raise error
        _log.info("%s: watching again after: %s", self.name, error)
        await self._back_off()

    async def _list(self) -> None:
        version = "" if self._version_unavailable else self._version or "0"
        try:
            metadata, objects = await list_all(self._lister_watcher, version, self._page_sizes)
        except ApiError as error:
            if not (is_expired(error) or is_too_large(error)):
                raise
            self._version_unavailable = True
            metadata, objects = await list_all(self._lister_watcher, "", self._page_sizes)
        self._replace(objects, metadata.resource_version)

    def _replace(self, objects: Iterable[CachedObject], version: str) -> None:
        self._store.replace(objects, version)
        self._version = version
        self._version_unavailable = False
        self._on_change()

    async def _watch_list(self) -> bool:
        """Get all there is by a streaming list, and watch on until it ends; tell whether that worked."""
        while True:
            version = "" if self._version_unavailable else self._version
            initial = _InitialEvents()
            try:
                await self._watch(self._watch_options(version, initial=True), initial)
                return initial.ended
            except Exception as error:
                if initial.ended:
                    await self._resume_after(error)
                    return True
                if is_watch_list_refusal(error) or isinstance(error, NoInitialEventsEnd):
                    self._use_watch_list = False
                elif _is_unreachable(error):
                    await self._back_off()
                    continue
                elif version and (is_expired(error) or is_too_large(error)):
                    self._version_unavailable = True
                    continue
                _log.info("%s: falling back from a streaming list to list and watch: %s", self.name, error)
                return False

    def _watch_options(self, version: str, *, initial: bool = False) -> ListOptions:
        return ListOptions(
            resource_version=version,
            resource_version_match=NOT_OLDER_THAN if initial else "",
            timeout_seconds=int(MIN_WATCH_SECONDS * (1 + self._timing.random())),
            allow_watch_bookmarks=True,
            send_initial_events=initial,
        )

    async def _watch(self, options: ListOptions, initial: "_InitialEvents | None" = None) -> None:
        """One watch, until it ends; raises if it could not be opened, the server sent an error, or it came to nothing.

        With ``initial`` its first events are the state of all objects, up to a bookmark that says so.
        """
        started, before = self._timing.clock(), self._version
        async with self._lister_watcher.watch(options) as chunks:
            try:
                await self._consume(chunks, options.timeout_seconds + OVERTIME_SECONDS, initial)
            except (TransportError, TimeoutError, MalformedObject) as cut:
                _log.debug("%s: the watch was cut off: %s", self.name, cut)
        if self._version == before and self._timing.clock() - started < SHORT_WATCH_SECONDS:
            raise WatchCut("very short watch: it lasted less than a second and told nothing")

    async def _consume(self, chunks: AsyncIterator[bytes], seconds: float, initial: "_InitialEvents | None") -> None:
        """Take the events of a watch; ``seconds`` is when it is over at the latest."""
        now = asyncio.get_running_loop().time
        over = now() + seconds
        try:
            async with asyncio.timeout_at(over) as limit, aclosing(watch_events(chunks)) as batches:
                if initial is not None:
                    limit.reschedule(now() + INITIAL_EVENTS_SECONDS)
                async for batch in batches:
                    try:
                        self._take(batch, initial)
                    finally:
                        self._on_change()
                    if initial is not None:
                        limit.reschedule(over if initial.ended else now() + INITIAL_EVENTS_SECONDS)
                        initial = None if initial.ended else initial
        except TimeoutError:
            if initial is not None:
                raise NoInitialEventsEnd(f"no event for {INITIAL_EVENTS_SECONDS:g} seconds, and no end") from None
            raise

    def _take(self, batch: list[WatchEvent], initial: "_InitialEvents | None") -> None:
        """Tell the store of a batch of events. Raises ApiError for the server's error."""
        for type_, obj in batch:
            if not isinstance(obj, CachedObject):
                raise error_of_status(obj)
            if (obj.api_version, obj.kind) != self._expected:
                _log.error("%s: expected %s, but an event had %r", self.name, self._expected, obj)
                continue
            if initial is not None and not initial.ended:
                if initial.take(type_, obj):
                    self._replace(initial.objects.values(), obj.resource_version)
                continue
            tell = self._tell.get(type_)
            if tell is not None:
                try:
                    tell(obj)
                except Exception:
                    _log.exception("%s: the store did not take %s of %r", self.name, type_, obj)
            elif type_ != BOOKMARK:
                _log.error("%s: an event of unknown type %s", self.name, type_)
                continue
            self._version = obj.resource_version or self._version

    async def _back_off(self) -> None:
        timing = self._timing
        await timing.sleep(self._backoff.next(timing.clock(), timing.random()))


class _InitialEvents:
    """The state of all objects, as the first events of a streaming list tell it."""

    __slots__ = ("ended", "objects")

    def __init__(self) -> None:
        self.objects: dict[str, CachedObject] = {}
        self.ended = False

    def take(self, type_: str, obj: CachedObject) -> bool:
        """Take one event in; return whether it was the bookmark at the end."""
        if type_ == BOOKMARK:
            self.ended = obj.annotations.get(INITIAL_EVENTS_END) == "true"
        elif type_ == "DELETED":
            self.objects.pop(obj.key, None)
        else:
            self.objects[obj.key] = obj
        return self.ended


def _is_unreachable(error: Exception) -> bool:
    """No server was asked, or none answered, or one that cannot take more: to ask the same later is as good."""
    return is_throttled(error) or isinstance(error, TransportError | TimeoutError | CredentialError)
