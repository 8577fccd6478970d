"""DefaultIngressClass: an Ingress that names no class gets the default one."""

from steersman.admission.configuration import ReadsObjectsOfMinor
from steersman.admission.default_class import default_class_name
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes

INGRESSES = GroupResource("networking.k8s.io", "ingresses")
INGRESS_CLASSES = GroupResource("networking.k8s.io", "ingressclasses")
IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
NAMED = "kubernetes.io/ingress.class"
"""The annotation in which an Ingress of old names its class."""


class DefaultIngressClass(ReadsObjectsOfMinor):
    name = "DefaultIngressClass"
    operations = frozenset((CREATE,))
    resources = frozenset((INGRESSES,))

    async def admit(self, attributes: Attributes) -> None:
        ingress = attributes.object
        if attributes.subresource or ingress is None:
            return
        spec = ingress.get("spec") or {}
        if spec.get("ingressClassName") is not None or NAMED in (ingress["metadata"].get("annotations") or {}):
            return
        try:
            default = await default_class_name(
                self._objects,
                INGRESS_CLASSES,
                (IS_DEFAULT,),
                self._minor,
                "default IngressClasses were found, only 1 allowed",
            )
        except ApiError as error:
            raise forbidden(INGRESSES, attributes.name, error.message) from None
        if default is not None:
            ingress["spec"] = {**spec, "ingressClassName": default}
