"""Fields by which built-in kinds can be selected, beside metadata.name and metadata.namespace.

A table of paths, as upstream's field label conversion functions list them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from steersman.apimachinery.group_version import GroupKind

_EVENT = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_REGARDING = tuple(path.replace("involvedObject", "regarding") for path in _EVENT[:7])
"""The same of an Event in events.k8s.io, which is stored in the form of the core group."""
_POD = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
)
SELECTABLE: Mapping[GroupKind, tuple[str, ...]] = {
    GroupKind("", "Pod"): _POD,
    GroupKind("", "Node"): ("spec.unschedulable",),
    GroupKind("", "Namespace"): ("status.phase",),
    GroupKind("", "Secret"): ("type",),
    GroupKind("", "Service"): ("spec.clusterIP", "spec.type"),
    GroupKind("", "ReplicationController"): ("status.replicas",),
    GroupKind("", "Event"): _EVENT,
    GroupKind("events.k8s.io", "Event"): (*_REGARDING, "reason", "reportingController", "type"),
    GroupKind("apps", "ReplicaSet"): ("status.replicas",),
    GroupKind("batch", "Job"): ("status.successful",),
    GroupKind("certificates.k8s.io", "CertificateSigningRequest"): ("spec.signerName",),
    GroupKind("certificates.k8s.io", "ClusterTrustBundle"): ("spec.signerName",),
    GroupKind("certificates.k8s.io", "PodCertificateRequest"): (
        "spec.signerName",
        "spec.podName",
        "spec.serviceAccountName",
        "spec.nodeName",
    ),
    GroupKind("resource.k8s.io", "ResourceSlice"): ("spec.nodeName", "spec.driver"),
}
_ELSEWHERE = {
    "status.successful": ("status", "succeeded"),
    "reportingComponent": ("reportingComponent",),
    "reportingController": ("reportingComponent",),
    **{path: ("involvedObject", path.partition(".")[2]) for path in _REGARDING},
    "source": ("source", "component"),
}
_INSTEAD = {"source": ("reportingComponent",)}
_STORED_WITH = {GroupKind("", "Event"): (GroupKind("events.k8s.io", "Event"),)}
"""Kinds that are stored as another kind, which then has the fields of both."""
_WHEN_MISSING = {
    "spec.unschedulable": "false",
    "spec.hostNetwork": "false",
    "status.replicas": "0",
    "status.successful": "0",
}


def field_reader(kind: GroupKind) -> Callable[[Any], Mapping[str, str]] | None:
    """What gives a decoded object's selectable fields as text; None where the kind has only the common ones."""
    kinds = (kind, *_STORED_WITH.get(kind, ()))
    paths = tuple(dict.fromkeys(path for one in kinds for path in SELECTABLE.get(one, ())))
    if not paths:
        return None
    steps = [(path, _ELSEWHERE.get(path, tuple(path.split(".")))) for path in paths]
    instead = [(path, other) for path, other in _INSTEAD.items() if path in paths]

    def read(obj: Any) -> Mapping[str, str]:
        fields = {path: _text(obj, step, _WHEN_MISSING.get(path, "")) for path, step in steps}
        for path, other in instead:
            fields[path] = fields[path] or _text(obj, other, "")
        return fields

    return read


def _text(obj: Any, steps: tuple[str, ...], missing: str) -> str:
    for step in steps:
        obj = obj.get(step) if isinstance(obj, dict) else None
    if obj is None or isinstance(obj, dict | list):
        return missing
    if isinstance(obj, bool):
        return "true" if obj else "false"
    return str(obj)
