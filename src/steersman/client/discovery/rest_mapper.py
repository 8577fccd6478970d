"""From what people and objects call a resource to the resource: what client-go calls a RESTMapper."""

from steersman.apimachinery.group_version import GroupKind, GroupVersionKind
from steersman.client.discovery.cached_discovery import CachedDiscovery
from steersman.client.discovery.errors import NoKindMatchError, NoMatchError, NoResourceMatchError
from steersman.client.discovery.resource_index import ResourceIndex, ResourceName
from steersman.client.discovery.served import Served, ServedResource


class RestMapper:
    """Finds resources in what discovery says; asks it again for what is not there."""

    def __init__(self, discovery: CachedDiscovery) -> None:
        self._discovery = discovery
        self._index = ResourceIndex(Served({}))

    async def resource_for(self, name: ResourceName) -> ServedResource:
        """The resource that ``name`` means.

        Without a version it is the group's preferred one; without a group, the first group in the server's order that
        has the name. Raises NoMatchError, AmbiguousResourceError, and ApiError and TransportError from discovery.
        """
        served = await self._discovery.served()
        found = self._find(served, name)
        if found is None:
            served = await self._discovery.newer_than(served)
            found = self._find(served, name)
        if found is None:
            raise _no_match(name, served)
        return found

    def _find(self, served: Served, name: ResourceName) -> ServedResource | None:
        if self._index.served is not served:
            self._index = ResourceIndex(served)
        return self._index.find(name)


def _no_match(name: ResourceName, served: Served) -> NoMatchError:
    group = None if isinstance(name, str) else name.group
    failures = {one: why for one, why in served.failures.items() if group in (None, one.group)}
    if isinstance(name, GroupVersionKind | GroupKind):
        return NoKindMatchError(name, failures)
    return NoResourceMatchError(name, failures)
