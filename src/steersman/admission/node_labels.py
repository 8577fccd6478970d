"""Which labels a node may give itself: those that do not let it draw workloads that were meant for others (KEP-279)."""

from collections.abc import Iterable, Mapping

RESTRICTED = "node-restriction.kubernetes.io"
"""The domain of labels that are kept from nodes."""

_KUBERNETES = ("kubernetes.io", "k8s.io")
_OWN_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_OWN = frozenset(
    (
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "node.kubernetes.io/instance-type",
    )
)


def forbidden_changes(new: Mapping[str, str], old: Mapping[str, str]) -> list[str]:
    """The keys that differ and are not the node's to change, sorted."""
    changed = (key for key in new.keys() | old.keys() if new.get(key) != old.get(key))
    return sorted(key for key in changed if not may_change(key))


def may_change(key: str) -> bool:
    """Labels of no domain of Kubernetes' are free."""
    domain = key.rpartition("/")[0]
    if _is_in(domain, (RESTRICTED,)):
        return False
    return not _is_in(domain, _KUBERNETES) or key in _OWN or _is_in(domain, _OWN_DOMAINS)


def _is_in(domain: str, parents: Iterable[str]) -> bool:
    return any(domain == parent or domain.endswith(f".{parent}") for parent in parents)
