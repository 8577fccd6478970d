"""The client of one API server, for scripts and threads."""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from steersman.client.api_resource import ApiResource, HasResource
from steersman.client.client import Client
from steersman.client.config import Config
from steersman.client.discovery import ResourceName
from steersman.client.sync.loop_thread import LoopThread
from steersman.client.sync.resource_client import SyncResourceClient

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


def _waiting(
    method: Callable[Concatenate[Client, P], Coroutine[Any, Any, R]],
) -> "Callable[Concatenate[SyncClient, P], R]":
    def call(self: "SyncClient", /, *args: P.args, **options: P.kwargs) -> R:
        return self.run(method(self.client, *args, **options))

    update_wrapper(call, method)
    return call


class SyncClient:
    """What :class:`~steersman.client.Client` is, with calls that wait; ``client`` is the one that it runs."""

    def __init__(self, config: Config, loop: LoopThread | None = None) -> None:
        """``loop`` is for a config with a transport inside this process, which works in the event loop of its server
        only: start the server in that loop. It is left running. Raises ValueError for such a config without one.
        """
        if config.transport is not None and loop is None:
            raise ValueError("the config's transport belongs to an event loop: give the LoopThread that it is used in")
        self._owns_loop = loop is None
        self._loop = loop or LoopThread()
        self.client = self._loop.run(_connect(config))

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """What a coroutine over ``client`` returns: ``sync.run(sync.client.discovery.served())``.

        Raises RuntimeError in the loop's own thread, which would wait for itself, and once the client is closed.
        """
        return self._loop.run(coroutine)

    def resource(self, resource: ApiResource[T] | HasResource[T]) -> SyncResourceClient[T]:
        """The client of a resource, or of a class's resource. No request is sent."""
        return SyncResourceClient(self._loop, self.client.resource(resource))

    def dynamic(self, name: ResourceName) -> SyncResourceClient[dict[str, Any]]:
        """The client of any resource that the server has; raises as Client.dynamic."""
        return SyncResourceClient(self._loop, self.run(self.client.dynamic(name)))

    apply_manifests = _waiting(Client.apply_manifests)

    def close(self) -> None:
        """Close the connections and end the thread; calls that other threads wait for raise RuntimeError.

        It may be called twice.
        """
        if not self._loop.closed:
            self.run(self.client.close())
        if self._owns_loop:
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


async def _connect(config: Config) -> Client:
    """The client, made where it is used."""
    return Client(config)
