"""Defaults of built-in kinds that depend on nothing else: a table from Go type to its fields' defaults.

A type that has the same name in several groups or versions is named with its own (``discovery.v1.EndpointPort``).

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
_OLD_WEBHOOK: Mapping[str, Any] = {
    **_WEBHOOK,
    "admissionReviewVersions": ["v1beta1"],
    "failurePolicy": "Ignore",
    "matchPolicy": "Exact",
    "sideEffects": "Unknown",
    "timeoutSeconds": 30,
}
_CPU_UTILIZATION = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
_RBD = {"keyring": "/etc/ceph/keyring", "pool": "rbd", "user": "admin"}
_SCALE_IO = {"fsType": "xfs", "storageMode": "ThinProvisioned"}

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "AzureDiskVolumeSource": {"cachingMode": "ReadWrite", "fsType": "ext4", "kind": "Shared", "readOnly": False},
    "CSIDriverSpec": {
        "attachRequired": True,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "podInfoOnMount": False,
        "requiresRepublish": False,
        "seLinuxMount": False,
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
    "DaemonSetUpdateStrategy": {"type": "RollingUpdate"},
    "DaemonSetSpec": {
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
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
    "ExemptPriorityLevelConfiguration": {"lendablePercent": 0, "nominalConcurrencyShares": 0},
    "FlowSchemaSpec": {"matchingPrecedence": 1000},
    "GRPCAction": {"service": ""},
    "HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "HorizontalPodAutoscalerSpec": {"minReplicas": 1},
    "HostPathVolumeSource": {"type": ""},
    "ISCSIPersistentVolumeSource": {"iscsiInterface": "default"},
    "ISCSIVolumeSource": {"iscsiInterface": "default"},
    "IngressClassParametersReference": {"scope": "Cluster"},
    "JobSpec": {
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "podReplacementPolicy": "TerminatingOrFailed",
        "suspend": False,
    },
    "LimitedPriorityLevelConfiguration": {
        "assuredConcurrencyShares": 30,
        "lendablePercent": 0,
        "nominalConcurrencyShares": 30,
    },
    "MatchResources": {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}},
    "MutatingAdmissionPolicySpec": {"failurePolicy": "Fail"},
    "MutatingWebhook": {**_WEBHOOK, "reinvocationPolicy": "Never"},
    "NamedRuleWithOperations": {"scope": "*"},
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
    "QueuingConfiguration": {"handSize": 8, "queueLengthLimit": 50, "queues": 64},
    "RBDPersistentVolumeSource": _RBD,
    "RBDVolumeSource": _RBD,
    "ReplicaSetSpec": {"replicas": 1},
    "ReplicationControllerSpec": {"replicas": 1},
    "RollingUpdateDaemonSet": {"maxSurge": 0, "maxUnavailable": 1},
    "RollingUpdateDeployment": {"maxSurge": "25%", "maxUnavailable": "25%"},
    "RuleWithOperations": {"scope": "*"},
    "ScaleIOPersistentVolumeSource": _SCALE_IO,
    "ScaleIOVolumeSource": _SCALE_IO,
    "Secret": {"type": "Opaque"},
    "SecretVolumeSource": _MODE,
    "ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "ServicePort": {"protocol": "TCP"},
    "ServiceReference": {"port": 443},
    "ServiceSpec": {
        "allocateLoadBalancerNodePorts": True,
        "internalTrafficPolicy": "Cluster",
        "sessionAffinity": "None",
        "type": "ClusterIP",
    },
    "StatefulSetPersistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    "StatefulSetSpec": {
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "podManagementPolicy": "OrderedReady",
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    },
    "StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "ValidatingAdmissionPolicySpec": {"failurePolicy": "Fail"},
    "ValidatingWebhook": _WEBHOOK,
    "admissionregistration.v1alpha1.ParamRef": {"parameterNotFoundAction": "Deny"},
    "admissionregistration.v1beta1.MutatingWebhook": {**_OLD_WEBHOOK, "reinvocationPolicy": "Never"},
    "admissionregistration.v1beta1.ValidatingWebhook": _OLD_WEBHOOK,
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {
        "metrics": [{"type": "Resource", "resource": _CPU_UTILIZATION}],
        "minReplicas": 1,
    },
    "discovery.v1.EndpointPort": {"name": "", "protocol": "TCP"},
    "discovery.v1beta1.EndpointPort": {"name": "", "protocol": "TCP"},
}


def with_defaults(name: str, definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """``definition`` with the defaults of its type; ``name`` ends with the Go type (io.k8s.api.core.v1.PodSpec)."""
    defaults = DEFAULTS.get(".".join(name.rsplit(".", 3)[1:])) or DEFAULTS.get(name.rpartition(".")[2])
    properties = definition.get("properties")
    if defaults is None or not properties:
        return definition
    given = {
        field: {**schema, "default": defaults[field]} if field in defaults else schema
        for field, schema in properties.items()
    }
    return {**definition, "properties": given}
