"""NodeRestriction: a kubelet changes its own Node, the Pods bound to it, its lease and what it reports, and no others.

Specified in "Admission Control in Kubernetes", NodeRestriction. What requests nodes may make at all, the Node
authorizer says; here is looked at what is in them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

from steersman.admission.configuration import ReadsObjects
from steersman.admission.node_labels import forbidden_changes
from steersman.admission.pod_spec import PODS, objects_in
from steersman.apimachinery.errors import forbidden, not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, DELETE, UPDATE, Attributes
from steersman.apiserver.authorization.node.authorizer import LEASE_NAMESPACE, node_name
from steersman.apiserver.authorization.node.references import MIRROR, of_pod
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

NODES = GroupResource("", "nodes")
_CLAIMS = GroupResource("", "persistentvolumeclaims")
_SERVICE_ACCOUNTS = GroupResource("", "serviceaccounts")
_LEASES = GroupResource("coordination.k8s.io", "leases")
_CSI_NODES = GroupResource("storage.k8s.io", "csinodes")
_SLICES = GroupResource("resource.k8s.io", "resourceslices")

_SPOKEN = {
    "serviceaccounts": "a service account",
    "secrets": "secrets",
    "configmaps": "configmaps",
    "persistentvolumeclaims": "persistentvolumeclaims",
    "resourceclaims": "resourceclaims",
}
"""What a mirror Pod may not refer to, in the order in which it is looked for."""

_REPORTED = ("capacity", "conditions", "allocatedResources", "allocatedResourceStatuses")
"""Of a claim's status, what a node reports."""


class NodeRestriction(ReadsObjects):
    """Who is no node is left alone."""

    name = "NodeRestriction"
    operations = frozenset((CREATE, UPDATE, DELETE))
    resources = frozenset((PODS, NODES, _CLAIMS, _SERVICE_ACCOUNTS, _LEASES, _CSI_NODES, _SLICES))

    def __init__(self, objects: ObjectReader) -> None:
        super().__init__(objects)
        self._checks: Mapping[GroupResource, Callable[[str, Attributes], Awaitable[None] | None]] = {
            PODS: self._check_pod,
            NODES: _check_node,
            _CLAIMS: _check_claim,
            _SERVICE_ACCOUNTS: self._check_token,
            _LEASES: _check_lease,
            _CSI_NODES: _check_csi_node,
            _SLICES: _check_slice,
        }

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        node = node_name(attributes.user)
        if node is None:
            return None
        if not node:
            _refuse(attributes, f'could not determine node from user "{attributes.user.name}"')
        return self._checks[attributes.group_resource](node, attributes)

    def _check_pod(self, node: str, attributes: Attributes) -> Awaitable[None] | None:
        match attributes.subresource, attributes.operation:
            case "", "CREATE":
                return self._check_mirror(node, attributes)
            case "", "DELETE":
                if _runs_on(attributes.old_object) != node:
                    _refuse(attributes, f'node "{node}" can only delete pods with spec.nodeName set to itself')
            case "", operation:
                told = f'unexpected operation "{operation}", node "{node}" can only create and delete mirror pods'
                _refuse(attributes, told)
            case "status", _:
                _check_pod_status(node, attributes)
            case "eviction", _:
                return self._check_eviction(node, attributes)
            case subresource, _:
                told = f"unexpected pod subresource \"{subresource}\", only 'status' and 'eviction' are allowed"
                _refuse(attributes, told)
        return None

    async def _check_mirror(self, node: str, attributes: Attributes) -> None:
        """A node makes Pods of its own files only, as mirrors of what runs anyway."""
        pod = attributes.object or {}
        if MIRROR not in (pod["metadata"].get("annotations") or {}):
            told = f'pod does not have "{MIRROR}" annotation, node "{node}" can only create mirror pods'
            _refuse(attributes, told)
        if _runs_on(pod) != node:
            _refuse(attributes, f'node "{node}" can only create pods with spec.nodeName set to itself')
        owner = _owner(node, attributes)
        stored = await self._objects.get(NODES, "", node)
        if stored is None:
            raise not_found(NODES, node)
        uid = stored.parsed()["metadata"]["uid"]
        if owner.get("uid") != uid:
            _refuse(attributes, f"node {node} UID mismatch: expected {owner.get('uid') or ''} got {uid}")
        if referred := _referred(pod):
            _refuse(attributes, f'node "{node}" can not create pods that reference {referred}')

    async def _check_eviction(self, node: str, attributes: Attributes) -> None:
        name = attributes.name or ((attributes.object or {}).get("metadata") or {}).get("name") or ""
        pod = await self._pod(attributes.namespace, name)
        if _runs_on(pod) != node:
            _refuse(attributes, f"node {node} can only evict pods with spec.nodeName set to itself")

    def _check_token(self, node: str, attributes: Attributes) -> Awaitable[None] | None:
        if attributes.operation != CREATE or attributes.subresource != "token":
            return None
        return self._check_bound(node, attributes)

    async def _check_bound(self, node: str, attributes: Attributes) -> None:
        """A node gets tokens for Pods that it runs, which end with them."""
        reference = ((attributes.object or {}).get("spec") or {}).get("boundObjectRef") or {}
        name, uid = reference.get("name"), reference.get("uid")
        if (reference.get("apiVersion"), reference.get("kind")) != ("v1", "Pod") or not name:
            _refuse(attributes, "node requested token not bound to a pod")
        if not uid:
            _refuse(attributes, "node requested token with a pod binding without a uid")
        pod = await self._pod(attributes.namespace, name)
        if uid != pod["metadata"]["uid"]:
            told = f"the UID in the bound object reference ({uid}) does not match the UID in record."
            _refuse(attributes, f"{told} The object might have been deleted and then recreated")
        if _runs_on(pod) != node:
            _refuse(attributes, "node requested token bound to a pod scheduled on a different node")

    async def _pod(self, namespace: str, name: str) -> Object:
        entry = await self._objects.get(PODS, namespace, name)
        if entry is None:
            raise not_found(PODS, name)
        pod: Object = entry.parsed()
        return pod


