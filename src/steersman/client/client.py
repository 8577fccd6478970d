"""The client of one API server: what gives the clients of its resources."""

from typing import Self, TypeVar

from steersman.client.api_resource import ApiResource, HasResource
from steersman.client.config import Config
from steersman.client.resource_client import ResourceClient
from steersman.client.rest import RestClient

T = TypeVar("T")


class Client:
    """Reads and writes objects of an API server as the user of ``config``, which it leaves as it is.

    It holds connections: close it, or use it as an asynchronous context manager. It belongs to one event loop.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.rest = RestClient(config)

    def resource(self, resource: ApiResource[T] | HasResource[T]) -> ResourceClient[T]:
        """The client of a resource, or of a class's resource. No request is sent."""
        described = resource if isinstance(resource, ApiResource) else resource.api_resource
        return ResourceClient(self.rest, described)

    async def close(self) -> None:
        """Close the connections. Watches that are open end with TransportError."""
        await self.rest.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
