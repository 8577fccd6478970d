"""The rule of a role: which verbs on which resources, or on which paths (rbac.authorization.k8s.io, PolicyRule)."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

import orjson

ALL = "*"


class PolicyRule(NamedTuple):
    """Either of resources (``resource_names`` empty: of any name) or of ``non_resource_urls``."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Into how many rules :meth:`atoms` breaks it."""
        places = len(self.api_groups) * len(self.resources) * max(1, len(self.resource_names))
        return len(self.verbs) * (places + len(self.non_resource_urls))

    def atoms(self) -> Iterable["PolicyRule"]:
        """The same as rules of one verb each, on one resource, of one name if names are given, or on one path."""
        names = self.resource_names or (None,)
        for group, resource, verb, name in product(self.api_groups, self.resources, self.verbs, names):
            yield PolicyRule((verb,), (group,), (resource,), () if name is None else (name,))
        for url, verb in product(self.non_resource_urls, self.verbs):
            yield PolicyRule((verb,), non_resource_urls=(url,))

    def __str__(self) -> str:
        """As kube-apiserver shows it: ``{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}``."""
        shown = (
            ("APIGroups", self.api_groups),
            ("Resources", self.resources),
            ("NonResourceURLs", self.non_resource_urls),
            ("ResourceNames", self.resource_names),
            ("Verbs", self.verbs),
        )
        return "{" + ", ".join(f"{name}:{quoted(values)}" for name, values in shown if values) + "}"

    def to_object(self) -> dict[str, Any]:
        """As it stands in a role."""
        return {name: list(values) for name, values in zip(_FIELDS, self, strict=True) if values}


_FIELDS = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")


def rules_of(role: Mapping[str, Any]) -> tuple[PolicyRule, ...]:
    """The rules of a Role or ClusterRole, whose types have been checked."""
    return tuple(PolicyRule(*(tuple(rule.get(name) or ()) for name in _FIELDS)) for rule in role.get("rules") or ())


def quoted(values: Iterable[str]) -> str:
    """Strings as Go prints a list of them with %q."""
    return "[" + " ".join(orjson.dumps(value).decode() for value in values) + "]"
