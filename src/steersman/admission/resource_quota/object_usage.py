"""What Services and PersistentVolumeClaims take of a quota.

Specified in "Resource Quotas", sections "Storage Resource Quota" and "Object Count Quota".
"""

from collections.abc import Sequence
from datetime import datetime

from steersman.admission.pod_spec import Amounts, amounts
from steersman.admission.resource_quota.amounts import NONE, ONE, read
from steersman.admission.resource_quota.evaluator import Evaluator, Selector, selects
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.registry.resource import Object

SERVICES = GroupResource("", "services")
CLAIMS = GroupResource("", "persistentvolumeclaims")

_OF_SERVICES = frozenset(("count/services", "services", "services.nodeports", "services.loadbalancers"))
_CLAIMS, _STORAGE = "persistentvolumeclaims", "requests.storage"
_OF_CLAIMS = frozenset(("count/persistentvolumeclaims", _CLAIMS, _STORAGE))
_BY_CLASS = ".storageclass.storage.k8s.io/"
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_BYTE = 10**9


def _handles_service(attributes: Attributes) -> bool:
    return attributes.operation in (CREATE, UPDATE) and not attributes.subresource


def _service_usage(service: Object, now: datetime) -> Amounts:
    """Ports of the nodes that are not given out yet are counted by what the Service wants."""
    spec = service.get("spec") or {}
    ports = spec.get("ports") or ()
    type_, node_ports = spec.get("type"), 0
    if type_ == "NodePort" or (type_ == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False):
        node_ports = len(ports)
    elif type_ == "LoadBalancer":
        node_ports = sum(1 for port in ports if port.get("nodePort"))
    return {
        "count/services": ONE,
        "services": ONE,
        "services.nodeports": Quantity.parse(node_ports),
        "services.loadbalancers": ONE if type_ == "LoadBalancer" else NONE,
    }


def _handles_claim(attributes: Attributes) -> bool:
    return attributes.operation in (CREATE, UPDATE) and attributes.subresource in ("", "status")


def _tracks_of_claim(name: str) -> bool:
    _, of_class, what = name.partition(_BY_CLASS)
    return name in _OF_CLAIMS or (bool(of_class) and what in (_CLAIMS, _STORAGE))


def _claim_usage(claim: Object, now: datetime) -> Amounts:
    found = {"count/persistentvolumeclaims": ONE, _CLAIMS: ONE}
    storage = _storage(claim)
    if storage is not None:
        found[_STORAGE] = storage
    class_ = _storage_class(claim)
    if class_:
        found |= {f"{class_}{_BY_CLASS}{name}": found[name] for name in (_CLAIMS, _STORAGE) if name in found}
    return found


def _storage(claim: Object) -> Quantity | None:
    """What is asked for, or was given where that is more; in whole bytes."""
    asked = amounts((claim.get("spec") or {}).get("resources"), "requests").get("storage")
    given = read((claim.get("status") or {}).get("allocatedResources")).get("storage")
    if asked is None:
        return None
    most = given if given is not None and given > asked else asked
    return most if not most.nanos % _BYTE else Quantity(-(-most.nanos // _BYTE) * _BYTE, most.format)


def _storage_class(claim: Object) -> str:
    annotations = claim["metadata"].get("annotations") or {}
    name = annotations.get(_CLASS_ANNOTATION, (claim.get("spec") or {}).get("storageClassName"))
    return name or ""


def _claim_in_scope(selector: Selector, claim: Object) -> bool:
    return selector.scope == "VolumeAttributesClass" and selects(selector, _attributes_classes(claim))


def _attributes_classes(claim: Object) -> Sequence[str]:
    """Those that the claim has, or is on its way to."""
    spec, status = claim.get("spec") or {}, claim.get("status") or {}
    names = (
        spec.get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return list(dict.fromkeys(filter(None, names)))


SERVICE_EVALUATOR = Evaluator(SERVICES, _OF_SERVICES.__contains__, _service_usage, _handles_service)
CLAIM_EVALUATOR = Evaluator(CLAIMS, _tracks_of_claim, _claim_usage, _handles_claim, _claim_in_scope)
