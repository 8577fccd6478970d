"""PersistentVolumes stay while they are bound to a claim."""

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import SharedInformer
from steersman.controllers.deletion_protection import DeletionProtection

FINALIZER = "kubernetes.io/pv-protection"
VOLUMES = ApiResource("", "v1", "persistentvolumes", "PersistentVolume", False, DICTS)


def pv_protection(client: Client, informer: SharedInformer) -> DeletionProtection:
    """``informer`` has the volumes."""
    return DeletionProtection("volume protection", client.resource(VOLUMES), informer, FINALIZER, is_bound)


async def is_bound(volume: CachedObject) -> bool:
    return (volume.get("status") or {}).get("phase") == "Bound"
