"""Columns of volumes and of the claims to them."""

from steersman.apimachinery.table import AGE, NAME, Cell, ColumnSet, Object
from steersman.apis.printer_columns.columns import string
from steersman.apis.printer_columns.fields import UNSET, amount, is_deleted, items, mapping, text

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"


def _access_modes(obj: Object, part: str) -> str:
    given = items(obj, part, "accessModes")
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def _phase(obj: Object, now: float) -> str:
    return "Terminating" if is_deleted(obj) else text(obj, "status", "phase")


def _class(obj: Object, now: float) -> str:
    """The annotation that was there before the field goes first."""
    annotated = mapping(obj, "metadata", "annotations").get(_OLD_CLASS)
    return annotated if isinstance(annotated, str) else text(obj, "spec", "storageClassName")


def _claim(volume: Object, now: float) -> str:
    claim = mapping(volume, "spec", "claimRef")
    return f"{text(claim, 'namespace')}/{text(claim, 'name')}" if claim else ""


def _if_bound(cell: Cell) -> Cell:
    return lambda claim, now: cell(claim, now) if text(claim, "spec", "volumeName") else ""


_CLASSES = (
    string("StorageClass", _class, "The class of the storage."),
    string("VolumeAttributesClass", "spec.volumeAttributesClassName", "The class of its attributes.", missing=UNSET),
)
_VOLUME_MODE = string(
    "VolumeMode", "spec.volumeMode", "Whether it is a file system or a block device.", missing=UNSET, wide=True
)

PERSISTENT_VOLUME = ColumnSet(
    (
        NAME,
        string("Capacity", lambda obj, now: amount(obj, "spec", "capacity", "storage"), "The size of the volume."),
        string("Access Modes", lambda obj, now: _access_modes(obj, "spec"), "The ways in which it can be mounted."),
        string("Reclaim Policy", "spec.persistentVolumeReclaimPolicy", "What becomes of it after its claim."),
        string("Status", _phase, "Whether it is available, bound or released."),
        string("Claim", _claim, "The claim that it is bound to."),
        *_CLASSES,
        string("Reason", "status.reason", "Why it has failed, in a word."),
        AGE,
        _VOLUME_MODE,
    )
)
PERSISTENT_VOLUME_CLAIM = ColumnSet(
    (
        NAME,
        string("Status", _phase, "Whether it is bound."),
        string("Volume", "spec.volumeName", "The volume that it is bound to."),
        string(
            "Capacity",
            _if_bound(lambda obj, now: amount(obj, "status", "capacity", "storage")),
            "The size of the volume.",
        ),
        string(
            "Access Modes",
            _if_bound(lambda obj, now: _access_modes(obj, "status")),
            "The ways in which the volume can be mounted.",
        ),
        *_CLASSES,
        AGE,
        _VOLUME_MODE,
    )
)
