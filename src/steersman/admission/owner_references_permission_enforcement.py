"""OwnerReferencesPermissionEnforcement: who makes an object go with another one must be allowed to let it go.

To change the owners of an object that is there, a user needs ``delete`` on it; for ``blockOwnerDeletion``, which holds
up the deletion of the owner, ``update`` on the owner's ``finalizers``.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.permission import allows, verdict_on
from steersman.admission.pod_spec import PODS
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.group_version import GroupVersion
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.registry.resource import Object, Resource
from steersman.apiserver.registry.served import ServedResources

_FIELDS = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")


class OwnerReferencesPermissionEnforcement:
    name = "OwnerReferencesPermissionEnforcement"
    operations = frozenset((CREATE, UPDATE))
    resources = None

    def __init__(self, authorizer: Authorizer, served: ServedResources) -> None:
        self._authorizer, self._served = authorizer, served

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.authorizer, context.served)

    async def validate(self, attributes: Attributes) -> None:
        if attributes.group_resource == PODS and attributes.subresource == "status":
            # Of a status update the metadata is dropped.
            return
        new, old = _owners(attributes.object), _owners(attributes.old_object)
        if list(map(_said, new)) == list(map(_said, old)):
            return
        if attributes.operation == UPDATE:
            await self._check_deletion(attributes)
        for owner in _newly_blocked(new, old):
            await self._check_finalizers(attributes, owner)

    async def _check_deletion(self, attributes: Attributes) -> None:
        resource = attributes.resource
        verdict = await verdict_on(
            self._authorizer,
            attributes.user,
            "delete",
            group=resource.group,
            version=resource.version,
            resource=resource.plural,
            subresource=attributes.subresource,
            namespace=attributes.namespace,
            name=attributes.name,
        )
        if not allows(verdict):
            raise _refusal(attributes, "cannot set an ownerRef on a resource you can't delete", verdict.reason)

    async def _check_finalizers(self, attributes: Attributes, owner: Object) -> None:
        """A kind may be served as several resources: the user needs the permission on each."""
        version, kind = owner.get("apiVersion") or "", owner.get("kind") or ""
        kinds = list(self._of_kind(version, kind))
        if not kinds:
            message = (
                "cannot set blockOwnerDeletion in this case because cannot find RESTMapping"
                f' for APIVersion {version} Kind {kind}: no matches for kind "{kind}" in version "{version}"'
            )
            raise forbidden(attributes.group_resource, attributes.name, message)
        for resource in kinds:
            verdict = await verdict_on(
                self._authorizer,
                attributes.user,
                "update",
                group=resource.group,
                version=resource.version,
                resource=resource.plural,
                subresource="finalizers",
                namespace=attributes.namespace if resource.namespaced else "",
                name=owner.get("name") or "",
            )
            if not allows(verdict):
                whose = "an ownerReference refers to a resource you can't set finalizers on"
                raise _refusal(attributes, f"cannot set blockOwnerDeletion if {whose}", verdict.reason)

    def _of_kind(self, api_version: str, kind: str) -> Iterator[Resource]:
        group, _, version = api_version.rpartition("/")
        served = self._served.in_version(*GroupVersion(group, version))
        return (resource for resource in served.values() if resource.kind == kind)


def _owners(obj: Object | None) -> list[Object]:
    return [one for one in ((obj or {}).get("metadata") or {}).get("ownerReferences") or () if isinstance(one, dict)]


def _said(owner: Object) -> tuple[Any, ...]:
    return tuple(owner.get(field) for field in _FIELDS)


def _newly_blocked(new: list[Object], old: list[Object]) -> Iterator[Object]:
    blocked = {one.get("uid") for one in old if one.get("blockOwnerDeletion")}
    return (one for one in new if one.get("blockOwnerDeletion") and one.get("uid") not in blocked)


def _refusal(attributes: Attributes, message: str, reason: str) -> ApiError:
    """With the authorizer's reason and (what is never there: an unknown answer is a failure) its error."""
    return forbidden(attributes.group_resource, attributes.name, f"{message}: {reason}, <nil>")
