"""PersistentVolumeClaims stay while Pods use them.

A Pod uses a claim from when it is on a node until it is gone: whoever starts the containers of a Pod does not start one
whose claim is marked for deletion.
"""

from typing import Any

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import SharedInformer
from steersman.controllers.deletion_protection import DeletionProtection

FINALIZER = "kubernetes.io/pvc-protection"
CLAIMS = ApiResource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, DICTS)
PODS = ApiResource("", "v1", "pods", "Pod", True, DICTS)

_ON_A_NODE = "spec.nodeName!="


def pvc_protection(client: Client, informer: SharedInformer) -> DeletionProtection:
    """``informer`` has the claims. Pods are read when a claim shall go, rather than all be kept for that."""
    pods = client.resource(PODS)

    async def in_use(claim: CachedObject) -> bool:
        async for pod in pods.list(namespace=claim.namespace, field_selector=_ON_A_NODE):
            if uses(pod, claim):
                return True
        return False

    return DeletionProtection("claim protection", client.resource(CLAIMS), informer, FINALIZER, in_use)


def uses(pod: dict[str, Any], claim: CachedObject) -> bool:
    """Whether one of the Pod's volumes is the claim: named, or made for this very Pod, if its containers may run."""
    spec, metadata = pod.get("spec") or {}, pod["metadata"]
    is_down = "deletionTimestamp" in metadata and metadata.get("deletionGracePeriodSeconds") == 0
    for volume in spec.get("volumes") or ():
        if (volume.get("persistentVolumeClaim") or {}).get("claimName") == claim.name:
            return True
        is_its_own = "ephemeral" in volume and f"{metadata['name']}-{volume['name']}" == claim.name
        if is_its_own and not is_down and any(one.uid == metadata["uid"] for one in claim.owner_references or ()):
            return True
    return False
