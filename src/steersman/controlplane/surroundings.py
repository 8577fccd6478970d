"""What controllers find around them when they are made."""

from typing import Any

from msgspec import Struct

from steersman.apiextensions.serving import DefinitionServing
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.initialization import Initialization
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.served import ServedResources
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.informer import ListWatch, SharedInformer, SharedInformerFactory
from steersman.controllers.service_account_token_controller import Issue


class Surroundings(Struct, frozen=True):
    """The parts of the control plane that controllers look at.

    ``minor`` is the Kubernetes minor; ``authority`` the certificate, as PEM, by which clients know the server: empty
    where it has none. ``issue_for_secret`` makes tokens of service accounts.
    """

    served: ServedResources
    serving: DefinitionServing
    sources: Sources
    metrics: Metrics
    initialization: Initialization
    minor: int
    issue_for_secret: Issue
    authority: str = ""

    def has(self, resource: GroupResource) -> bool:
        return self.served.of_group_resource(resource) is not None

    def find(self, resource: GroupResource) -> ApiResource[dict[str, Any]] | None:
        """The resource in the version in which it is stored, or else in any that is served; None if it is not."""
        found = self.served.of_group_resource(resource)
        if found is None:
            return None
        return ApiResource(found.group, found.version, found.plural, found.kind, found.namespaced, DICTS)


class Workplace(Struct, frozen=True):
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
