"""NamespaceAutoProvision: the first object of a namespace brings the namespace along."""

from collections.abc import Awaitable, Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.namespace_lifecycle import NAMESPACES
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.write_options import WriteOptions


class NamespaceAutoProvision:
    """A dry run brings nothing. Where namespaces are not served, there is nothing to create one with."""

    name = "NamespaceAutoProvision"
    operations = frozenset((CREATE,))
    resources = None

    def __init__(self, objects: ObjectReader, lifecycle: Lifecycle) -> None:
        self._objects, self._lifecycle = objects, lifecycle

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects, context.lifecycle)

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        if not attributes.namespace or attributes.dry_run:
            return None
        cacher = self._objects.cacher(NAMESPACES)
        if cacher is not None and cacher.ready and cacher.get("", attributes.namespace) is not None:
            return None
        return self._provide(attributes.namespace)

    async def _provide(self, name: str) -> None:
        """The namespace goes through the chain itself. Another request may be at it too."""
        namespaces = self._objects.resource(NAMESPACES)
        if namespaces is None or await self._objects.get(NAMESPACES, "", name) is not None:
            return
        try:
            await self._lifecycle.create(namespaces, "", {"metadata": {"name": name}}, WriteOptions(SERVER))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
