"""Reading stored objects inside the server, by resource, from the watch caches."""

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.resource import Resource, StoredKind
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.watch_cache import Cacher, Change, Entry, WatchCache

_NONE: Mapping[GroupResource, StoredKind] = MappingProxyType({})


class ObjectReader:
    """What is stored now, every write acknowledged so far included. Entries are shared and not to be changed.

    Of a resource that is not served there are no objects, unless it is one of ``always``, which the server needs.
    """

    def __init__(
        self, cache: WatchCache, served: ServedResources, always: Mapping[GroupResource, StoredKind] = _NONE
    ) -> None:
        self._cache, self._served, self._always = cache, served, always

    async def get(self, resource: GroupResource, namespace: str, name: str) -> Entry | None:
        cacher = await self.ready(resource)
        return None if cacher is None else cacher.get(namespace, name)

    async def appears(self, resource: GroupResource, namespace: str, name: str, seconds: float) -> Entry | None:
        """The object, as soon as it is there; None where it does not come within ``seconds``."""
        cacher = await self.ready(resource)
        found = None if cacher is None else cacher.get(namespace, name)
        if cacher is None or found is not None or not seconds:
            return found
        return await _next(cacher, namespace, name, seconds)

    async def list(self, resource: GroupResource, namespace: str | None = None) -> Sequence[Entry]:
        """The objects of one namespace, or (None) of all; in the order of their keys."""
        cacher = await self.ready(resource)
        return () if cacher is None else cacher.list(namespace)[0]

    def cacher(self, resource: GroupResource) -> Cacher | None:
        """The resource's cache, which may not be filled yet; None if it is not served."""
        served = self.resource(resource)
        stored = served.stored if served is not None else self._always.get(resource)
        return None if stored is None else self._cache.cacher(stored.prefix, stored.codec, stored.namespaced)

    async def ready(self, resource: GroupResource) -> Cacher | None:
        """The resource's cache, filled."""
        cacher = self.cacher(resource)
        if cacher is not None and not cacher.ready:
            await cacher.wait_ready()
        return cacher

    def resource(self, resource: GroupResource) -> Resource | None:
        """The resource in the version that is stored, or else in any that is served."""
        return self._served.of_group_resource(resource)


async def _next(cacher: Cacher, namespace: str, name: str, seconds: float) -> Entry | None:
    """The object when it is next written."""
    came: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()

    def look(_: Sequence[Change]) -> None:
        if not came.done() and (entry := cacher.get(namespace, name)) is not None:
            came.set_result(entry)

    unsubscribe = cacher.subscribe(look)
    try:
        async with asyncio.timeout(seconds):
            return await came
    except TimeoutError:
        return None
    finally:
        unsubscribe()
