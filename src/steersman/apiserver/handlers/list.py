"""LIST: from the cache where it has the asked revision, from the store's log for older ones."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from steersman.apimachinery.errors import ApiError, expired, resource_version_too_large
from steersman.apiserver.handlers.call import Call, rendered_list
from steersman.apiserver.handlers.options import ListOptions, list_options
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry.continuation import INCONSISTENT, Continuation, encode_continue, too_old
from steersman.apiserver.registry.initialization import is_initialized
from steersman.storage.store import Compacted, FutureRevision
from steersman.storage.watch_cache import Cacher, Entry

SCAN = 500
"""How many objects are looked at in one go for those that a selector with a limit wants."""

FRESHNESS_WAIT = 3.0
"""Seconds that a list waits for a resourceVersion which the server has not seen yet."""


class Selection(Struct, frozen=True):
    """The entries of a list, or of a page of it, at ``revision``.

    ``token`` continues it, empty at the end; ``remaining`` counts what follows, None where that is not known.
    """

    entries: Sequence[Entry]
    revision: int
    token: str = ""
    remaining: int | None = None


class _Page(Struct, frozen=True):
    """A piece in key order; ``remaining`` counts what follows it, before selectors."""

    entries: Sequence[Entry]
    revision: int
    remaining: int


async def list_(call: Call) -> Response:
    representation = call.representation()
    selection = await select(call, list_options(call.query, call.resource))
    body = await representation.collection(selection.entries, selection.revision, selection.token, selection.remaining)
    return await rendered_list(call, body, representation)


async def select(call: Call, options: ListOptions) -> Selection:
    """What ``options`` ask for."""
    stored, name = call.stored, call.info.name
    cacher = call.backend.cache.cacher(stored.prefix, stored.codec, stored.namespaced)
    if not cacher.ready:
        await cacher.wait_ready()
    namespace = place(call, options)
    at, after = await _start(cacher, options)
    matches = selector(options, _shown(call, cacher, at))
    if name and at == 0 and (namespace or not stored.namespaced):
        entry = cacher.get(namespace or "", name)
        found = [entry] if entry is not None and (matches is None or matches(entry)) else []
        return Selection(found, cacher.revision)
    page = await _page(call, cacher, namespace, after, options.limit, at)
    if matches is None:
        return _selection(page.entries, page, page.remaining)
    return await _matching(call, cacher, namespace, matches, options.limit, page)


async def _matching(
    call: Call,
    cacher: Cacher,
    namespace: str | None,
    matches: Callable[[Entry], bool],
    limit: int,
    page: _Page,
) -> Selection:
    """Go on from ``page`` until ``limit`` entries match or nothing is left."""
    kept = await _filtered(page.entries, matches)
    while limit and page.remaining and len(kept) < limit:
        last = page.entries[-1]
        page = await _page(call, cacher, namespace, (last.namespace, last.name), SCAN, page.revision)
        kept += await _filtered(page.entries, matches)
    if limit and len(kept) > limit:
        return _selection(kept[:limit], page, None, more=True)
    return _selection(kept, page, None, more=bool(page.remaining))


async def _filtered(entries: Sequence[Entry], matches: Callable[[Entry], bool]) -> list[Entry]:
    """Those that match, looked for with turns of the loop in between."""
    kept: list[Entry] = []
    for first in range(0, len(entries), SCAN):
        await asyncio.sleep(0)
        kept += [entry for entry in entries[first : first + SCAN] if matches(entry)]
    return kept


def _selection(entries: Sequence[Entry], page: _Page, remaining: int | None, *, more: bool = False) -> Selection:
    if not (remaining or more) or not entries:
        return Selection(entries, page.revision)
    last = entries[-1]
    token = encode_continue(Continuation(page.revision, last.namespace, last.name))
    return Selection(entries, page.revision, token, remaining)


def _shown(call: Call, cacher: Cacher, at: int) -> Callable[[Entry], bool] | None:
    """What an object must pass to be seen at a revision; None where all do, as they do as long as none waits."""
    shown = call.shown()
    if shown is is_initialized and (at == 0 or cacher.changed <= at <= cacher.revision):
        return shown if call.backend.lifecycle.initialization.holds_any(cacher) else None
    return shown


def place(call: Call, options: ListOptions) -> str | None:
    """The namespace that a list or watch is limited to, by its path or its field selector; None: all."""
    if not call.resource.namespaced:
        return None
    return call.info.namespace or options.fields.required_value("metadata.namespace") or None


def selector(options: ListOptions, shown: Callable[[Entry], bool] | None = None) -> Callable[[Entry], bool] | None:
    """One compiled test for both selectors and what is ``shown`` at all, None when everything matches."""
    selected = _selector(options)
    if shown is None or selected is None:
        return selected or shown
    return lambda entry: shown(entry) and selected(entry)


def _selector(options: ListOptions) -> Callable[[Entry], bool] | None:
    labels, fields = options.labels, options.fields
    if labels.empty and fields.empty:
        return None
    if fields.empty:
        return lambda entry: labels.matches(entry.labels)
    if labels.empty:
        return lambda entry: fields.matches(entry.fields)
    return lambda entry: labels.matches(entry.labels) and fields.matches(entry.fields)


async def _start(cacher: Cacher, options: ListOptions) -> tuple[int, tuple[str, str] | None]:
    """The revision to read at, 0 for the present one, and the (namespace, name) to go on behind.

    A page of a list at a resourceVersion is of exactly that one, unless the client says otherwise.
    """
    if options.continuation is not None:
        revision, namespace, name = options.continuation
        return (0 if revision == INCONSISTENT else revision), (namespace, name)
    if options.revision and (options.match == "Exact" or (options.limit and not options.match)):
        return options.revision, None
    await wait_until(cacher, options.revision or 0)
    return 0, None


async def _page(
    call: Call, cacher: Cacher, namespace: str | None, after: tuple[str, str] | None, limit: int, at: int
) -> _Page:
    if at == 0 or (cacher.ready and cacher.changed <= at <= cacher.revision):
        entries, remaining = cacher.list(namespace, after, limit)
        return _Page(entries, at or cacher.revision, remaining)
    return await _from_log(call, namespace, after, limit, at)


async def wait_until(cacher: Cacher, revision: int) -> None:
    """Wait for ``revision``; raises 504 when it does not come."""
    if cacher.revision >= revision:
        return
    try:
        await cacher.wait_for(revision, asyncio.get_running_loop().time() + FRESHNESS_WAIT)
    except FutureRevision:
        raise resource_version_too_large(revision, cacher.revision) from None


async def _from_log(
    call: Call, namespace: str | None, after: tuple[str, str] | None, limit: int, revision: int
) -> _Page:
    stored = call.stored
    prefix = f"{stored.prefix}{namespace}/" if namespace else stored.prefix
    start = stored.key(*after) + "\0" if after else ""
    try:
        page = await call.backend.store.list(prefix, start=start, limit=limit, revision=revision)
    except Compacted:
        raise (too_old(after) if after else _compacted()) from None
    except FutureRevision as future:
        raise resource_version_too_large(revision, future.current) from None
    return _Page([stored.entry_of(item) for item in page.items], page.revision, page.remaining)


def _compacted() -> ApiError:
    return expired("The resourceVersion for the provided list is too old.")
