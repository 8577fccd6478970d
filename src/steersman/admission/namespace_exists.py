"""NamespaceExists: nothing is written in a namespace that is not there."""

from collections.abc import Awaitable, Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.namespace_lifecycle import NAMESPACES
from steersman.apimachinery.errors import not_found
from steersman.apiserver.admission import CREATE, DELETE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.reader import ObjectReader


class NamespaceExists:
    name = "NamespaceExists"
    operations = frozenset((CREATE, UPDATE, DELETE))
    resources = None

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects)

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        if not attributes.namespace:
            return None
        cacher = self._objects.cacher(NAMESPACES)
        if cacher is not None and cacher.ready and cacher.get("", attributes.namespace) is not None:
            return None
        return self._look(attributes.namespace)

    async def _look(self, name: str) -> None:
        if await self._objects.get(NAMESPACES, "", name) is None:
            raise not_found(NAMESPACES, name)
