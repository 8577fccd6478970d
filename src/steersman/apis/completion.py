"""Defaults of built-in kinds that depend on other fields: a table from kind to what completes an object."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.pod_completion import complete_pod, complete_pod_spec, mappings
from steersman.apiserver.registry.resource import Object

Completion = Callable[[Object], None]
_RBAC = "rbac.authorization.k8s.io"

_SELECTING_BY_TEMPLATE = frozenset(("apps/v1beta1", "extensions/v1beta1"))
"""Versions in which a workload without a selector selects what its own template labels."""


def _workload(obj: Object) -> None:
    spec = obj.get("spec") or {}
    complete_pod_spec((spec.get("template") or {}).get("spec"))
    if obj.get("apiVersion") in _SELECTING_BY_TEMPLATE and not spec.get("selector"):
        labels = _template_labels(spec)
        if labels:
            spec["selector"] = {"matchLabels": dict(labels)}


def _replication_controller(obj: Object) -> None:
    _workload(obj)
    spec = obj.get("spec") or {}
    labels = _template_labels(spec)
    if labels:
        if not spec.get("selector"):
            spec["selector"] = dict(labels)
        _label(obj, labels)


def _template_labels(spec: Any) -> Any:
    return ((spec.get("template") or {}).get("metadata") or {}).get("labels")


def _label(obj: Object, labels: Any) -> None:
    """What has no labels takes those of its template."""
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)


def _job(obj: Object) -> None:
    _workload(obj)
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    if spec.get("parallelism") is None:
        spec["parallelism"] = 1
        if spec.get("completions") is None:
            spec["completions"] = 1
    if spec.get("podFailurePolicy") is not None and spec.get("podReplacementPolicy") == "TerminatingOrFailed":
        spec["podReplacementPolicy"] = "Failed"
    _label(obj, _template_labels(spec))


def _cron_job(obj: Object) -> None:
    template = (obj.get("spec") or {}).get("jobTemplate")
    if isinstance(template, dict):
        _workload(template)


def _rolling_update(field: str, **limits: int | str) -> Completion:
    """``field`` of the spec says how pods are replaced; ``limits`` are those of a rolling update that has none."""

    def complete(obj: Object) -> None:
        _workload(obj)
        strategy = (obj.get("spec") or {}).get(field)
        if isinstance(strategy, dict) and strategy.get("type") == "RollingUpdate" and not strategy.get("rollingUpdate"):
            strategy["rollingUpdate"] = dict(limits)

    return complete


def _stateful_set(obj: Object) -> None:
    """A strategy that is named is left as it is, but for the partition; claims are pending until they are made."""
    _workload(obj)
    spec = obj.get("spec") or {}
    strategy = spec.get("updateStrategy")
    if isinstance(strategy, dict):
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
            strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        if strategy["type"] == "RollingUpdate" and isinstance(strategy.get("rollingUpdate"), dict):
            strategy["rollingUpdate"].setdefault("partition", 0)
    for claim in mappings(spec.get("volumeClaimTemplates")):
        _phase("Pending")(claim)


def _pod_template(obj: Object) -> None:
    complete_pod_spec((obj.get("template") or {}).get("spec"))


def _service(obj: Object) -> None:
    spec = obj.get("spec") or {}
    kind = spec.get("type")
    if kind != "LoadBalancer":
        spec.pop("allocateLoadBalancerNodePorts", None)
    if kind == "ExternalName":
        spec.pop("internalTrafficPolicy", None)
    for port in mappings(spec.get("ports")):
        if port.get("targetPort") in (None, "", 0) and "port" in port:
            port["targetPort"] = port["port"]
    if kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and spec.get("externalIPs")):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    _session_affinity(spec)


def _session_affinity(spec: dict[str, Any]) -> None:
    """Clients are kept together for three hours, if at all."""
    if spec.get("sessionAffinity") == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec.get("sessionAffinity") == "ClientIP":
        client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}


def _limit_range(obj: Object) -> None:
    """Of containers: the limit is the maximum, and what is requested is the limit, or else the minimum."""
    for limit in mappings((obj.get("spec") or {}).get("limits")):
        if limit.get("type") == "Container":
            default = {**(limit.get("max") or {}), **(limit.get("default") or {})}
            request = {**(limit.get("min") or {}), **default, **(limit.get("defaultRequest") or {})}
            limit.update({key: value for key, value in (("default", default), ("defaultRequest", request)) if value})


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


def _autoscaler(obj: Object) -> None:
    """Where a behavior is given, what it leaves open is what it would be without one."""
    behavior = (obj.get("spec") or {}).get("behavior")
    if isinstance(behavior, dict):
        for direction, rules in _SCALING_RULES.items():
            given = {key: value for key, value in (behavior.get(direction) or {}).items() if value is not None}
            behavior[direction] = {**rules, "policies": [dict(one) for one in rules["policies"]], **given}


_SCALING_RULES: Mapping[str, Mapping[str, Any]] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": (
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ),
    },
    "scaleDown": {"selectPolicy": "Max", "policies": ({"type": "Percent", "value": 100, "periodSeconds": 15},)},
}


def _binding(obj: Object) -> None:
    for subject in mappings(obj.get("subjects")):
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = _RBAC
    for reference in mappings([obj.get("roleRef")]):
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


COMPLETIONS: Mapping[GroupKind, Completion] = {
    GroupKind("", "LimitRange"): _limit_range,
    GroupKind("", "PersistentVolume"): _phase("Pending"),
    GroupKind("", "PersistentVolumeClaim"): _phase("Pending"),
    GroupKind("", "Pod"): _both(complete_pod, _phase("Pending")),
    GroupKind("", "PodTemplate"): _pod_template,
    GroupKind("", "ReplicationController"): _replication_controller,
    GroupKind("", "Secret"): _secret,
    GroupKind("", "Service"): _service,
    GroupKind("apps", "DaemonSet"): _rolling_update("updateStrategy", maxSurge=0, maxUnavailable=1),
    GroupKind("apps", "Deployment"): _rolling_update("strategy", maxSurge="25%", maxUnavailable="25%"),
    GroupKind("apps", "ReplicaSet"): _workload,
    GroupKind("apps", "StatefulSet"): _stateful_set,
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    GroupKind("batch", "CronJob"): _cron_job,
    GroupKind("batch", "Job"): _job,
    GroupKind("networking.k8s.io", "NetworkPolicy"): _network_policy,
    GroupKind(_RBAC, "ClusterRoleBinding"): _binding,
    GroupKind(_RBAC, "RoleBinding"): _binding,
}
