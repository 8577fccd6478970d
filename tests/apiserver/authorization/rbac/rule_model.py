"""RBAC as the documentation tells it, slow and obvious: every binding, every rule, every request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.policy_rule import PolicyRule
from steersman.apiserver.authorization.rbac.binding import Binding, RoleKey, Subject
from steersman.apiserver.authorization.rbac.role_index import RoleIndex
from steersman.apiserver.request_info import RequestInfo


@dataclass(frozen=True)
class BindingFacts:
    namespace: str
    name: str
    role_kind: str
    role: str
    subjects: tuple[Subject, ...]

    @property
    def role_key(self) -> RoleKey:
        return (self.namespace if self.role_kind == "Role" else "", self.role)


@dataclass
class Cluster:
    roles: dict[RoleKey, Sequence[PolicyRule]] = field(default_factory=dict)
    bindings: dict[tuple[str, str], BindingFacts] = field(default_factory=dict)

    def index(self) -> RoleIndex:
        made = RoleIndex()
        for (namespace, name), rules in self.roles.items():
            made.set_role(namespace, name, rules)
        for one in self.bindings.values():
            made.set_binding(as_binding(one))
        return made

    def allowing(self, user: UserInfo, info: RequestInfo) -> set[str]:
        """The reasons why it is allowed, one a binding that allows it."""
        return {
            _reason(one, user)
            for one in self.bindings.values()
            if one.namespace in ("", info.namespace if info.is_resource else "")
            if any(_is(subject, one.namespace, user) for subject in one.subjects)
            if any(_allows(rule, info) for rule in self.roles.get(one.role_key, ()))
        }


def as_binding(facts: BindingFacts) -> Binding:
    return Binding(facts.namespace, facts.name, facts.role_kind, facts.role, facts.subjects)


def _is(subject: Subject, namespace: str, user: UserInfo) -> bool:
    if subject.kind == "User":
        return subject.name == user.name
    if subject.kind == "Group":
        return subject.name in user.groups
    place = subject.namespace or namespace
    return bool(place) and user.name == f"system:serviceaccount:{place}:{subject.name}"


def _allows(rule: PolicyRule, info: RequestInfo) -> bool:
    if not ("*" in rule.verbs or info.verb in rule.verbs):
        return False
    if not info.is_resource:
        return any(
            url == info.path or (url[-1:] == "*" and info.path.startswith(url.rstrip("*")))
            for url in rule.non_resource_urls
        )
    if not ("*" in rule.api_groups or info.group in rule.api_groups):
        return False
    whole = info.resource + ("/" + info.subresource if info.subresource else "")
    matches = any(
        resource == "*" or resource == whole or (info.subresource and resource == "*/" + info.subresource)
        for resource in rule.resources
    )
    return matches and (not rule.resource_names or info.name in rule.resource_names)


def _reason(one: BindingFacts, user: UserInfo) -> str:
    subject = next(subject for subject in one.subjects if _is(subject, one.namespace, user))
    who = subject.name
    if subject.kind == "ServiceAccount":
        who = f"{subject.name}/{subject.namespace or one.namespace}"
    if one.namespace:
        source = f'RoleBinding "{one.name}/{one.namespace}"'
    else:
        source = f'ClusterRoleBinding "{one.name}"'
    return f'RBAC: allowed by {source} of {one.role_kind} "{one.role}" to {subject.kind} "{who}"'


def covered(atom: PolicyRule, rules: Mapping[int, PolicyRule] | Sequence[PolicyRule]) -> bool:
    """Whether one of the rules holds all that ``atom`` says."""
    return any(_covers(owned, atom) for owned in (rules.values() if isinstance(rules, Mapping) else rules))


def _covers(owned: PolicyRule, atom: PolicyRule) -> bool:
    if "*" not in owned.verbs and atom.verbs[0] not in owned.verbs:
        return False
    if atom.non_resource_urls:
        url = atom.non_resource_urls[0]
        return any(
            held == url or (held.endswith("*") and url.startswith(held.rstrip("*"))) for held in owned.non_resource_urls
        )
    if "*" not in owned.api_groups and atom.api_groups[0] not in owned.api_groups:
        return False
    resource = atom.resources[0]
    resources = {resource, "*"}
    if "/" in resource:
        resources.add("*/" + resource.split("/", 1)[1])
    if not resources & set(owned.resources):
        return False
    if not owned.resource_names:
        return True
    return bool(atom.resource_names) and atom.resource_names[0] in owned.resource_names
