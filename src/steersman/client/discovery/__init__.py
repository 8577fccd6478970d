"""What a server serves, and which resource a name means (API concepts, "API discovery").

- ``CachedDiscovery`` asks the server once and keeps what it said, until it is told or shown that this is out of date.
- ``RestMapper`` finds the resource for a kind, plural, singular or short name, with or without version and group.
"""

from steersman.client.discovery.cached_discovery import CachedDiscovery
from steersman.client.discovery.errors import (
    AmbiguousResourceError,
    NoKindMatchError,
    NoMatchError,
    NoResourceMatchError,
)
from steersman.client.discovery.resource_index import ResourceName
from steersman.client.discovery.rest_mapper import RestMapper
from steersman.client.discovery.served import Served, ServedResource, ServedSubresource

__all__ = [
    "AmbiguousResourceError",
    "CachedDiscovery",
    "NoKindMatchError",
    "NoMatchError",
    "NoResourceMatchError",
    "ResourceName",
    "RestMapper",
    "Served",
    "ServedResource",
    "ServedSubresource",
]
