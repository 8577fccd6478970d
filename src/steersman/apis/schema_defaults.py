"""Defaults of built-in kinds that depend on nothing else: a table from Go type to its fields' defaults.

They are laid into the schema, so defaulting and OpenAPI both see them. A field that a minor version does not have yet
gets no default there. Facts from the API reference and upstream's defaulting functions.
"""

from collections.abc import Mapping
from typing import Any

_MODE = {"defaultMode": 0o644}
_WEBHOOK: Mapping[str, Any] = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "timeoutSeconds": 10,
    "namespaceSelector": {},
    "objectSelector": {},
}

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "CSIDriverSpec": {
        "attachRequired": True,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "podInfoOnMount": False,
        "requiresRepublish": False,
        "storageCapacity": False,
        "volumeLifecycleModes": ["Persistent"],
    },
    "ConfigMapVolumeSource": _MODE,
    "Container": {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "ContainerPort": {"protocol": "TCP"},
    "CronJobSpec": {
        "concurrencyPolicy": "Allow",
        "failedJobsHistoryLimit": 1,
        "successfulJobsHistoryLimit": 3,
        "suspend": False,
    },
    "DaemonSetSpec": {
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    },
    "DeploymentSpec": {
        "progressDeadlineSeconds": 600,
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    },
    "DeploymentStrategy": {"type": "RollingUpdate"},
    "DownwardAPIVolumeSource": _MODE,
    "EndpointPort": {"protocol": "TCP"},
    "EphemeralContainer": {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "HorizontalPodAutoscalerSpec": {"minReplicas": 1},
    "HostPathVolumeSource": {"type": ""},
    "JobSpec": {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False},
    "MutatingWebhook": {**_WEBHOOK, "reinvocationPolicy": "Never"},
    "NetworkPolicyPort": {"protocol": "TCP"},
    "ObjectFieldSelector": {"apiVersion": "v1"},
    "PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    "PersistentVolumeSpec": {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"},
    "PodSpec": {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    },
    "PriorityClass": {"preemptionPolicy": "PreemptLowerPriority"},
    "Probe": {"failureThreshold": 3, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1},
    "ProjectedVolumeSource": _MODE,
    "ReplicaSetSpec": {"replicas": 1},
    "ReplicationControllerSpec": {"replicas": 1},
    "RuleWithOperations": {"scope": "*"},
    "Secret": {"type": "Opaque"},
    "SecretVolumeSource": _MODE,
    "ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "ServicePort": {"protocol": "TCP"},
    "ServiceSpec": {"internalTrafficPolicy": "Cluster", "sessionAffinity": "None", "type": "ClusterIP"},
    "StatefulSetSpec": {
        "podManagementPolicy": "OrderedReady",
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    },
    "StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "ValidatingWebhook": _WEBHOOK,
}


def with_defaults(name: str, definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """``definition`` with the defaults of its type; ``name`` ends with the Go type (io.k8s.api.core.v1.PodSpec)."""
    defaults = DEFAULTS.get(name.rpartition(".")[2])
    properties = definition.get("properties")
    if defaults is None or not properties:
        return definition
    given = {
        field: {**schema, "default": defaults[field]} if field in defaults else schema
        for field, schema in properties.items()
    }
    return {**definition, "properties": given}
