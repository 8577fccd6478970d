"""Filling a cache from the store."""

import asyncio
from collections.abc import Callable, Iterator

from steersman.storage.store import KeyValue, Store
from steersman.storage.watch_cache.entry import Change, Entry
from steersman.storage.watch_cache.objects import Objects

_KEYS_PER_TURN = 250


async def load(
    store: Store, prefix: str, decode: Callable[[KeyValue], Entry | None], page_size: int
) -> tuple[Objects, int]:
    """All objects under a prefix, read page by page at one revision, which is returned too.

    However many there are, others get the loop in between. Raises :class:`Compacted` when the store forgot that
    revision meanwhile, :class:`StoreClosed`.
    """
    objects = Objects()
    start, revision = "", 0
    while True:
        page = await store.list(prefix, start=start, limit=page_size, revision=revision)
        revision, items = page.revision, page.items
        for first in range(0, len(items), _KEYS_PER_TURN):
            for kv in items[first : first + _KEYS_PER_TURN]:
                entry = decode(kv)
                if entry is not None:
                    entry.namespace = objects.shared(entry.namespace)
                    objects.put(entry)
            await asyncio.sleep(0)
        if not page.remaining:
            return objects, revision
        start = items[-1].key + "\0"


def differences(old: Objects, new: Objects, revision: int) -> Iterator[Change]:
    """The changes that lead from one state to another; what is gone is deleted at ``revision``."""
    for entry in old.list()[0]:
        if new.get(entry.namespace, entry.name) is None:
            yield Change(entry.at(revision), entry, True)
    for entry in new.list()[0]:
        previous = old.get(entry.namespace, entry.name)
        if previous is None or previous.revision != entry.revision:
            yield Change(entry, previous)