def _owner(node: str, attributes: Attributes) -> Object:
    """The owner of a mirror Pod, which has to be the node."""
    owners = (attributes.object or {})["metadata"].get("ownerReferences") or []
    can_only = f'node "{node}" can only create pods with'
    if len(owners) > 1:
        _refuse(attributes, f"{can_only} a single owner reference set to itself")
    owner: Object = owners[0] if owners else {}
    if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
        _refuse(attributes, f"{can_only} an owner reference set to itself")
    if not owner.get("controller"):
        _refuse(attributes, f"{can_only} a controller owner reference set to itself")
    if owner.get("blockOwnerDeletion"):
        _refuse(attributes, f'node "{node}" must not set blockOwnerDeletion on an owner reference')
    return owner


def _referred(pod: Object) -> str:
    """What the Pod refers to that a node may not read through Pods it makes up; empty for nothing."""
    # As one that is no mirror, for what mirrors refer to gives their node nothing.
    plain = {**pod, "metadata": {**pod["metadata"], "annotations": {}}}
    spec = pod.get("spec") or {}
    found = {reference.resource for reference in of_pod(plain)}
    if spec.get("resourceClaims"):
        found.add("resourceclaims")
    if named := next((spoken for resource, spoken in _SPOKEN.items() if resource in found), ""):
        return named
    sources = (
        source
        for _, volume in objects_in(spec.get("volumes"))
        for _, source in objects_in((volume.get("projected") or {}).get("sources"))
    )
    return "clustertrustbundles" if any("clusterTrustBundle" in source for source in sources) else ""


