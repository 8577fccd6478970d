"""Columns of the small groups: leases, priority and runtime classes, devices, API services and storage versions."""

from collections.abc import Mapping

from steersman.apimachinery.table import AGE, CREATED_AT, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import age_column, boolean, number, string
from steersman.apis.printer_columns.fields import (
    UNSET,
    at,
    condition,
    first_of,
    is_deleted,
    items,
    mapping,
    mappings,
    text,
)

_MOST_VERSIONS = 3
_AGE_ONLY = ColumnSet((NAME, AGE))


def _service(api_service: Object, now: float) -> str:
    service = mapping(api_service, "spec", "service")
    return f"{text(service, 'namespace')}/{text(service, 'name')}" if service else "Local"


def _available(api_service: Object, now: float) -> str:
    available = condition(api_service, "Available")
    if not available:
        return "Unknown"
    status, reason = text(available, "status"), text(available, "reason")
    return f"{status} ({reason})" if reason and status != "True" else status


def _claim_state(claim: Object, now: float) -> str:
    states = ["deleted"] if is_deleted(claim) else []
    if at(claim, "status", "allocation") is not None:
        states.append("allocated")
        if items(claim, "status", "reservedFor"):
            states.append("reserved")
    return ",".join(states) or "pending"


def _storage_versions(storage_version: Object, now: float) -> str:
    shown = [
        f"{text(one, 'apiServerID')}={text(one, 'encodingVersion')}"
        for one in mappings(storage_version, "status", "storageVersions")
    ]
    return first_of(shown, _MOST_VERSIONS, len(shown))


def _migrated(migration: Object, now: float) -> str:
    return f"{text(migration, 'spec', 'resource', 'resource')}.{text(migration, 'spec', 'resource', 'group')}"


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "APIService": ColumnSet(
        (
            NAME,
            string("Service", _service, "The service behind it; Local is this server."),
            string("Available", _available, "Whether it can be reached."),
            AGE,
        )
    ),
    "CustomResourceDefinition": ColumnSet((NAME, CREATED_AT)),
    "DeviceClass": _AGE_ONLY,
    "DeviceTaintRule": ColumnSet(
        (
            NAME,
            string("Key", "spec.taint.key", "The key of the taint."),
            string("Value", "spec.taint.value", "The value of the taint."),
            string("Effect", "spec.taint.effect", "What the taint does."),
            age_column("TimeAdded", "spec.taint.timeAdded", "When the taint was added.", missing=""),
            AGE,
        )
    ),
    "Lease": ColumnSet((NAME, string("Holder", "spec.holderIdentity", "Who has the lease."), AGE)),
    "LeaseCandidate": ColumnSet(
        (
            NAME,
            string("LeaseName", "spec.leaseName", "The lease that is wanted."),
            string("BinaryVersion", "spec.binaryVersion", "The version of the candidate."),
            string("EmulationVersion", "spec.emulationVersion", "The version that the candidate behaves as."),
            AGE,
        )
    ),
    "PriorityClass": ColumnSet(
        (
            NAME,
            number("Value", "value", "The priority of the class's pods."),
            boolean("Global-Default", "globalDefault", "Whether pods without a class have this one."),
            AGE,
            string("PreemptionPolicy", "preemptionPolicy", "Whether other pods must make room."),
        )
    ),
    "ResourceClaim": ColumnSet((NAME, string("State", _claim_state, "Pending, allocated, reserved or deleted."), AGE)),
    "ResourceClaimTemplate": _AGE_ONLY,
    "ResourceSlice": ColumnSet(
        (
            NAME,
            string("Node", "spec.nodeName", "The node that has the devices."),
            string("Driver", "spec.driver", "The driver of the devices."),
            string("Pool", "spec.pool.name", "The pool that the devices belong to."),
            AGE,
        )
    ),
    "RuntimeClass": ColumnSet((NAME, string("Handler", "handler", "What runs the containers."), AGE)),
    "StorageVersion": ColumnSet(
        (
            NAME,
            string("CommonEncodingVersion", "status.commonEncodingVersion", "What all servers write.", missing=UNSET),
            string("StorageVersions", _storage_versions, "What each server writes."),
            AGE,
        )
    ),
    "StorageVersionMigration": ColumnSet((NAME, string("Resource", _migrated, "The resource that is rewritten."))),
}
