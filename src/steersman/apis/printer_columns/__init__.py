"""Printer columns of the built-in kinds, as kube-apiserver prints them.

A group's columns are made when one of its kinds is first asked for: starting a server needs none of them.
"""

from collections.abc import Mapping
from importlib import import_module

from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.table import ColumnSet

# From a group to the module of this package that has its COLUMN_SETS, by kind.
_MODULES: Mapping[str, str] = {
    "": "core",
    "admission.steersman.dev": "admission_chains",
    "admissionregistration.k8s.io": "admissionregistration",
    "apiextensions.k8s.io": "cluster",
    "apiregistration.k8s.io": "cluster",
    "apps": "workloads",
    "autoscaling": "autoscaling",
    "batch": "workloads",
    "certificates.k8s.io": "certificates",
    "coordination.k8s.io": "cluster",
    "discovery.k8s.io": "networking",
    "events.k8s.io": "core",
    "flowcontrol.apiserver.k8s.io": "flowcontrol",
    "internal.apiserver.k8s.io": "cluster",
    "networking.k8s.io": "networking",
    "node.k8s.io": "cluster",
    "policy": "policy",
    "rbac.authorization.k8s.io": "rbac",
    "resource.k8s.io": "cluster",
    "scheduling.k8s.io": "cluster",
    "storage.k8s.io": "storage",
    "storagemigration.k8s.io": "cluster",
}


def columns_of(kind: GroupKind) -> ColumnSet:
    """The columns of a kind, by its storage group; the name and the time of creation for kinds without their own."""
    module = _MODULES.get(kind.group)
    if module is None:
        return ColumnSet.default()
    column_sets: Mapping[str, ColumnSet] = import_module(f"{__name__}.{module}").COLUMN_SETS
    return column_sets.get(kind.kind) or ColumnSet.default()