def _check_pod_status(node: str, attributes: Attributes) -> None:
    if attributes.operation != UPDATE:
        _refuse(attributes, f'unexpected operation "{attributes.operation}"')
    old, new = attributes.old_object or {}, attributes.object or {}
    if _runs_on(old) != node:
        told = "can only update pod status for pods with spec.nodeName set to itself"
        _refuse(attributes, f'node "{node}" {told}')
    if _claim_statuses(old) != _claim_statuses(new):
        _refuse(attributes, f'node "{node}" cannot update resource claim statues')


def _claim_statuses(pod: Object) -> list[tuple[Any, Any]]:
    listed = objects_in((pod.get("status") or {}).get("resourceClaimStatuses"))
    return [(one.get("name"), one.get("resourceClaimName")) for _, one in listed]


def _check_node(node: str, attributes: Attributes) -> None:
    if attributes.name != node:
        _refuse(attributes, f'node "{node}" is not allowed to modify node "{attributes.name}"')
    if attributes.operation == DELETE:
        return
    new, old = attributes.object or {}, attributes.old_object or {}
    source, taints = _of_spec(new, "configSource"), _of_spec(new, "taints")
    if attributes.operation == CREATE:
        if source is not None:
            _refuse(attributes, f'node "{node}" is not allowed to create pods with a non-nil configSource')
        if wrong := forbidden_changes(_labels(new), {}):
            _refuse(attributes, f'node "{node}" is not allowed to set the following labels: {", ".join(wrong)}')
        return
    if source is not None and source != _of_spec(old, "configSource"):
        _refuse(attributes, f'node "{node}" is not allowed to update configSource to a new non-nil configSource')
    if (taints or []) != (_of_spec(old, "taints") or []):
        _refuse(attributes, f'node "{node}" is not allowed to modify taints')
    if wrong := forbidden_changes(_labels(new), _labels(old)):
        _refuse(attributes, f"is not allowed to modify labels: {', '.join(wrong)}")


def _check_claim(node: str, attributes: Attributes) -> None:
    if attributes.subresource != "status":
        _refuse(attributes, "may only update PVC status")
    if _beside_reports(attributes.object or {}) != _beside_reports(attributes.old_object or {}):
        told = f'node "{node}" is not allowed to update fields other than status.capacity and status.conditions'
        _refuse(attributes, told)


def _beside_reports(claim: Object) -> Object:
    metadata = {key: value for key, value in claim["metadata"].items() if key not in _KEPT_BY_THE_SERVER}
    status = {key: value for key, value in (claim.get("status") or {}).items() if key not in _REPORTED}
    return {**claim, "metadata": metadata, "status": status}


_KEPT_BY_THE_SERVER = frozenset(("resourceVersion", "managedFields"))


def _check_lease(node: str, attributes: Attributes) -> None:
    if attributes.namespace != LEASE_NAMESPACE:
        _refuse(attributes, f'can only access leases in the "{LEASE_NAMESPACE}" system namespace')
    if attributes.name != node:
        _refuse(attributes, "can only access node lease with the same name as the requesting node")


def _check_csi_node(node: str, attributes: Attributes) -> None:
    if attributes.name != node:
        _refuse(attributes, "can only access CSINode with the same name as the requesting node")


def _check_slice(node: str, attributes: Attributes) -> None:
    """Updates the Node authorizer looks at."""
    checked = {CREATE: attributes.object, DELETE: attributes.old_object}.get(attributes.operation)
    if checked is not None and _of_spec(checked, "nodeName") != node:
        verb = attributes.operation.lower()
        _refuse(attributes, f"can only {verb} ResourceSlice with the same NodeName as the requesting node")


def _runs_on(pod: Object | None) -> str:
    return _of_spec(pod or {}, "nodeName") or ""


def _of_spec(obj: Object, member: str) -> Any:
    return (obj.get("spec") or {}).get(member)


def _labels(obj: Object) -> Mapping[str, str]:
    found: Mapping[str, str] = obj["metadata"].get("labels") or {}
    return found


def _refuse(attributes: Attributes, message: str) -> NoReturn:
    raise forbidden(attributes.group_resource, attributes.name, message)
