"""PersistentVolumeClaimResize: a bound claim grows if its class allows it, and does not shrink below what it has."""

from steersman.admission.configuration import ReadsObjectsOfMinor
from steersman.admission.pod_spec import amounts
from steersman.admission.storage_class import CLAIMS, STORAGE_CLASSES, class_of
from steersman.apimachinery.errors import field_forbidden, forbidden, invalid
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.admission import UPDATE, Attributes
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

RECOVERY_SINCE = 34
"""The Kubernetes minor from which on an expansion that failed may be taken back, to more than there is (KEP-1790)."""

_PATH = "spec.resources.requests.storage"
_NOTHING = Quantity(0)


class PersistentVolumeClaimResize(ReadsObjectsOfMinor):
    name = "PersistentVolumeClaimResize"
    operations = frozenset((UPDATE,))
    resources = frozenset((CLAIMS,))

    def __init__(self, objects: ObjectReader, minor: int) -> None:
        super().__init__(objects, minor)
        self._recovers = minor >= RECOVERY_SINCE

    async def validate(self, attributes: Attributes) -> None:
        claim, old = attributes.object, attributes.old_object
        if attributes.subresource or claim is None or old is None:
            return
        before, after = _requested(old), _requested(claim)
        if after < before:
            self._check_shrinking(attributes, old, after)
        elif after > before:
            await self._check_growing(attributes, claim, old)

    def _check_shrinking(self, attributes: Attributes, old: Object, after: Quantity) -> None:
        has = amounts({"requests": (old.get("status") or {}).get("capacity")}, "requests").get("storage", _NOTHING)
        if self._recovers and has and after > has:
            return
        than = "status.capacity" if self._recovers else "previous value"
        wrong = field_forbidden(_PATH, f"field can not be less than {than}")
        raise invalid(attributes.resource.gvk.group_kind, attributes.name, [wrong])

    async def _check_growing(self, attributes: Attributes, claim: Object, old: Object) -> None:
        if (old.get("status") or {}).get("phase") != "Bound":
            raise forbidden(CLAIMS, attributes.name, "Only bound persistent volume claims can be expanded")
        name = class_of(old)
        entry = await self._objects.get(STORAGE_CLASSES, "", name) if name and name == class_of(claim) else None
        if entry is None or not entry.parsed().get("allowVolumeExpansion"):
            message = (
                "only dynamically provisioned pvc can be resized and"
                " the storageclass that provisions the pvc must support resize"
            )
            raise forbidden(CLAIMS, attributes.name, message)


def _requested(claim: Object) -> Quantity:
    return amounts((claim.get("spec") or {}).get("resources"), "requests").get("storage", _NOTHING)
