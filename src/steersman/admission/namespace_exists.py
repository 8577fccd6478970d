"""NamespaceExists: nothing is written in a namespace that is not there."""

from collections.abc import Awaitable

from steersman.admission.configuration import ReadsObjects
from steersman.admission.namespace_lifecycle import NAMESPACES
from steersman.apimachinery.errors import not_found
from steersman.apiserver.admission import CREATE, DELETE, UPDATE, Attributes


class NamespaceExists(ReadsObjects):
    name = "NamespaceExists"
    operations = frozenset((CREATE, UPDATE, DELETE))
    resources = None

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
