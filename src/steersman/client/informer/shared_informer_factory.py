"""SharedInformerFactory: one informer for each kind, for all parts of a program."""

import asyncio
from types import TracebackType
from typing import Any, Protocol, Self

from steersman.apimachinery.group_version import GroupVersionResource
from steersman.client.api_resource import ALL_NAMESPACES, ApiResource, HasResource
from steersman.client.cache import TransformFunc
from steersman.client.informer.cache_sync import InformerStopped, wait_for_cache_sync
from steersman.client.informer.list_options import TweakListOptions
from steersman.client.informer.list_watch import ListWatch, RestResource
from steersman.client.informer.shared_informer import SharedInformer
from steersman.client.rest import RestClient


class HasRest(Protocol):
    """What a factory needs of a client; a ``Client`` is one."""

    @property
    def rest(self) -> RestClient: ...


class SharedInformerFactory:
    """Makes informers of ``client``'s objects, in ``namespace`` or all, and runs them.

    ``resync_period``, in seconds, and ``transform`` are for each informer, ``tweak`` for each request, such as to
    narrow the selectors.
    """

    def __init__(
        self,
        client: HasRest,
        resync_period: float = 0.0,
        *,
        namespace: str = ALL_NAMESPACES,
        tweak: TweakListOptions | None = None,
        transform: TransformFunc | None = None,
    ) -> None:
        self._rest = client.rest
        self._resync_period = resync_period
        self._namespace = namespace
        self._tweak = tweak
        self._transform = transform
        self._informers: dict[GroupVersionResource, SharedInformer] = {}
        self._running: dict[SharedInformer, asyncio.Task[None]] = {}
        self._shut_down = False

    def for_resource(self, resource: ApiResource[Any] | HasResource[Any]) -> SharedInformer:
        """The informer for a resource, or a class's resource: the same for all who ask. ``start`` runs it.

        Kinds without namespaces are not restricted to the factory's namespace.
        """
        described = resource if isinstance(resource, ApiResource) else resource.api_resource
        key = described.group_version_resource
        informer = self._informers.get(key)
        if informer is None:
            lister_watcher = ListWatch(
                RestResource(self._rest, described),
                namespace=self._namespace if described.namespaced else ALL_NAMESPACES,
                tweak=self._tweak,
            )
            informer = SharedInformer(lister_watcher, self._resync_period, transform=self._transform)
            self._informers[key] = informer
        return informer

    def start(self) -> None:
        """Run, each in a task, the informers that do not run yet. Raises InformerStopped after ``shutdown``."""
        if self._shut_down:
            raise InformerStopped("the informer factory was shut down")
        for informer in self._informers.values():
            if informer not in self._running:
                self._running[informer] = asyncio.create_task(informer.run())

    async def wait_for_cache_sync(self, timeout: float | None = None) -> None:
        """Return when all informers that were started have synced. Raises TimeoutError, InformerStopped."""
        await wait_for_cache_sync(*self._running, timeout=timeout)

    async def shutdown(self) -> None:
        """Stop all informers; return when they have stopped. There is no starting again."""
        self._shut_down = True
        tasks = self._running.values()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def __aenter__(self) -> Self:
        """Start, and shut down at the end of the block."""
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shutdown()
