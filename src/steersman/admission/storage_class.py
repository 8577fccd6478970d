"""Which StorageClass a PersistentVolumeClaim names."""

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.resource import Object

CLAIMS = GroupResource("", "persistentvolumeclaims")
STORAGE_CLASSES = GroupResource("storage.k8s.io", "storageclasses")

_BETA = "volume.beta.kubernetes.io/storage-class"


def names_class(claim: Object) -> bool:
    """Whether the claim names a class, an empty name included."""
    return _in_annotation(claim) is not None or (claim.get("spec") or {}).get("storageClassName") is not None


def class_of(claim: Object) -> str:
    """The name of the claim's class, empty for none; the annotation of old goes before the field."""
    written = _in_annotation(claim)
    name: str = (claim.get("spec") or {}).get("storageClassName") or "" if written is None else written
    return name


def _in_annotation(claim: Object) -> str | None:
    written: str | None = (claim["metadata"].get("annotations") or {}).get(_BETA)
    return written
