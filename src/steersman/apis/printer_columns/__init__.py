"""Printer columns of the built-in kinds, as kube-apiserver prints them."""

from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.table import AGE, NAME, ColumnSet


def columns_of(kind: GroupKind) -> ColumnSet:
    """The columns of a kind, by its storage group."""
    return ColumnSet((NAME, AGE))
