"""Behaviour of built-in kinds beyond their schema: a table from kind to strategy.

What is not in a table is an ordinary kind: named by a DNS subdomain, status apart where there is a status subresource.
"""

from collections.abc import Callable, Iterator, Mapping

from steersman.apimachinery.errors import FieldError
from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.names import (
    NameValidator,
    dns1035_label_name,
    label_name,
    subdomain_name,
)
from steersman.apis import admission_policies, config_data, counts, rbac, webhook_configurations
from steersman.apis.completion import COMPLETIONS
from steersman.apis.namespaces import NamespaceStrategy
from steersman.apiserver.registry.resource import Object, Strategy

_NAMES: Mapping[GroupKind, NameValidator] = {
    GroupKind("", "Namespace"): label_name,
    GroupKind("", "Service"): dns1035_label_name,
}
_ERRORS: Mapping[GroupKind, Callable[[Object], Iterator[FieldError]]] = {**config_data.ERRORS, **counts.ERRORS}
_COUNTING_GENERATIONS = frozenset(
    GroupKind(group, kind)
    for group, kinds in {
        "": ("Pod", "PodTemplate", "ReplicationController"),
        "admissionregistration.k8s.io": (
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
        ),
        "apps": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
        "batch": ("CronJob", "Job"),
        "discovery.k8s.io": ("EndpointSlice",),
        "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
        "networking.k8s.io": ("Ingress", "IngressClass", "NetworkPolicy"),
        "policy": ("PodDisruptionBudget",),
        "resource.k8s.io": ("ResourceSlice",),
        "storage.k8s.io": ("CSIDriver",),
    }.items()
    for kind in kinds
)


class BuiltinStrategy(Strategy):
    """An ordinary built-in kind."""

    def __init__(self, kind: GroupKind, has_status: bool) -> None:
        self.has_status = has_status
        self.tracks_generation = kind in _COUNTING_GENERATIONS
        self.validate_name = _NAMES.get(kind, subdomain_name)
        self._complete = COMPLETIONS.get(kind)
        self._errors = _ERRORS.get(kind)

    def complete(self, obj: Object) -> None:
        if self._complete is not None:
            self._complete(obj)

    def validate(self, obj: Object) -> list[FieldError]:
        return [] if self._errors is None else list(self._errors(obj))

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        return self.validate(obj)


class ConfigDataStrategy(BuiltinStrategy):
    """ConfigMaps and Secrets."""

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        return [*config_data.immutable_errors(obj, old), *self.validate(obj)]


def strategy_of(kind: GroupKind, has_status: bool) -> Strategy:
    """The strategy of a kind by its storage group; ``has_status`` says whether it has a status subresource."""
    if kind == GroupKind("", "Namespace"):
        return NamespaceStrategy()
    if kind in config_data.ERRORS:
        return ConfigDataStrategy(kind, has_status)
    if kind in admission_policies.KINDS:
        return admission_policies.AdmissionPolicyStrategy(kind, has_status)
    if kind in webhook_configurations.KINDS:
        return webhook_configurations.WebhookConfigurationStrategy()
    if kind in rbac.STRATEGIES:
        return rbac.STRATEGIES[kind]()
    return BuiltinStrategy(kind, has_status)
