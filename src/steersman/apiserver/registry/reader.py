"""Reading stored objects inside the server, by resource, from the watch caches."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.resource import Resource, StoredKind
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.watch_cache import Cacher, Change, Entry, WatchCache

T = TypeVar("T")

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
        return await _next(lambda: cacher.get(namespace, name), (cacher,), seconds)

    async def until(self, find: Callable[[], T | None], resources: Sequence[GroupResource], seconds: float) -> T | None:
        """What ``find`` gives, now or as soon as a write to ``resources`` makes it give something.

        None after ``seconds``. The caches of ``resources`` are filled when it is asked.
        """
        cachers = [cacher for one in resources if (cacher := await self.ready(one)) is not None]
        found = find()
        return found if found is not None or not seconds else await _next(find, cachers, seconds)

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


async def _next(find: Callable[[], T | None], cachers: Sequence[Cacher], seconds: float) -> T | None:
    """What ``find`` gives after one of the next writes."""
    came: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def look(_: Sequence[Change]) -> None:
        if not came.done() and (found := find()) is not None:
            came.set_result(found)

    ends = [cacher.subscribe(look) for cacher in cachers]
    try:
        async with asyncio.timeout(seconds):
            return await came
    except TimeoutError:
        return None
    finally:
        for end in ends:
            end()
