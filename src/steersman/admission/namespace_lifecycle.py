"""NamespaceLifecycle: nothing is created in a namespace that is missing or going, and the first ones stay."""

from collections.abc import Awaitable

from steersman.apimachinery.errors import forbidden, not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import Attributes
from steersman.apiserver.registry.resource import StoredKind
from steersman.storage.watch_cache import Cacher, WatchCache

IMMORTAL = frozenset(("default", "kube-system", "kube-public"))
NAMESPACES = GroupResource("", "namespaces")


class NamespaceLifecycle:
    operations = frozenset(("CREATE", "DELETE"))

    def __init__(self, cache: WatchCache, namespaces: StoredKind) -> None:
        self._cacher: Cacher = cache.cacher(namespaces.prefix, namespaces.codec, namespaces.namespaced)

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        if attributes.operation == "DELETE":
            if attributes.resource.group_resource == NAMESPACES and attributes.name in IMMORTAL:
                raise forbidden(NAMESPACES, attributes.name, "this namespace may not be deleted")
            return None
        if not attributes.namespace:
            return None
        if not self._cacher.ready:
            return self._when_ready(attributes)
        self._check(attributes)
        return None

    async def _when_ready(self, attributes: Attributes) -> None:
        await self._cacher.wait_ready()
        self._check(attributes)

    def _check(self, attributes: Attributes) -> None:
        namespace = self._cacher.get("", attributes.namespace)
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
