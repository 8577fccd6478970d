"""What both webhook plugins are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from steersman.admission.webhook import admission_review
from steersman.admission.webhook.authentication import Authentication
from steersman.admission.webhook.calling import Calling
from steersman.admission.webhook.configurations import GROUP, WebhookConfigurations
from steersman.admission.webhook.matching import Matching
from steersman.admission.webhook.metrics import WebhookMetrics
from steersman.admission.webhook.service_resolver import EndpointsResolver, ServiceResolver
from steersman.admission.webhook.webhook_client import WebhookClient
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.resource import Object, Resource


@dataclass(frozen=True, slots=True)
class Parts:
    configurations: WebhookConfigurations
    matching: Matching
    calling: Calling
    client: WebhookClient

    @classmethod
    def make(
        cls,
        context: PluginContext,
        resource: str,
        phase: str,
        authentication: Authentication,
        resolver: ServiceResolver | None = None,
    ) -> Self:
        """``resource`` has the configurations; ``phase`` is what metrics call the plugin's."""
        metrics = WebhookMetrics(context.metrics, phase)
        client = WebhookClient(resolver or EndpointsResolver(context.objects), authentication)
        return cls(
            WebhookConfigurations(context.objects, context.served, GroupResource(GROUP, resource)),
            Matching(context.objects, context.authorizer, metrics),
            Calling(client, metrics),
            client,
        )

    async def close(self) -> None:
        """Close the connections to webhooks, and look at configurations no more."""
        self.configurations.close()
        await self.client.close()


class Requests:
    """The AdmissionReview requests for one write, by the resource that they show it as; made when asked for."""

    __slots__ = ("_attributes", "_made", "_object")

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes
        self._object: Object | None = None
        self._made: dict[Resource, Mapping[str, Any]] = {}

    def of(self, resource: Resource) -> Mapping[str, Any]:
        """The request as it is now: another object makes it another one."""
        if self._object is not self._attributes.object:
            self._object = self._attributes.object
            self._made.clear()
        made = self._made.get(resource)
        if made is None:
            made = self._made[resource] = admission_review.request(self._attributes, resource)
        return made
