"""The client library: client-go's machinery in asyncio, against any Kubernetes API server.

::

    from steersman.client import ALL_NAMESPACES, Client
    from steersman.client.config import load_config
    from steersman.client.kinds.core_v1 import PODS

    async with Client(load_config()) as client:
        pods = client.resource(PODS)
        listed = await pods.list(namespace=ALL_NAMESPACES, label_selector="app=web")
        async with pods.watch(namespace=ALL_NAMESPACES, resource_version=listed.resource_version) as events:
            async for event in events:
                print(event.type, event.object["metadata"]["name"])

- ``config`` finds the server and the user's credentials.
- ``Client`` gives the client of a resource: of one that is described (:class:`ApiResource`) or a class that has such a
  description, or with ``await client.dynamic("deploy")`` of whatever the server has under a name. It also applies
  manifests. ``ResourceClient`` has the verbs; every error of the server is an ``ApiError`` with its Status.
- ``kinds`` has the built-in kinds as typed mappings, a module for each group and version; ``custom_resource`` makes
  kinds of one's own of pydantic classes, and ``code_generator`` such classes of CustomResourceDefinitions.
- ``discovery`` finds out what the server has; ``sync`` has the same verbs for scripts, without ``await``; ``wait``
  waits until objects are as they should be; ``explaining`` tells what a write would come to, and by whom.
- ``informer``, with its ``cache``, ``work_queue`` and ``workers`` are what controllers are made of; ``leader_election``
  lets one of several lead, ``event_recorder`` tells people what happened.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from steersman.client.api_resource import ALL_NAMESPACES, ApiResource

if TYPE_CHECKING:
    from steersman.client.client import Client
    from steersman.client.listing import Listing, ObjectList
    from steersman.client.patch_type import PatchType
    from steersman.client.resource_client import ResourceClient
    from steersman.client.watch import Watch, WatchEvent

_WHEN_ASKED = {
    "Client": "client",
    "Listing": "listing",
    "ObjectList": "listing",
    "PatchType": "patch_type",
    "ResourceClient": "resource_client",
    "Watch": "watch",
    "WatchEvent": "watch",
}
"""What has requests to send, and the module it is in: whoever needs another part does not wait for these."""

__all__ = [
    "ALL_NAMESPACES",
    "ApiResource",
    "Client",
    "Listing",
    "ObjectList",
    "PatchType",
    "ResourceClient",
    "Watch",
    "WatchEvent",
]


def __getattr__(name: str) -> Any:
    if name not in _WHEN_ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHEN_ASKED[name]}"), name)
