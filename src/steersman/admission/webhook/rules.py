"""Rules of webhooks: which operations on which resources they are for (``RuleWithOperations``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apiserver.registry.resource import Resource

ANY = "*"
ALL_SCOPES, NAMESPACED, CLUSTER = ANY, "Namespaced", "Cluster"


@dataclass(frozen=True, slots=True)
class Rule:
    """``resources`` are pairs of resource and subresource; ``*`` stands for any of each, no subresource for none."""

    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[tuple[str, str]]
    scope: str = ALL_SCOPES

    @classmethod
    def read(cls, rule: Mapping[str, Any]) -> "Rule":
        """From a rule as it is stored."""
        return cls(
            frozenset(rule.get("operations") or ()),
            frozenset(rule.get("apiGroups") or ()),
            frozenset(rule.get("apiVersions") or ()),
            frozenset(_pair(one) for one in rule.get("resources") or ()),
            rule.get("scope") or ALL_SCOPES,
        )

    def matches(self, operation: str, resource: Resource, subresource: str) -> bool:
        return (
            not self.operations.isdisjoint((ANY, operation))
            and not self.groups.isdisjoint((ANY, resource.group))
            and not self.versions.isdisjoint((ANY, resource.version))
            and not self.resources.isdisjoint(_patterns(resource.plural, subresource))
            and self.scope in (ALL_SCOPES, NAMESPACED if resource.namespaced else CLUSTER)
        )


def _pair(resource: str) -> tuple[str, str]:
    name, _, subresource = resource.partition("/")
    return name, subresource


def _patterns(plural: str, subresource: str) -> tuple[tuple[str, str], ...]:
    return (plural, subresource), (plural, ANY), (ANY, subresource), (ANY, ANY)
