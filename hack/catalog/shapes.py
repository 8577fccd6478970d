"""Find out which versions of one kind have the same shape: an object of one is one of another but for its apiVersion.

Two versions have the same shape when no field changed its type, and no object in them has, on both sides, fields that
the other side lacks (that is how a rename or a move looks). Fields that only one side has are growth.
"""

from collections import defaultdict

from catalog.definitions import REF_PREFIX, Definitions, Schema
from catalog.resources import Resource

from steersman.apimachinery.group_version import version_priority

# Resources served in two groups but stored as one: kind and group → the group whose version is stored.
COHABITING = {
    ("extensions", "DaemonSet"): "apps",
    ("extensions", "Deployment"): "apps",
    ("extensions", "ReplicaSet"): "apps",
    ("extensions", "Ingress"): "networking.k8s.io",
    ("extensions", "NetworkPolicy"): "networking.k8s.io",
    ("extensions", "PodSecurityPolicy"): "policy",
    ("events.k8s.io", "Event"): "",
}
Family = list[Resource]


def shape_groups(resources: list[Resource], definitions: dict[int, Definitions]) -> list[list[Family]]:
    """For every kind its versions in groups of one shape; the first of each (and the first group) is to be stored."""
    families: dict[tuple[str, str], Family] = defaultdict(list)
    for resource in resources:
        families[COHABITING.get((resource.group, resource.kind), resource.group), resource.kind].append(resource)
    return [_group(sorted(family, key=_storage_order), definitions) for _, family in sorted(families.items())]


def _storage_order(resource: Resource) -> tuple[bool, tuple[int, int, int, str]]:
    return (resource.group, resource.kind) in COHABITING, version_priority(resource.version)


def _group(family: Family, definitions: dict[int, Definitions]) -> list[Family]:
    groups: list[Family] = []
    for resource in family:
        for group in groups:
            if any(_same_shape(resource, member, definitions) for member in group):
                group.append(resource)
                break
        else:
            groups.append([resource])
    return groups


def _same_shape(a: Resource, b: Resource, definitions: dict[int, Definitions]) -> bool:
    a_minor, b_minor = _closest_minors(a, b)
    comparison = _Comparison(definitions[a_minor], definitions[b_minor])
    return comparison.same({"$ref": REF_PREFIX + a.definition}, {"$ref": REF_PREFIX + b.definition})


def _closest_minors(a: Resource, b: Resource) -> tuple[int, int]:
    """The last minor that has both, or the last of the older with the first of the newer."""
    if a.first <= b.last and b.first <= a.last:
        common = min(a.last, b.last)
        return common, common
    return (a.last, b.first) if a.last < b.first else (a.first, b.last)


class _Comparison:
    def __init__(self, a_definitions: Definitions, b_definitions: Definitions) -> None:
        self._a = a_definitions
        self._b = b_definitions
        self._compared: set[tuple[str, str]] = set()

    def same(self, a: Schema, b: Schema) -> bool:
        a_name, b_name = (schema.get("$ref", "").removeprefix(REF_PREFIX) for schema in (a, b))
        if (a_name and a_name == b_name) or (a_name, b_name) in self._compared:
            return True  # a type that both versions share, or a recursion
        if a_name and b_name:
            self._compared.add((a_name, b_name))
        a, b = self._a.get(a_name, a), self._b.get(b_name, b)
        if any(a.get(key) != b.get(key) for key in ("type", "format")):
            return False
        a_fields, b_fields = a.get("properties", {}), b.get("properties", {})
        if a_fields.keys() - b_fields.keys() and b_fields.keys() - a_fields.keys():
            return False
        if not all(self.same(a_fields[name], b_fields[name]) for name in a_fields.keys() & b_fields.keys()):
            return False
        return all(self._same_member(a.get(key), b.get(key)) for key in ("items", "additionalProperties"))

    def _same_member(self, a: object, b: object) -> bool:
        if isinstance(a, dict) and isinstance(b, dict):
            return self.same(a, b)
        return a == b
