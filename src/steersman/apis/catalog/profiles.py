"""Profiles: which part of the built-in API a server has."""

from collections.abc import Callable

ALL = "kubernetes"
CRD_ONLY = "crd-only"

# What an API for other things than containers stands on. A group's plurals, or None for the whole group.
_CRD_ONLY: dict[str, frozenset[str] | None] = {
    "": frozenset({"configmaps", "events", "namespaces", "secrets", "serviceaccounts"}),
    "admissionregistration.k8s.io": None,
    "apiextensions.k8s.io": None,
    "apiregistration.k8s.io": None,
    "authentication.k8s.io": None,
    "authorization.k8s.io": None,
    "coordination.k8s.io": None,
    "events.k8s.io": None,
    "rbac.authorization.k8s.io": None,
}


def _in_crd_only(group: str, plural: str) -> bool:
    if group not in _CRD_ONLY:
        return False
    plurals = _CRD_ONLY[group]
    return plurals is None or plural in plurals


PROFILES: dict[str, Callable[[str, str], bool]] = {ALL: lambda group, plural: True, CRD_ONLY: _in_crd_only}
"""Profile name → whether it has the resource of this group and plural."""
