"""The client of one API server: what gives the clients of its resources."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

from steersman.apimachinery.group_version import GroupResource
from steersman.client import manifests
from steersman.client.api_resource import ApiResource, HasResource
from steersman.client.config import Config
from steersman.client.resource_client import ResourceClient
from steersman.client.rest import RestClient

if TYPE_CHECKING:
    from steersman.client.discovery import CachedDiscovery, ResourceName, RestMapper

T = TypeVar("T")


class Client:
    """Reads and writes objects of an API server as the user of ``config``, which it leaves as it is.

    It holds connections: close it, or use it as an asynchronous context manager. It belongs to one event loop.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.rest = RestClient(config)

    @cached_property
    def discovery(self) -> "CachedDiscovery":
        """What the server serves."""
        # Imported for those who ask: programs that describe their resources themselves start sooner.
        from steersman.client.discovery import CachedDiscovery

        return CachedDiscovery(self.rest)

    @cached_property
    def mapper(self) -> "RestMapper":
        """Finds resources by what people call them."""
        from steersman.client.discovery import RestMapper

        return RestMapper(self.discovery)

    def resource(self, resource: ApiResource[T] | HasResource[T]) -> ResourceClient[T]:
        """The client of a resource, or of a class's resource. No request is sent."""
        described = resource if isinstance(resource, ApiResource) else resource.api_resource
        return ResourceClient(self.rest, described, self._doubt)

    async def dynamic(self, name: "ResourceName") -> ResourceClient[dict[str, Any]]:
        """The client of any resource that the server has, with plain dicts as objects: ``deploy``, ``Deployment``,
        ``deployments.apps``, ``deployments.v1.apps``, or a GroupVersionKind and the like.

        It keeps to the version and the scope that the resource has now: ask for another one once its definition may
        have been replaced. Raises NoMatchError, AmbiguousResourceError, and what discovery's requests raise.
        """
        return self.resource((await self.mapper.resource_for(name)).api_resource)

    @asynccontextmanager
    async def follow_definitions(self) -> AsyncIterator[None]:
        """Within the block, :meth:`dynamic` knows at once of CustomResourceDefinitions that come, change and go.

        Without it, a new definition is found, and one that is gone is noticed by its 404. Raises ApiError,
        TransportError and CredentialError at its start if the definitions cannot be watched; later it tries again.
        """
        from steersman.client.discovery.definitions import follow_definitions

        definitions = await self.dynamic(GroupResource("apiextensions.k8s.io", "customresourcedefinitions"))
        async with follow_definitions(definitions, self.discovery):
            yield

    def _doubt(self) -> None:
        self.discovery.doubt()

    apply_manifests = manifests.apply_manifests

    async def close(self) -> None:
        """Close the connections. Watches that are open end with TransportError."""
        await self.rest.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
