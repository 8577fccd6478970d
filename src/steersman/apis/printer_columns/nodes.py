"""Columns of nodes."""

from steersman.apimachinery.table import AGE, NAME, Cell, ColumnSet, Object
from steersman.apis.printer_columns.columns import string
from steersman.apis.printer_columns.fields import NONE, UNKNOWN, at, mapping, mappings, text

_ROLE_PREFIX = "node-role.kubernetes.io/"
_ROLE = "kubernetes.io/role"


def _status(node: Object, now: float) -> str:
    ready = [one for one in mappings(node, "status", "conditions") if one.get("type") == "Ready"]
    if not ready:
        shown = "Unknown"
    else:
        shown = "Ready" if ready[-1].get("status") == "True" else "NotReady"
    return f"{shown},SchedulingDisabled" if at(node, "spec", "unschedulable") is True else shown


def _roles(node: Object, now: float) -> str:
    roles = set()
    for key, value in mapping(node, "metadata", "labels").items():
        if key.startswith(_ROLE_PREFIX):
            roles.add(key.removeprefix(_ROLE_PREFIX))
        elif key == _ROLE and isinstance(value, str):
            roles.add(value)
    return ",".join(sorted(roles - {""})) or NONE


def _address(kind: str) -> Cell:
    def cell(node: Object, now: float) -> str:
        for one in mappings(node, "status", "addresses"):
            if one.get("type") == kind:
                return text(one, "address")
        return NONE

    return cell


_INFO = "status.nodeInfo"

NODE = ColumnSet(
    (
        NAME,
        string("Status", _status, "Whether the node is ready, and whether pods are kept off it."),
        string("Roles", _roles, "What the node is for, by its labels."),
        AGE,
        string("Version", f"{_INFO}.kubeletVersion", "The version of the node's kubelet."),
        string("Internal-IP", _address("InternalIP"), "The node's address inside the cluster.", wide=True),
        string("External-IP", _address("ExternalIP"), "The node's address outside the cluster.", wide=True),
        string("OS-Image", f"{_INFO}.osImage", "The node's operating system.", missing=UNKNOWN, wide=True),
        string("Kernel-Version", f"{_INFO}.kernelVersion", "The node's kernel.", missing=UNKNOWN, wide=True),
        string(
            "Container-Runtime",
            f"{_INFO}.containerRuntimeVersion",
            "What runs the node's containers, and its version.",
            missing=UNKNOWN,
            wide=True,
        ),
    )
)
