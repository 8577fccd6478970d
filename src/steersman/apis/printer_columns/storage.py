"""Columns of the group storage.k8s.io."""

from collections.abc import Mapping

from steersman.apimachinery.table import AGE, NAME, Column, ColumnSet, Object
from steersman.apis.printer_columns.columns import boolean, number, string
from steersman.apis.printer_columns.fields import NONE, UNSET, amount, at, items, mapping, mappings, text, texts

_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def _class_name(storage_class: Object, now: float) -> str:
    name = text(storage_class, "metadata", "name")
    annotations = mapping(storage_class, "metadata", "annotations")
    return f"{name} (default)" if any(annotations.get(key) == "true" for key in _DEFAULT_CLASS) else name


def _audiences(driver: Object, now: float) -> str:
    if at(driver, "spec", "tokenRequests") is None:
        return UNSET
    return ",".join(text(one, "audience") for one in mappings(driver, "spec", "tokenRequests"))


def _modes(driver: Object, now: float) -> str:
    return ",".join(texts(driver, "spec", "volumeLifecycleModes")) or NONE


def _capacity(capacity: Object, now: float) -> str:
    return UNSET if at(capacity, "capacity") is None else amount(capacity, "capacity")


def _drivers(node: Object, now: float) -> int:
    return len(items(node, "spec", "drivers"))


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "CSIDriver": ColumnSet(
        (
            NAME,
            boolean("AttachRequired", "spec.attachRequired", "Whether volumes must be attached.", missing=True),
            boolean("PodInfoOnMount", "spec.podInfoOnMount", "Whether the driver is told for which pod it mounts."),
            boolean("StorageCapacity", "spec.storageCapacity", "Whether the driver tells how much there is left."),
            string("TokenRequests", _audiences, "Whom the tokens are for that the driver gets."),
            boolean("RequiresRepublish", "spec.requiresRepublish", "Whether volumes are published again and again."),
            string("Modes", _modes, "The kinds of volumes that the driver has."),
            AGE,
        )
    ),
    "CSINode": ColumnSet((NAME, number("Drivers", _drivers, "How many drivers the node has."), AGE)),
    "CSIStorageCapacity": ColumnSet(
        (
            NAME,
            string("StorageClassName", "storageClassName", "The class of the storage."),
            string("Capacity", _capacity, "How much there is left."),
        )
    ),
    "StorageClass": ColumnSet(
        (
            Column(NAME.name, NAME.type, _class_name, NAME.format, NAME.description),
            string("Provisioner", "provisioner", "What makes the volumes."),
            string("ReclaimPolicy", "reclaimPolicy", "What becomes of a volume after its claim.", missing="Delete"),
            string("VolumeBindingMode", "volumeBindingMode", "When claims are bound.", missing="Immediate"),
            boolean("AllowVolumeExpansion", "allowVolumeExpansion", "Whether volumes can grow.", type="string"),
            AGE,
        )
    ),
    "VolumeAttachment": ColumnSet(
        (
            NAME,
            Column("Attacher", "string", lambda obj, now: text(obj, "spec", "attacher"), "name", "What attaches it."),
            string("PV", "spec.source.persistentVolumeName", "The volume."),
            string("Node", "spec.nodeName", "The node that the volume is attached to."),
            boolean("Attached", "status.attached", "Whether it is attached."),
            AGE,
        )
    ),
    "VolumeAttributesClass": ColumnSet(
        (NAME, string("DriverName", "driverName", "The driver that knows the attributes."), AGE)
    ),
}
