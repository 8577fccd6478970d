"""What controllers find around them when they are made."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from steersman.apiextensions.serving import DefinitionServing
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.initialization import Initialization
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.served import ServedResources
from steersman.client.api_resource import DICTS, ApiResource

if TYPE_CHECKING:
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
    issue_for_secret: "Issue"
    authority: str = ""

    def has(self, resource: GroupResource) -> bool:
        return self.served.of_group_resource(resource) is not None

    def find(self, resource: GroupResource) -> ApiResource[dict[str, Any]] | None:
        """The resource in the version in which it is stored, or else in any that is served; None if it is not."""
        found = self.served.of_group_resource(resource)
        if found is None:
            return None
        return ApiResource(found.group, found.version, found.plural, found.kind, found.namespaced, DICTS)
