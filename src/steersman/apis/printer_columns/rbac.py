"""Columns of the group rbac.authorization.k8s.io; roles show when they were created."""

from collections.abc import Mapping

from steersman.apimachinery.table import AGE, NAME, Cell, ColumnSet, Object
from steersman.apis.printer_columns.columns import string
from steersman.apis.printer_columns.fields import mappings, text


def _role(binding: Object, now: float) -> str:
    return f"{text(binding, 'roleRef', 'kind')}/{text(binding, 'roleRef', 'name')}"


def _subjects(kind: str) -> Cell:
    def cell(binding: Object, now: float) -> str:
        subjects = (one for one in mappings(binding, "subjects") if one.get("kind") == kind)
        return ", ".join(map(_subject, subjects))

    return cell


def _subject(subject: Object) -> str:
    name, namespace = text(subject, "name"), text(subject, "namespace")
    return f"{namespace}/{name}" if namespace and subject.get("kind") == "ServiceAccount" else name


_BINDING = ColumnSet(
    (
        NAME,
        string("Role", _role, "The role that is granted."),
        AGE,
        string("Users", _subjects("User"), "The users that the role is granted to.", wide=True),
        string("Groups", _subjects("Group"), "The groups that the role is granted to.", wide=True),
        string("ServiceAccounts", _subjects("ServiceAccount"), "The service accounts it is granted to.", wide=True),
    )
)

COLUMN_SETS: Mapping[str, ColumnSet] = {"ClusterRoleBinding": _BINDING, "RoleBinding": _BINDING}
