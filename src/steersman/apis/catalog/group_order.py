"""The order of built-in groups in discovery; a bare resource name means the first group that has it."""

_ORDER = (
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "extensions",
    "policy",
    "rbac.authorization.k8s.io",
    "settings.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "auditregistration.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "resource.k8s.io",
)
_RANKS = {group: rank for rank, group in enumerate(_ORDER)}


def group_rank(group: str) -> tuple[int, str]:
    """Sort key of a group in discovery; groups without a place of their own come last, by name."""
    return _RANKS.get(group, len(_RANKS)), group
