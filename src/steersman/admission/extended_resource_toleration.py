"""ExtendedResourceToleration: a Pod that asks for a special resource may run on the nodes kept for it."""

from steersman.admission import tolerations
from steersman.admission.configuration import Unconfigured
from steersman.admission.pod_spec import INIT, MAIN, PODS, containers, spec_of
from steersman.apimachinery.names import check_label_key
from steersman.apiserver.admission import CREATE, UPDATE, Attributes

_NATIVE = "kubernetes.io/"
_QUOTA_PREFIX = "requests."


class ExtendedResourceToleration(Unconfigured):
    name = "ExtendedResourceToleration"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def admit(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        asked = {
            name
            for _, container in containers(attributes.object, (INIT, MAIN))
            for name in (container.get("resources") or {}).get("requests") or ()
        }
        for name in sorted(filter(is_extended_resource, asked)):
            toleration = {"key": name, "operator": tolerations.EXISTS, "effect": tolerations.NO_SCHEDULE}
            tolerations.put(spec_of(attributes.object), toleration)


def is_extended_resource(name: str) -> bool:
    """Whether a resource is none of Kubernetes' own, such as ``example.com/gpu``."""
    if "/" not in name or _NATIVE in name or name.startswith(_QUOTA_PREFIX):
        return False
    return not check_label_key(_QUOTA_PREFIX + name)
