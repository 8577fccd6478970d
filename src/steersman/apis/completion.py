"""Defaults of built-in kinds that depend on other fields: a table from kind to what completes an object."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from steersman.apimachinery.group_version import GroupKind
from steersman.apiserver.registry.resource import Object

Completion = Callable[[Object], None]
_RBAC = "rbac.authorization.k8s.io"


def _pod_spec(spec: Any) -> None:
    """An image without a tag, or with ``latest``, is always pulled."""
    if not isinstance(spec, dict):
        return
    for containers in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(containers) or ():
            if container.get("image") and not container.get("imagePullPolicy"):
                container["imagePullPolicy"] = "Always" if _is_latest(container["image"]) else "IfNotPresent"


def _is_latest(image: str) -> bool:
    if "@" in image:
        return False
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag in ("", "latest")


def _pod(obj: Object) -> None:
    spec = obj.get("spec")
    if isinstance(spec, dict):
        spec.setdefault("enableServiceLinks", True)
        _pod_spec(spec)


def _workload(obj: Object) -> None:
    _pod_spec(((obj.get("spec") or {}).get("template") or {}).get("spec"))


def _replication_controller(obj: Object) -> None:
    _workload(obj)
    spec = obj.get("spec") or {}
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        spec.setdefault("selector", dict(labels))
        obj["metadata"].setdefault("labels", dict(labels))


def _job(obj: Object) -> None:
    _workload(obj)
    spec = obj.get("spec")
    if isinstance(spec, dict) and spec.get("parallelism") is None:
        spec["parallelism"] = 1
        if spec.get("completions") is None:
            spec["completions"] = 1


def _cron_job(obj: Object) -> None:
    template = (obj.get("spec") or {}).get("jobTemplate")
    if isinstance(template, dict):
        _workload(template)


def _pod_template(obj: Object) -> None:
    _pod_spec((obj.get("template") or {}).get("spec"))


def _service(obj: Object) -> None:
    spec = obj.get("spec") or {}
    if spec.get("type") == "ExternalName":
        spec.pop("internalTrafficPolicy", None)
        return
    for port in spec.get("ports") or ():
        if port.get("targetPort") in (None, "", 0) and "port" in port:
            port["targetPort"] = port["port"]
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")


def _secret(obj: Object) -> None:
    """``stringData`` is written, never read: it becomes ``data``."""
    plain = obj.pop("stringData", None)
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}


def _network_policy(obj: Object) -> None:
    spec = obj.get("spec")
    if isinstance(spec, dict) and not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _binding(obj: Object) -> None:
    for subject in _mappings(obj.get("subjects")):
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = _RBAC
    for reference in _mappings([obj.get("roleRef")]):
        if not reference.get("apiGroup"):
            reference["apiGroup"] = _RBAC


def _phase(phase: str) -> Completion:
    def complete(obj: Object) -> None:
        status = obj.setdefault("status", {})
        if isinstance(status, dict):
            status.setdefault("phase", phase)

    return complete


def _both(*completions: Completion) -> Completion:
    def complete(obj: Object) -> None:
        for one in completions:
            one(obj)

    return complete


def _mappings(values: Any) -> Iterator[dict[str, Any]]:
    return (value for value in values or () if isinstance(value, dict))


COMPLETIONS: Mapping[GroupKind, Completion] = {
    GroupKind("", "PersistentVolume"): _phase("Pending"),
    GroupKind("", "PersistentVolumeClaim"): _phase("Pending"),
    GroupKind("", "Pod"): _both(_pod, _phase("Pending")),
    GroupKind("", "PodTemplate"): _pod_template,
    GroupKind("", "ReplicationController"): _replication_controller,
    GroupKind("", "Secret"): _secret,
    GroupKind("", "Service"): _service,
    GroupKind("apps", "DaemonSet"): _workload,
    GroupKind("apps", "Deployment"): _workload,
    GroupKind("apps", "ReplicaSet"): _workload,
    GroupKind("apps", "StatefulSet"): _workload,
    GroupKind("batch", "CronJob"): _cron_job,
    GroupKind("batch", "Job"): _job,
    GroupKind("networking.k8s.io", "NetworkPolicy"): _network_policy,
    GroupKind(_RBAC, "ClusterRoleBinding"): _binding,
    GroupKind(_RBAC, "RoleBinding"): _binding,
}
