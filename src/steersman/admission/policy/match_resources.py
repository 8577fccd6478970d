"""Which requests a policy, or a binding, is for: ``MatchResources``.

What depends on the operation and the resource is decided once for each of them; selectors and names for each request.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.admission.webhook.rules import Rule
from steersman.apimachinery.errors import not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.label_selector import Labels, Selector, from_label_selector
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.registry.resource import Object, Resource
from steersman.storage.watch_cache import Cacher

NAMESPACES = GroupResource("", "namespaces")

_ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule, and the names that it is limited to; none: it is not."""

    rule: Rule
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is left to decide, once operation and resource are known: by the object's name.

    ``targets`` are the resources that rules name, in their order, with the names that each is limited to.
    """

    excluded: frozenset[str]
    targets: tuple[tuple[frozenset[str], Resource], ...]

    def target(self, name: str) -> Resource | None:
        """The resource as which the object is to be seen; None where no rule matches."""
        if name in self.excluded:
            return None
        return next((resource for names, resource in self.targets if not names or name in names), None)


@dataclass(frozen=True, slots=True)
class MatchResources:
    """``equivalent``: rules also reach the same objects served in another version or group."""

    namespaces: Selector
    objects: Selector
    included: tuple[NamedRule, ...]
    excluded: tuple[NamedRule, ...]
    equivalent: bool

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "MatchResources":
        """Raises ApiError 400 for a selector that cannot be read."""
        return cls(
            from_label_selector(stored.get("namespaceSelector") or {}),
            from_label_selector(stored.get("objectSelector") or {}),
            _rules(stored.get("resourceRules")),
            _rules(stored.get("excludeResourceRules")),
            stored.get("matchPolicy") != "Exact",
        )

    def scope(self, operation: str, resource: Resource, subresource: str, others: Sequence[Resource]) -> Scope | None:
        """None where no request for this can match; ``others`` is where else the same objects are served."""
        excluded = list(self._matching(self.excluded, operation, resource, subresource, others))
        if any(not names for names, _ in excluded):
            return None
        targets = tuple(self._matching(self.included, operation, resource, subresource, others))
        if not self.included:
            targets = ((_ANY, resource),)
        return Scope(_ANY.union(*(names for names, _ in excluded)), targets) if targets else None

    def _matching(
        self,
        rules: Sequence[NamedRule],
        operation: str,
        resource: Resource,
        subresource: str,
        others: Sequence[Resource],
    ) -> Iterator[tuple[frozenset[str], Resource]]:
        for one in rules:
            if one.rule.matches(operation, resource, subresource):
                yield one.names, resource
        for one in rules if self.equivalent else ():
            for other in others:
                if one.rule.matches(operation, other, subresource):
                    yield one.names, other

    def exclusion(self, attributes: Attributes, namespaces: Cacher | None) -> str:
        """Why the selectors leave the request out; empty: they do not.

        Raises NotFound for a namespace that a selector asks about and is gone.
        """
        if not self.objects.empty and not _selects_object(self.objects, attributes):
            return "its objectSelector does not match"
        is_namespace = attributes.group_resource == NAMESPACES
        if self.namespaces.empty or not (attributes.namespace or is_namespace):
            return ""
        selected = self.namespaces.matches(_namespace_labels(attributes, is_namespace, namespaces))
        return "" if selected else "its namespaceSelector does not match"


def _rules(stored: Any) -> tuple[NamedRule, ...]:
    return tuple(NamedRule(Rule.read(one), frozenset(one.get("resourceNames") or ())) for one in stored or ())


def _selects_object(selector: Selector, attributes: Attributes) -> bool:
    """The labels of either the new or the old object count."""
    objects = (attributes.object, attributes.old_object)
    return any(obj is not None and selector.matches(_labels(obj)) for obj in objects)


def _namespace_labels(attributes: Attributes, is_namespace: bool, namespaces: Cacher | None) -> Labels:
    if is_namespace and not attributes.subresource and attributes.operation in (CREATE, UPDATE):
        return _labels(attributes.object)
    name = attributes.name if is_namespace else attributes.namespace
    entry = None if namespaces is None else namespaces.get("", name)
    if entry is None:
        raise not_found(NAMESPACES, name)
    return entry.labels


def _labels(obj: Object | None) -> Labels:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}
