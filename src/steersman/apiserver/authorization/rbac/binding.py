"""A RoleBinding or ClusterRoleBinding: a role, and to whom it is given."""

from typing import NamedTuple

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.authorizer import Decision, Verdict

RoleKey = tuple[str, str]
"""A role's namespace ("" for a ClusterRole) and name."""


class Subject(NamedTuple):
    """``kind`` is User, Group or ServiceAccount; ``namespace`` is given for a service account."""

    kind: str
    name: str
    namespace: str = ""


class Binding:
    """``namespace`` is "" for a ClusterRoleBinding. ``users`` and ``groups`` are the names that it applies to."""

    __slots__ = ("_by_name", "groups", "name", "namespace", "role", "role_kind", "users")

    def __init__(self, namespace: str, name: str, role_kind: str, role: str, subjects: tuple[Subject, ...]) -> None:
        self.namespace, self.name, self.role_kind = namespace, name, role_kind
        self.role: RoleKey = (namespace if role_kind == "Role" else "", role)
        named = [(_applies_to(subject, namespace), self._verdict(subject)) for subject in subjects]
        # The first subject that fits is the one that is told of.
        self._by_name = [(who, verdict) for who, verdict in named if who is not None]
        self.users = frozenset(name for (kind, name), _ in self._by_name if kind == "User")
        self.groups = frozenset(name for (kind, name), _ in self._by_name if kind == "Group")

    def verdict(self, user: UserInfo) -> Verdict:
        """That this binding allows it to the user, who is one of its subjects."""
        for (kind, name), verdict in self._by_name:
            if user.name == name if kind == "User" else name in user.groups:
                return verdict
        raise LookupError(f"{self.name} does not apply to {user.name}")

    def _verdict(self, subject: Subject) -> Verdict:
        place = subject.namespace or self.namespace
        who = f"{subject.name}/{place}" if subject.kind == "ServiceAccount" else subject.name
        kind, name = ("RoleBinding", f"{self.name}/{self.namespace}") if self.namespace else (_CLUSTER, self.name)
        source = f'{kind} "{name}" of {self.role_kind} "{self.role[1]}" to {subject.kind} "{who}"'
        return Verdict(Decision.ALLOW, f"RBAC: allowed by {source}")


_CLUSTER = "ClusterRoleBinding"


def _applies_to(subject: Subject, namespace: str) -> tuple[str, str] | None:
    """The user or group that a subject means; a service account is a user by its long name."""
    if subject.kind == "ServiceAccount":
        place = subject.namespace or namespace
        return ("User", f"system:serviceaccount:{place}:{subject.name}") if place else None
    return (subject.kind, subject.name) if subject.kind in ("User", "Group") else None
