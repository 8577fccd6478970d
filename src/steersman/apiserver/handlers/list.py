"""LIST: from the cache where it has the asked revision, from the store's log for older ones."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steersman.apimachinery.errors import ApiError, expired, resource_version_too_large
from steersman.apiserver.handlers.call import Call, rendered
from steersman.apiserver.handlers.options import ListOptions, list_options
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry.continuation import Continuation, encode_continue, too_old
from steersman.apiserver.registry.resource import StoredKind
from steersman.storage.store import Compacted, FutureRevision
from steersman.storage.watch_cache import Cacher, Entry

FRESHNESS_WAIT = 3.0
"""Seconds that a list waits for a resourceVersion which the server has not seen yet."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list at ``revision``; ``remaining`` counts what follows it, before selectors."""

    entries: Sequence[Entry]
    revision: int
    remaining: int


async def list_(call: Call) -> Response:
    options = list_options(call.query, call.resource)
    listed, selected = await select(call, options)
    representation = call.representation()
    token, remaining = "", None
    if listed.remaining and listed.entries:
        last = listed.entries[-1]
        token = encode_continue(Continuation(listed.revision, last.namespace, last.name))
        remaining = listed.remaining if options.labels.empty and options.fields.empty else None
    body = representation.collection(selected, listed.revision, token, remaining)
    return rendered(call, body, representation)


async def select(call: Call, options: ListOptions) -> tuple[Listed, Sequence[Entry]]:
    """The page that ``options`` ask for, and those of its entries that their selectors match."""
    stored = call.stored
    cacher = call.backend.cache.cacher(stored.prefix, stored.codec, stored.namespaced)
    if not cacher.ready:
        await cacher.wait_ready()
    namespace = call.namespace or None
    matches = selector(options)
    if call.info.name:
        entry = cacher.get(call.namespace, call.info.name)
        listed = Listed([entry] if entry else [], cacher.revision, 0)
    else:
        listed = await _page(call, cacher, stored, namespace, options)
    return listed, listed.entries if matches is None else [entry for entry in listed.entries if matches(entry)]


def selector(options: ListOptions) -> Callable[[Entry], bool] | None:
    """One compiled test for both selectors, None when everything matches."""
    labels, fields = options.labels, options.fields
    if labels.empty and fields.empty:
        return None
    if fields.empty:
        return lambda entry: labels.matches(entry.labels)
    if labels.empty:
        return lambda entry: fields.matches(entry.fields)
    return lambda entry: labels.matches(entry.labels) and fields.matches(entry.fields)


async def _page(call: Call, cacher: Cacher, stored: StoredKind, namespace: str | None, options: ListOptions) -> Listed:
    after, at = None, 0
    if options.continuation is not None:
        at, *where = options.continuation
        after = (where[0], where[1])
    elif options.revision and options.match == "Exact":
        at = options.revision
    elif options.revision:
        await _until(cacher, options.revision)
    if at == 0 or (cacher.changed <= at <= cacher.revision):
        entries, remaining = cacher.list(namespace, after, options.limit)
        return Listed(entries, at or cacher.revision, remaining)
    return await _from_log(call, stored, namespace, after, options.limit, at)


async def _until(cacher: Cacher, revision: int) -> None:
    """Wait for ``revision``; raises 504 when it does not come."""
    if cacher.revision >= revision:
        return
    try:
        await cacher.wait_for(revision, asyncio.get_running_loop().time() + FRESHNESS_WAIT)
    except FutureRevision:
        raise resource_version_too_large(revision, cacher.revision) from None


async def _from_log(
    call: Call, stored: StoredKind, namespace: str | None, after: tuple[str, str] | None, limit: int, revision: int
) -> Listed:
    prefix = f"{stored.prefix}{namespace}/" if namespace else stored.prefix
    start = stored.key(*after) + "\0" if after else ""
    try:
        page = await call.backend.store.list(prefix, start=start, limit=limit, revision=revision)
    except Compacted:
        raise (too_old() if after else _compacted(revision)) from None
    except FutureRevision as future:
        raise resource_version_too_large(revision, future.current) from None
    return Listed([stored.entry_of(item) for item in page.items], page.revision, page.remaining)


def _compacted(revision: int) -> ApiError:
    return expired(f"The resourceVersion for the provided list is too old: {revision}")
