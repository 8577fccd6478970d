"""Counts and seconds of workloads that are never below zero: replicas above all.

Specified in the API reference of each kind.
"""

from collections.abc import Callable, Iterator, Mapping

from steersman.apimachinery.errors import FieldError, field_invalid
from steersman.apimachinery.group_version import GroupKind
from steersman.apiserver.registry.resource import Object

NEGATIVE = "must be greater than or equal to 0"

_OF_SPEC: Mapping[GroupKind, tuple[str, ...]] = {
    GroupKind("apps", "DaemonSet"): ("minReadySeconds", "revisionHistoryLimit"),
    GroupKind("apps", "Deployment"): ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"),
    GroupKind("apps", "ReplicaSet"): ("replicas", "minReadySeconds"),
    GroupKind("apps", "StatefulSet"): ("replicas", "minReadySeconds", "revisionHistoryLimit"),
    GroupKind("", "ReplicationController"): ("replicas", "minReadySeconds"),
    GroupKind("batch", "Job"): (
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ),
    GroupKind("batch", "CronJob"): (
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
    ),
}


def _errors(fields: tuple[str, ...]) -> Callable[[Object], Iterator[FieldError]]:
    def errors(obj: Object) -> Iterator[FieldError]:
        spec = obj.get("spec") or {}
        for field in fields:
            count = spec.get(field)
            if count is not None and count < 0:
                yield field_invalid(f"spec.{field}", count, NEGATIVE)

    return errors


ERRORS: Mapping[GroupKind, Callable[[Object], Iterator[FieldError]]] = {
    kind: _errors(fields) for kind, fields in _OF_SPEC.items()
}
