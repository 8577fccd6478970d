"""Objects that wait for initializers: hidden until they are ready, and their creators with them.

What waits is stored like anything else, with ``metadata.initializers``. Only readers that ask for it see it, and who
created it gets no answer before it is initialized, has failed, or the time is up.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from steersman.apimachinery.errors import ApiError, conflict, service_unavailable, timeout
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.request_info import is_true
from steersman.storage.watch_cache import Cacher, Change, Entry

PARAMETER = "includeUninitialized"
WAIT_SECONDS = 30.0
"""How long the answer to a create is held back at most."""

_Key = tuple[str, str]
"""Namespace and name of an object."""
_Waiters = dict[_Key, list["asyncio.Queue[Change | None]"]]
"""Who waits for an object: what happens to it, None when the server stops."""


class Visibility(Enum):
    """Which objects a reader sees. ``only`` is ours: those that still wait, for whoever looks after them."""

    INITIALIZED = ""
    ALL = "true"
    UNINITIALIZED = "only"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Visibility":
        """What the parameter ``includeUninitialized`` asks for."""
        value = query.get(PARAMETER)
        if value is None:
            return cls.INITIALIZED
        if value == cls.UNINITIALIZED.value:
            return cls.UNINITIALIZED
        return cls.ALL if is_true(value) else cls.INITIALIZED


def is_initialized(entry: Entry) -> bool:
    return entry.metadata.initializers is None


def is_uninitialized(entry: Entry) -> bool:
    return entry.metadata.initializers is not None


def has_failed(meta: Mapping[str, Any]) -> bool:
    """Whether an initializer has ended the initialization of an object with this metadata."""
    initializers = meta.get("initializers")
    return isinstance(initializers, dict) and initializers.get("result") is not None


_TESTS: Mapping[Visibility, Callable[[Entry], bool] | None] = {
    Visibility.INITIALIZED: is_initialized,
    Visibility.ALL: None,
    Visibility.UNINITIALIZED: is_uninitialized,
}


class Initialization:
    """Whether objects of a server can wait for initializers, and the creators that do wait.

    ``enabled``: they can. Where it is false, writes drop ``metadata.initializers``; what waits since it was true stays
    hidden if ``hides``, until it is written again. A creator waits ``wait_seconds``.
    """

    def __init__(self, *, enabled: bool = False, wait_seconds: float = WAIT_SECONDS) -> None:
        self.enabled = self.hides = enabled
        self.wait_seconds = wait_seconds
        self._waiters: WeakKeyDictionary[Cacher, _Waiters] = WeakKeyDictionary()
        self._held: WeakKeyDictionary[Cacher, set[_Key]] = WeakKeyDictionary()

    def test(self, query: Mapping[str, str]) -> Callable[[Entry], bool] | None:
        """What an object must pass to be shown to a request with these parameters; None: all are."""
        return _TESTS[Visibility.of(query)] if self.hides else None

    def holds_any(self, cacher: Cacher) -> bool:
        """Whether any object that is in the cache now waits; the cache is filled. Looked for once, then kept up."""
        held = self._held.get(cacher)
        if held is None:
            held = self._held[cacher] = {_key(entry) for entry in cacher.list()[0] if is_uninitialized(entry)}
            cacher.subscribe(partial(_note, held))
        return bool(held)

    async def wait(self, resource: GroupResource, cacher: Cacher, entry: Entry) -> Entry:
        """The object that was created as ``entry``, once it is initialized.

        Raises the ApiError that its initializer set as its result; 409 where it was deleted, 504 when time is up, 503
        when the server stops.
        """
        if entry.metadata.initializers is None:
            return entry
        key = _key(entry)
        changes: asyncio.Queue[Change | None] = asyncio.Queue()
        waiters = self._waiters_of(cacher)
        waiters.setdefault(key, []).append(changes)
        try:
            for missed in _missed(cacher, entry):
                changes.put_nowait(missed)
            async with asyncio.timeout(self.wait_seconds):
                while (change := await changes.get()) is not None:
                    if (found := _outcome(resource, entry, change)) is not None:
                        return found
            message = f"the server is stopping, and {resource} {entry.name} is not initialized yet"
            raise service_unavailable(message)
        except TimeoutError:
            message = f"server has timed out waiting for the initialization of {resource} {entry.name}"
            raise timeout(message, 0) from None
        finally:
            waiters[key].remove(changes)
            if not waiters[key]:
                del waiters[key]

    def stop(self) -> None:
        """Let nobody wait any more."""
        for waiters in self._waiters.values():
            for queues in waiters.values():
                for changes in queues:
                    changes.put_nowait(None)

    def _waiters_of(self, cacher: Cacher) -> _Waiters:
        """Who waits for objects of one resource; it is told of changes from the first time that somebody does."""
        waiters = self._waiters.get(cacher)
        if waiters is None:
            waiters = self._waiters[cacher] = {}

            def tell(batch: Sequence[Change]) -> None:
                if not waiters:
                    return
                for change in batch:
                    for queue in waiters.get(_key(change.entry), ()):
                        queue.put_nowait(change)

            cacher.subscribe(tell)
        return waiters


def _note(held: set[_Key], batch: Sequence[Change]) -> None:
    for change in batch:
        if change.deleted or is_initialized(change.entry):
            held.discard(_key(change.entry))
        else:
            held.add(_key(change.entry))


def _key(entry: Entry) -> _Key:
    return entry.namespace, entry.name


def _missed(cacher: Cacher, created: Entry) -> Iterator[Change]:
    """What has happened to an object before its creator began to wait."""
    if not cacher.ready or cacher.revision < created.revision:
        return
    if cacher.window.start <= created.revision:
        for change in cacher.window.after(created.revision):
            if _key(change.entry) == _key(created):
                yield change
        return
    present = cacher.get(created.namespace, created.name)
    yield Change(created.at(cacher.revision), created, True) if present is None else Change(present, created)


def _outcome(resource: GroupResource, created: Entry, change: Change) -> Entry | None:
    """The object if a change has initialized it, None while it waits on, be it for its deletion."""
    entry = change.entry
    if entry.revision <= created.revision:
        return None
    initializers = entry.metadata.initializers
    if change.deleted or entry.create_revision != created.create_revision:
        result = (initializers or {}).get("result")
        if isinstance(result, dict) and entry.create_revision == created.create_revision:
            raise failure(result)
        raise conflict(resource, entry.name, "object deleted while waiting for creation")
    return entry if initializers is None else None


def failure(result: Mapping[str, Any]) -> ApiError:
    """The Status that an initializer set, as the answer to the create."""
    code, details, metadata = result.get("code"), result.get("details"), result.get("metadata")
    return ApiError(
        code if isinstance(code, int) and 400 <= code < 600 else 500,
        result.get("reason") or "",
        result.get("message") or "",
        details if isinstance(details, dict) else None,
        metadata=metadata if isinstance(metadata, dict) else {},
    )
