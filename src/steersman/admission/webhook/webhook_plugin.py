"""What both webhook plugins share: how each is made, and how it finds the webhooks that a request concerns."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from steersman.admission.webhook.parts import Parts, read_authentication
from steersman.apiserver.admission import OPERATIONS, Attributes
from steersman.apiserver.admission.context import PluginContext

if TYPE_CHECKING:
    from steersman.admission.webhook.configurations import Invocations
    from steersman.admission.webhook.service_resolver import ServiceResolver


class WebhookPlugin(ABC):
    """``configurations`` is the resource that has its webhooks; ``phase`` is what metrics call the plugin's."""

    name: ClassVar[str]
    configurations: ClassVar[str]
    phase: ClassVar[str]
    operations = frozenset(OPERATIONS)
    resources = None

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known = parts.configurations.known

    @classmethod
    def create(
        cls,
        context: PluginContext,
        configuration: Mapping[str, Any] | None,
        resolver: "ServiceResolver | None" = None,
    ) -> Self:
        """Raises ValueError for a configuration that is wrong."""
        authentication = read_authentication(cls.name, configuration)
        return cls(Parts(context, cls.configurations, cls.phase, authentication, resolver))

    def dispatch(self, attributes: Attributes) -> Awaitable[None] | None:
        """Ask the webhooks that the request concerns; there is nothing to wait for where none is known to.

        Raises ApiError where one refuses, or fails and its failurePolicy is Fail.
        """
        found = self._known.get((attributes.operation, attributes.resource, attributes.subresource))
        if found is not None and not found:
            return None
        return self._find_and_ask(attributes)

    async def close(self) -> None:
        await self._parts.close()

    async def _find_and_ask(self, attributes: Attributes) -> None:
        find = self._parts.configurations.find
        found = await find(attributes.operation, attributes.resource, attributes.subresource)
        if found:
            await self._ask_all(found, attributes)

    @abstractmethod
    async def _ask_all(self, found: "Invocations", attributes: Attributes) -> None:
        """Ask those whose conditions match; there is at least one."""
