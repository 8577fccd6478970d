"""What both webhook plugins are made of."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from steersman.admission.webhook.configurations import GROUP, WebhookConfigurations
from steersman.admission.webhook.metrics import WebhookMetrics
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.resource import Object, Resource

if TYPE_CHECKING:
    from steersman.admission.webhook.authentication import Authentication
    from steersman.admission.webhook.calling import Calling
    from steersman.admission.webhook.matching import Matching
    from steersman.admission.webhook.service_resolver import ServiceResolver
    from steersman.admission.webhook.webhook_client import WebhookClient


class Parts:
    """What asks webhooks is imported and made for the first one: a server without any starts sooner."""

    def __init__(
        self,
        context: PluginContext,
        resource: str,
        phase: str,
        authentication: "Authentication | None",
        resolver: "ServiceResolver | None" = None,
    ) -> None:
        """``resource`` has the configurations; ``phase`` is what metrics call the plugin's."""
        self._context, self._authentication, self._resolver = context, authentication, resolver
        self._metrics = WebhookMetrics(context.metrics, phase)
        self._client: WebhookClient | None = None
        self.configurations = WebhookConfigurations(context.objects, context.served, GroupResource(GROUP, resource))

    @cached_property
    def matching(self) -> "Matching":
        from steersman.admission.webhook.matching import Matching

        return Matching(self._context.objects, self._context.authorizer, self._metrics)

    @cached_property
    def calling(self) -> "Calling":
        from steersman.admission.webhook.authentication import Authentication
        from steersman.admission.webhook.calling import Calling
        from steersman.admission.webhook.service_resolver import EndpointsResolver
        from steersman.admission.webhook.webhook_client import WebhookClient

        resolver = self._resolver or EndpointsResolver(self._context.objects)
        self._client = WebhookClient(resolver, self._authentication or Authentication())
        return Calling(self._client, self._metrics)

    async def close(self) -> None:
        """Close the connections to webhooks, and look at configurations no more."""
        self.configurations.close()
        if self._client is not None:
            await self._client.close()


def read_authentication(plugin: str, configuration: Mapping[str, Any] | None) -> "Authentication | None":
    """How the server shows who it is, from the plugin's configuration if there is one. Raises ValueError."""
    if not configuration:
        return None
    from steersman.admission.webhook.authentication import Authentication

    return Authentication.from_configuration(plugin, configuration)


class Requests:
    """The AdmissionReview requests for one write, by the resource that they show it as; made when asked for."""

    __slots__ = ("_attributes", "_made", "_object")

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes
        self._object: Object | None = None
        self._made: dict[Resource, Mapping[str, Any]] = {}

    def of(self, resource: Resource) -> Mapping[str, Any]:
        """The request as it is now: another object makes it another one."""
        from steersman.admission.webhook import admission_review

        if self._object is not self._attributes.object:
            self._object = self._attributes.object
            self._made.clear()
        made = self._made.get(resource)
        if made is None:
            made = self._made[resource] = admission_review.request(self._attributes, resource)
        return made
