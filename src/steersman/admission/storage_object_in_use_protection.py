"""StorageObjectInUseProtection: claims and volumes that are in use do not go away under who uses them.

The finalizers set here are removed by the controllers ``pvc_protection`` and ``pv_protection``.
"""

from steersman.admission.configuration import Unconfigured
from steersman.admission.storage_class import CLAIMS
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes

VOLUMES = GroupResource("", "persistentvolumes")
FINALIZERS = {CLAIMS: "kubernetes.io/pvc-protection", VOLUMES: "kubernetes.io/pv-protection"}


class StorageObjectInUseProtection(Unconfigured):
    name = "StorageObjectInUseProtection"
    operations = frozenset((CREATE,))
    resources = frozenset(FINALIZERS)

    def admit(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        metadata = attributes.object["metadata"]
        finalizer = FINALIZERS[attributes.group_resource]
        present = metadata.get("finalizers") or []
        if finalizer not in present:
            metadata["finalizers"] = [*present, finalizer]
