"""Lists, in pages where that is better for the server."""

import asyncio
from typing import Final

from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject, ListMetadata, list_items
from steersman.client.informer.list_options import ListOptions
from steersman.client.informer.list_watch import ListerWatcher
from steersman.client.informer.watch_errors import is_expired
from steersman.client.informer.watch_stream import BATCH

DEFAULT_PAGE_SIZE: Final = 500


class PageSizes:
    """How many objects a page shall have; 0 is all in one.

    Kubernetes answers a list at a version from its cache only if no page size is asked for, and one at ``0`` in any
    case. A server that pages even so has no cache, and is better read in pages.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._server_pages = False

    def at(self, version: str) -> int:
        """The page size of a list at this version."""
        if self._wanted:
            return self._wanted
        return DEFAULT_PAGE_SIZE if self._server_pages or version in ("", "0") else 0

    def listed(self, version: str, in_pages: bool) -> None:
        """Take note of how a list at this version was answered."""
        if version == "0" and in_pages:
            self._server_pages = True


async def list_all(
    lister_watcher: ListerWatcher, version: str, sizes: PageSizes
) -> tuple[ListMetadata, list[CachedObject]]:
    """All objects, at a version that is ``version`` or later (the latest if empty); others get a turn in between.

    If a page is no longer there to be continued, all is listed in one. Raises ApiError, TransportError, TimeoutError,
    MalformedObject.
    """
    limit = sizes.at(version)
    options = ListOptions(resource_version=version, limit=limit)
    objects: list[CachedObject] = []
    while True:
        try:
            metadata = await _take(await lister_watcher.list(options), objects)
        except ApiError as error:
            if not (options.continue_token and is_expired(error)):
                raise
            objects.clear()
            options = ListOptions(resource_version=version)
            continue
        if not metadata.continue_token:
            sizes.listed(version, in_pages=bool(options.continue_token))
            return metadata, objects
        options = ListOptions(limit=limit, continue_token=metadata.continue_token)


async def _take(body: bytes, objects: list[CachedObject]) -> ListMetadata:
    """Add the objects of a page to ``objects``."""
    metadata, items = list_items(body)
    for item in items:
        objects.append(item)
        if not len(objects) % BATCH:
            await asyncio.sleep(0)
    return metadata
