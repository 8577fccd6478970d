"""What controllers are given to work with: a client and informers (kube-controller-manager has the same term)."""

from typing import Any

from msgspec import Struct

from steersman.client import Client
from steersman.client.api_resource import ApiResource
from steersman.client.informer import ListWatch, SharedInformer, SharedInformerFactory


class ControllerContext(Struct, frozen=True):
    """A client of the server, and informers, which run as soon as all controllers are made.

    ``all_objects`` has those too that wait for initializers: a namespace is emptied and goes whatever is in it.
    """

    client: Client
    informers: SharedInformerFactory
    all_objects: SharedInformerFactory
    named: list[SharedInformer]

    def of_name(self, resource: ApiResource[Any], name: str) -> SharedInformer:
        """An informer of the objects of this name, in all namespaces, for who needs no others."""
        return self.selected(resource, f"metadata.name={name}")

    def selected(self, resource: ApiResource[Any], field_selector: str) -> SharedInformer:
        """As above, of the objects that a field selector matches."""
        informer = SharedInformer(ListWatch(self.client.resource(resource), field_selector=field_selector))
        self.named.append(informer)
        return informer
