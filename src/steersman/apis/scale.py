"""The scale subresource: the replicas of a kind as autoscaling/v1 Scale (API conventions, "Scale subresource")."""

from typing import Any

from steersman.apimachinery.errors import field_invalid, invalid
from steersman.apimachinery.group_version import GroupKind, GroupVersionKind
from steersman.apimachinery.label_selector import from_label_selector
from steersman.apiserver.registry.resource import Object

SCALE = GroupVersionKind("autoscaling", "v1", "Scale")


def read_scale(parent: Object) -> Object:
    meta, spec, status = parent["metadata"], parent.get("spec") or {}, parent.get("status") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": SCALE.kind,
        "apiVersion": SCALE.api_version,
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": spec.get("replicas") or 0},
        "status": {"replicas": status.get("replicas") or 0, "selector": _selector(spec.get("selector"))},
    }


def write_scale(parent: Object, scale: Object) -> Object:
    """Put the scale's replicas, and the resourceVersion it was read at, into the parent. Raises 422 when negative."""
    spec = scale.get("spec") or {}
    replicas = spec.get("replicas") if isinstance(spec, dict) else spec
    if replicas is None:
        replicas = 0
    if type(replicas) is not int or replicas < 0:
        error = field_invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid(GroupKind(SCALE.group, SCALE.kind), parent["metadata"]["name"], [error])
    parent.setdefault("spec", {})["replicas"] = replicas
    meta = scale.get("metadata")
    if isinstance(meta, dict) and meta.get("resourceVersion"):
        parent["metadata"]["resourceVersion"] = meta["resourceVersion"]
    return parent


def _selector(selector: Any) -> str:
    """A label selector object (or a plain map) in its string form, its terms in order of their keys."""
    if not isinstance(selector, dict):
        return ""
    if {"matchLabels", "matchExpressions"} & selector.keys():
        return str(from_label_selector(selector))
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
