"""NamespaceLifecycle: nothing is created in a namespace that is missing or going, and the first ones stay."""

from collections.abc import Awaitable

from steersman.admission.configuration import ReadsObjects
from steersman.apimachinery.errors import forbidden, not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, DELETE, Attributes
from steersman.storage.watch_cache import Entry

IMMORTAL = frozenset(("default", "kube-system", "kube-public"))
NAMESPACES = GroupResource("", "namespaces")


class NamespaceLifecycle(ReadsObjects):
    """Validates only, yet in the mutating phase, so that nobody else works for a namespace that is going."""

    name = "NamespaceLifecycle"
    operations = frozenset((CREATE, DELETE))
    resources = None

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        if attributes.operation == DELETE:
            if attributes.resource.group_resource == NAMESPACES and attributes.name in IMMORTAL:
                raise forbidden(NAMESPACES, attributes.name, "this namespace may not be deleted")
            return None
        if not attributes.namespace:
            return None
        cacher = self._objects.cacher(NAMESPACES)
        if cacher is None or not cacher.ready:
            return self._when_ready(attributes)
        _check(attributes, cacher.get("", attributes.namespace))
        return None

    async def _when_ready(self, attributes: Attributes) -> None:
        _check(attributes, await self._objects.get(NAMESPACES, "", attributes.namespace))


def _check(attributes: Attributes, namespace: Entry | None) -> None:
    if namespace is None:
        raise not_found(NAMESPACES, attributes.namespace)
    if namespace.metadata.deletion_timestamp is None:
        return
    refusal = forbidden(
        attributes.resource.group_resource,
        attributes.name,
        f"unable to create new content in namespace {attributes.namespace} because it is being terminated",
    )
    refusal.details = {
        **(refusal.details or {}),
        "causes": [
            {
                "reason": "NamespaceTerminating",
                "message": f"namespace {attributes.namespace} is being terminated",
                "field": "metadata.namespace",
            }
        ],
    }
    raise refusal
