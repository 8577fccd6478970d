"""Columns of the core group."""

from collections.abc import Mapping

from steersman.apimachinery.table import AGE, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import count_cell, number, string
from steersman.apis.printer_columns.events import EVENT
from steersman.apis.printer_columns.fields import amount, mapping, mappings, text
from steersman.apis.printer_columns.nodes import NODE
from steersman.apis.printer_columns.pods import POD
from steersman.apis.printer_columns.services import ENDPOINTS, SERVICE
from steersman.apis.printer_columns.volumes import PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM
from steersman.apis.printer_columns.workloads import POD_TEMPLATE, REPLICATION_CONTROLLER


def _entries(config_map: Object, now: float) -> int:
    return len(mapping(config_map, "data")) + len(mapping(config_map, "binaryData"))


def _quota(quota: Object, limits: bool) -> str:
    """What is used of what is allowed, of the limits or of all else."""
    hard, used = mapping(quota, "status", "hard"), mapping(quota, "status", "used")
    return ", ".join(
        f"{resource}: {amount(used, resource)}/{amount(hard, resource)}"
        for resource in sorted(hard)
        if resource.startswith("limits.") == limits
    )


def _health(component: Object) -> Mapping[str, str]:
    for one in mappings(component, "conditions"):
        if one.get("type") == "Healthy":
            return one
    return {}


def _component_status(component: Object, now: float) -> str:
    healthy = _health(component)
    if not healthy:
        return "Unknown"
    return "Healthy" if healthy.get("status") == "True" else "Unhealthy"


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "ComponentStatus": ColumnSet(
        (
            NAME,
            string("Status", _component_status, "Whether the component is healthy."),
            string("Message", lambda obj, now: text(_health(obj), "message"), "What the component says of it."),
            string("Error", lambda obj, now: text(_health(obj), "error"), "What went wrong when it was asked."),
        )
    ),
    "ConfigMap": ColumnSet((NAME, number("Data", _entries, "How many entries it has.", type="string"), AGE)),
    "Endpoints": ENDPOINTS,
    "Event": EVENT,
    "Namespace": ColumnSet((NAME, string("Status", "status.phase", "Whether it is in use or going away."), AGE)),
    "Node": NODE,
    "PersistentVolume": PERSISTENT_VOLUME,
    "PersistentVolumeClaim": PERSISTENT_VOLUME_CLAIM,
    "Pod": POD,
    "PodTemplate": POD_TEMPLATE,
    "ReplicationController": REPLICATION_CONTROLLER,
    "ResourceQuota": ColumnSet(
        (
            NAME,
            string("Request", lambda obj, now: _quota(obj, False), "What is requested, of how much that may be."),
            string("Limit", lambda obj, now: _quota(obj, True), "The sum of the limits, of how much that may be."),
            AGE,
        )
    ),
    "Secret": ColumnSet(
        (
            NAME,
            string("Type", "type", "What the secret is for."),
            number("Data", count_cell("data"), "How many entries it has.", type="string"),
            AGE,
        )
    ),
    "Service": SERVICE,
    "ServiceAccount": ColumnSet(
        (NAME, number("Secrets", count_cell("secrets"), "How many secrets it may use.", type="string"), AGE)
    ),
}
