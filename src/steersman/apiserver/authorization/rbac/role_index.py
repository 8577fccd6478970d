"""Roles and bindings, indexed by subject: what a check looks into. Changed one object at a time.

A subject's grants are compiled when they are first asked for, and again after one of its bindings or roles changed.
"""

from collections.abc import Iterator, Sequence

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.policy_rule import PolicyRule
from steersman.apiserver.authorization.rbac.binding import Binding, RoleKey
from steersman.apiserver.authorization.rbac.grants import Grants, ways_to_write

RBAC = "rbac.authorization.k8s.io"
CLUSTER = ""
"""The scope of ClusterRoleBindings, and the namespace of ClusterRoles."""


class _Subjects:
    """Users, or groups, by name: their bindings in one scope, and the grants compiled of these."""

    __slots__ = ("bindings", "grants")

    def __init__(self) -> None:
        self.bindings: dict[str, dict[str, Binding]] = {}
        self.grants: dict[str, Grants] = {}

    def add(self, name: str, binding: Binding) -> None:
        self.bindings.setdefault(name, {})[binding.name] = binding
        self.grants.pop(name, None)

    def remove(self, name: str, binding: Binding) -> None:
        bound = self.bindings[name]
        del bound[binding.name]
        if not bound:
            del self.bindings[name]
        self.grants.pop(name, None)


class _Scope:
    """The bindings of a namespace, or those for the whole cluster."""

    __slots__ = ("bindings", "groups", "users")

    def __init__(self) -> None:
        self.bindings: dict[str, Binding] = {}
        self.users, self.groups = _Subjects(), _Subjects()

    def of_subjects(self, binding: Binding) -> Iterator[tuple[_Subjects, str]]:
        yield from ((self.users, name) for name in binding.users)
        yield from ((self.groups, name) for name in binding.groups)


class RoleIndex:
    def __init__(self) -> None:
        self._roles: dict[RoleKey, Sequence[PolicyRule]] = {}
        self._scopes: dict[str, _Scope] = {CLUSTER: _Scope()}
        self._bound: dict[RoleKey, set[Binding]] = {}

    def set_role(self, namespace: str, name: str, rules: Sequence[PolicyRule] | None) -> None:
        """Take up a Role, or (namespace "") a ClusterRole; ``rules`` None: it is gone."""
        key = (namespace, name)
        if rules is None:
            self._roles.pop(key, None)
        else:
            self._roles[key] = rules
        for binding in self._bound.get(key, ()):
            for subjects, subject in self._scopes[binding.namespace].of_subjects(binding):
                subjects.grants.pop(subject, None)

    def role(self, key: RoleKey) -> Sequence[PolicyRule] | None:
        """The rules of a role, None where it does not exist."""
        return self._roles.get(key)

    def set_binding(self, binding: Binding) -> None:
        """Take up a binding in the place of the one of its name."""
        self.remove_binding(binding.namespace, binding.name)
        scope = self._scopes.setdefault(binding.namespace, _Scope())
        scope.bindings[binding.name] = binding
        self._bound.setdefault(binding.role, set()).add(binding)
        for subjects, subject in scope.of_subjects(binding):
            subjects.add(subject, binding)

    def remove_binding(self, namespace: str, name: str) -> None:
        """Forget a binding, if it is known."""
        scope = self._scopes.get(namespace)
        binding = scope.bindings.pop(name, None) if scope is not None else None
        if scope is None or binding is None:
            return
        bound = self._bound[binding.role]
        bound.discard(binding)
        if not bound:
            del self._bound[binding.role]
        for subjects, subject in scope.of_subjects(binding):
            subjects.remove(subject, binding)
        if namespace and not scope.bindings:
            del self._scopes[namespace]

    def resource_grant(
        self, user: UserInfo, namespace: str, verb: str, group: str, resource: str, subresource: str, name: str | None
    ) -> Binding | None:
        """The binding that lets the user do this; ``name`` None: with objects of every name."""
        resources = ways_to_write(resource, subresource)
        for grants in self.grants(user, namespace):
            binding = grants.of_resource(verb, group, resources, name)
            if binding is not None:
                return binding
        return None

    def path_grant(self, user: UserInfo, verb: str, path: str, namespace: str = CLUSTER) -> Binding | None:
        """The binding that lets the user do this with a non-resource path, to which namespaces mean nothing."""
        for grants in self.grants(user, namespace):
            binding = grants.of_path(verb, path)
            if binding is not None:
                return binding
        return None

    def errors(self, user: UserInfo, namespace: str) -> tuple[str, ...]:
        """What is said of roles that the user is bound to and that do not exist, each once."""
        return tuple(dict.fromkeys(one for grants in self.grants(user, namespace) for one in grants.missing))

    def bindings(self, user: UserInfo, namespace: str) -> list[Binding]:
        """The bindings that apply to the user, each once; those for the cluster first."""
        found: dict[Binding, None] = {}
        for subjects, name in self._bound_subjects(user, namespace):
            found.update(dict.fromkeys(subjects.bindings[name].values()))
        return list(found)

    def grants(self, user: UserInfo, namespace: str) -> list[Grants]:
        """Of the user and each of the groups, in the cluster and then in the namespace."""
        return [
            subjects.grants.get(name) or self._compile(subjects, name)
            for subjects, name in self._bound_subjects(user, namespace)
        ]

    def _bound_subjects(self, user: UserInfo, namespace: str) -> list[tuple[_Subjects, str]]:
        """Those that the user is and that have bindings. A list, for each check comes through here."""
        found = []
        scope: _Scope | None = self._scopes[CLUSTER]
        while scope is not None:
            users, groups = scope.users, scope.groups
            if user.name in users.bindings:
                found.append((users, user.name))
            for group in user.groups:
                if group in groups.bindings:
                    found.append((groups, group))
            scope, namespace = (self._scopes.get(namespace) if namespace else None), ""
        return found

    def _compile(self, subjects: _Subjects, name: str) -> Grants:
        grants = subjects.grants[name] = Grants()
        by_role: dict[RoleKey, Binding] = {}
        for _, binding in sorted(subjects.bindings[name].items()):
            by_role.setdefault(binding.role, binding)
        for key, binding in by_role.items():
            rules = self._roles.get(key)
            if rules is None:
                kind = GroupResource(RBAC, binding.role_kind.lower())
                grants.missing.append(f'{kind} "{key[1]}" not found')
            else:
                grants.add(rules, binding)
        return grants
