"""The roles and bindings that every cluster starts with, read from a table."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from steersman.apiserver.authorization.policy_rule import PolicyRule, rules_of
from steersman.apiserver.authorization.rbac.binding import Binding, Subject
from steersman.apiserver.authorization.rbac.role_index import RBAC, RoleIndex

DATA_FILE = Path(__file__).with_name("bootstrap_policy.txt")
AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
"""An annotation: ``false`` keeps a role or binding from being completed when the server starts."""
AGGREGATION_MINOR = 9
"""The Kubernetes minor from which on ClusterRoles collect the rules of others; before, they have these themselves."""

_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_VERBS = {"read": _READ, "write": _WRITE, "all": tuple(sorted((*_READ, *_WRITE)))}
_EVENTS = PolicyRule(("create", "patch", "update"), ("", "events.k8s.io"), ("events",))
_KINDS = {"user": "User", "group": "Group", "account": "ServiceAccount"}

Object = dict[str, Any]


class BootstrapPolicy(NamedTuple):
    """Objects by the plural of their kind, in the order in which they are to be made."""

    clusterroles: list[Object]
    roles: list[Object]
    clusterrolebindings: list[Object]
    rolebindings: list[Object]

    @classmethod
    def load(cls, minor: int) -> "BootstrapPolicy":
        """For this Kubernetes minor; the objects are the caller's, who may change them."""
        return cls(*orjson.loads(_encoded(minor)))

    @classmethod
    def _read(cls, minor: int) -> "BootstrapPolicy":
        """Read the table."""
        text = DATA_FILE.read_text("utf-8")
        policy = cls([], [], [], [])
        role: Object = {}
        for line in text.splitlines():
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if line.startswith(" "):
                role["rules"].append(_rule(words).to_object())
            elif words[0] in ("clusterrole", "controller", "role"):
                role = policy._add_role(*words)
            else:
                policy._add_binding(*words)
        if minor < AGGREGATION_MINOR:
            _give_collected_rules(policy.clusterroles)
        return policy

    def rules_of(self, name: str) -> tuple[PolicyRule, ...]:
        """The rules of one of the ClusterRoles."""
        return next(rules_of(role) for role in self.clusterroles if role["metadata"]["name"] == name)

    def fill(self, index: RoleIndex) -> None:
        """Put all into an index, where none of it can be stored."""
        _give_collected_rules(self.clusterroles)
        for role in (*self.clusterroles, *self.roles):
            meta = role["metadata"]
            index.set_role(meta.get("namespace", ""), meta["name"], rules_of(role))
        for binding in (*self.clusterrolebindings, *self.rolebindings):
            meta, reference = binding["metadata"], binding["roleRef"]
            subjects = tuple(Subject(one["kind"], one["name"], one.get("namespace", "")) for one in binding["subjects"])
            index.set_binding(
                Binding(meta.get("namespace", ""), meta["name"], reference["kind"], reference["name"], subjects)
            )

    def _add_role(self, form: str, *words: str) -> Object:
        if form == "role":
            namespace, name = words
            role: Object = {"metadata": _metadata(name, namespace), "rules": []}
            self.roles.append(role)
            return role
        name, *marks = words
        if form == "controller":
            self._add_binding("bind", f"system:controller:{name}", f"account:kube-system/{name}")
            name = f"system:controller:{name}"
        role = {"metadata": _metadata(name), "rules": []}
        for mark in marks:
            label = {f"{RBAC}/aggregate-to-{mark[1:]}": "true"}
            if mark[0] == "+":
                role["metadata"]["labels"].update(label)
            else:
                role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": label}]}
        self.clusterroles.append(role)
        return role

    def _add_binding(self, form: str, *words: str) -> None:
        if form == "bind":
            role, *subjects = words
            self.clusterrolebindings.append(_binding(_metadata(role), "ClusterRole", role, subjects))
        else:
            namespace, name, role, *subjects = words
            self.rolebindings.append(_binding(_metadata(name, namespace), "Role", role, subjects))


@lru_cache(maxsize=8)
def _encoded(minor: int) -> bytes:
    """As JSON, of which a new copy is decoded soon: control planes of one process read the table once."""
    return orjson.dumps(tuple(BootstrapPolicy._read(minor)))


def _metadata(name: str, namespace: str = "") -> Object:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    place = {"namespace": namespace} if namespace else {}
    return {"name": name, **place, "labels": labels, "annotations": {AUTOUPDATE: "true"}}


def _binding(metadata: Object, kind: str, role: str, subjects: list[str]) -> Object:
    reference = {"apiGroup": RBAC, "kind": kind, "name": role}
    return {"metadata": metadata, "roleRef": reference, "subjects": [_subject(one) for one in subjects]}


def _subject(word: str) -> Object:
    form, _, name = word.partition(":")
    if form != "account":
        return {"apiGroup": RBAC, "kind": _KINDS[form], "name": name}
    namespace, _, name = name.partition("/")
    return {"kind": _KINDS[form], "name": name, "namespace": namespace}


def _rule(words: list[str]) -> PolicyRule:
    if words == ["events"]:
        return _EVENTS
    verbs = _VERBS.get(words[0]) or tuple(words[0].split(","))
    if words[1] == "url":
        return PolicyRule(verbs, non_resource_urls=tuple(words[2:]))
    groups = tuple("" if group == "core" else group for group in words[1].split(","))
    places = words[2:]
    at = places.index("=") if "=" in places else len(places)
    return PolicyRule(verbs, groups, tuple(places[:at]), tuple(places[at + 1 :]))


def _give_collected_rules(roles: list[Object]) -> None:
    """Put into the roles that collect rules what they would collect, and take the aggregation away."""
    for role in roles:
        if "aggregationRule" in role:
            role["rules"] = list(_collected(role, roles))
    for role in roles:
        role.pop("aggregationRule", None)


def _collected(role: Object, roles: list[Object]) -> Iterator[Object]:
    if "aggregationRule" not in role:
        yield from role["rules"]
        return
    ((label,),) = (one["matchLabels"] for one in role["aggregationRule"]["clusterRoleSelectors"])
    for other in roles:
        if label in other["metadata"]["labels"]:
            yield from _collected(other, roles)
