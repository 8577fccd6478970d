"""The verbs on one resource, each of which waits for its answer."""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from steersman.client.api_resource import ApiResource
from steersman.client.listing import Listing
from steersman.client.resource_client import ResourceClient
from steersman.client.sync.iteration import SyncListing, SyncWatch
from steersman.client.sync.loop_thread import LoopThread
from steersman.client.watch import Watch

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


def _waiting(
    verb: Callable[Concatenate[ResourceClient[T], P], Coroutine[Any, Any, R]],
) -> "Callable[Concatenate[SyncResourceClient[T], P], R]":
    def call(self: "SyncResourceClient[T]", /, *args: P.args, **options: P.kwargs) -> R:
        return self._loop.run(verb(self._client, *args, **options))

    update_wrapper(call, verb)
    return call


def _listing(
    verb: Callable[Concatenate[ResourceClient[T], P], Listing[R]],
) -> "Callable[Concatenate[SyncResourceClient[T], P], SyncListing[R]]":
    def call(self: "SyncResourceClient[T]", /, *args: P.args, **options: P.kwargs) -> SyncListing[R]:
        return SyncListing(self._loop, verb(self._client, *args, **options))

    update_wrapper(call, verb)
    return call


def _watching(
    verb: Callable[Concatenate[ResourceClient[T], P], Watch[R]],
) -> "Callable[Concatenate[SyncResourceClient[T], P], SyncWatch[R]]":
    def call(self: "SyncResourceClient[T]", /, *args: P.args, **options: P.kwargs) -> SyncWatch[R]:
        return SyncWatch(self._loop, verb(self._client, *args, **options))

    update_wrapper(call, verb)
    return call


class SyncResourceClient(Generic[T]):
    """The verbs of :class:`~steersman.client.ResourceClient`, with its parameters, answers and errors."""

    def __init__(self, loop: LoopThread, client: ResourceClient[T]) -> None:
        self._loop, self._client = loop, client

    @property
    def resource(self) -> ApiResource[T]:
        return self._client.resource

    get = _waiting(ResourceClient.get)
    list = _listing(ResourceClient.list)
    watch = _watching(ResourceClient.watch)
    create = _waiting(ResourceClient.create)
    update = _waiting(ResourceClient.update)
    update_status = _waiting(ResourceClient.update_status)
    patch = _waiting(ResourceClient.patch)
    apply = _waiting(ResourceClient.apply)
    delete = _waiting(ResourceClient.delete)
    delete_collection = _waiting(ResourceClient.delete_collection)
    get_scale = _waiting(ResourceClient.get_scale)
    set_scale = _waiting(ResourceClient.set_scale)
    get_subresource = _waiting(ResourceClient.get_subresource)
    create_subresource = _waiting(ResourceClient.create_subresource)
