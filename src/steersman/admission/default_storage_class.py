"""DefaultStorageClass: a claim that names no class gets the default one."""

from steersman.admission.configuration import ReadsObjectsOfMinor
from steersman.admission.default_class import default_class_name
from steersman.admission.storage_class import CLAIMS, STORAGE_CLASSES, names_class
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apiserver.admission import CREATE, Attributes

ANNOTATIONS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


class DefaultStorageClass(ReadsObjectsOfMinor):
    """``storageClassName: ""`` names a class, namely none, and is left alone."""

    name = "DefaultStorageClass"
    operations = frozenset((CREATE,))
    resources = frozenset((CLAIMS,))

    async def admit(self, attributes: Attributes) -> None:
        claim = attributes.object
        if attributes.subresource or claim is None or names_class(claim):
            return
        try:
            default = await default_class_name(
                self._objects, STORAGE_CLASSES, ANNOTATIONS, self._minor, "default StorageClasses were found"
            )
        except ApiError as error:
            raise forbidden(CLAIMS, attributes.name, error.message) from None
        if default is not None:
            claim["spec"] = {**(claim.get("spec") or {}), "storageClassName": default}
