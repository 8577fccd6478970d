"""The plugins that come with the server: their names, in the order in which kube-apiserver asks them."""

from importlib import import_module
from typing import TYPE_CHECKING

from steersman.apiserver.admission.context import PluginFactory

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

_PLUGINS = {
    "AlwaysAdmit": "always_admit",
    "NamespaceAutoProvision": "namespace_auto_provision",
    "NamespaceLifecycle": "namespace_lifecycle",
    "NamespaceExists": "namespace_exists",
    "SecurityContextDeny": "security_context_deny",
    "LimitPodHardAntiAffinityTopology": "limit_pod_hard_anti_affinity_topology",
    "PodPreset": "pod_preset",
    "InitialResources": "initial_resources",
    "LimitRanger": "limit_ranger",
    "ServiceAccount": "service_account",
    "NodeRestriction": "node_restriction",
    "TaintNodesByCondition": "taint_nodes_by_condition",
    "AlwaysPullImages": "always_pull_images",
    "ImagePolicyWebhook": "image_policy_webhook",
    "PodSecurity": "pod_security",
    "PodSecurityPolicy": "pod_security_policy",
    "PodNodeSelector": "pod_node_selector",
    "Priority": "priority",
    "DefaultTolerationSeconds": "default_toleration_seconds",
    "PodTolerationRestriction": "pod_toleration_restriction",
    "DenyEscalatingExec": "deny_escalating_exec",
    "DenyExecOnPrivileged": "deny_exec_on_privileged",
    "EventRateLimit": "event_rate_limit",
    "ExtendedResourceToleration": "extended_resource_toleration",
    "PersistentVolumeLabel": "persistent_volume_label",
    "DefaultStorageClass": "default_storage_class",
    "StorageObjectInUseProtection": "storage_object_in_use_protection",
    "OwnerReferencesPermissionEnforcement": "owner_references_permission_enforcement",
    "PersistentVolumeClaimResize": "persistent_volume_claim_resize",
    "RuntimeClass": "runtime_class",
    "CertificateApproval": "certificate_approval",
    "CertificateSigning": "certificate_signing",
    "CertificateSubjectRestriction": "certificate_subject_restriction",
    "DefaultIngressClass": "default_ingress_class",
    "DenyServiceExternalIPs": "deny_service_external_ips",
    "MutatingAdmissionPolicy": "policy.mutating",
    "MutatingAdmissionWebhook": "webhook.mutating",
    "Initializers": "initializers",
    "ValidatingAdmissionPolicy": "policy.validating",
    "ValidatingAdmissionWebhook": "webhook.validating",
    "ResourceQuota": "resource_quota",
    "AlwaysDeny": "always_deny",
}
"""In the recommended order: name to the module that has a class of this name."""

_ALIASES = {"PVCProtection": "StorageObjectInUseProtection"}
"""Names of old, which chains of then still use."""

OTHERS_BEFORE = "AlwaysDeny"
"""Plugins that are not of this catalog stand before this one, in the order in which they are named."""

DEFAULT = frozenset(
    (
        "NamespaceLifecycle",
        "LimitRanger",
        "ServiceAccount",
        "TaintNodesByCondition",
        "PodSecurity",
        "Priority",
        "DefaultTolerationSeconds",
        "DefaultStorageClass",
        "StorageObjectInUseProtection",
        "PersistentVolumeClaimResize",
        "RuntimeClass",
        "CertificateApproval",
        "CertificateSigning",
        "CertificateSubjectRestriction",
        "DefaultIngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionWebhook",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionWebhook",
        "ResourceQuota",
    )
)
"""What is on if nothing else is said."""


def known_names() -> list[str]:
    """The names of all plugins that can be had, those of other packages last."""
    return [*_PLUGINS, *sorted(one.name for one in _of_others() if one.name not in _PLUGINS)]


def present_name(name: str) -> str:
    """What the plugin is called today."""
    return _ALIASES.get(name, name)


def is_known(name: str) -> bool:
    """Other packages are looked through only for a name that is not ours."""
    return name in _PLUGINS or name in _of_others().names


def in_recommended_order(names: frozenset[str], others: tuple[str, ...] = ()) -> list[str]:
    """``names`` of the catalog in its order, with ``others`` at their place."""
    ordered: list[str] = []
    for name in _PLUGINS:
        if name == OTHERS_BEFORE:
            ordered.extend(others)
        if name in names:
            ordered.append(name)
    return ordered


def is_ours(name: str) -> bool:
    return name in _PLUGINS


def factory(name: str) -> PluginFactory:
    """What makes the plugin, one that is known; it is imported only now."""
    if name in _PLUGINS:
        made: PluginFactory = getattr(import_module(f"steersman.admission.{_PLUGINS[name]}"), name)
        return made
    from steersman.admission.other_packages import OtherPackagesFactory

    return OtherPackagesFactory(name)


def _of_others() -> "EntryPoints":
    """What looks for the plugins of other packages is imported only where somebody asks."""
    from steersman.admission.other_packages import found

    return found()
