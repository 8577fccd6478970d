"""What a server serves, as values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind, GroupVersionResource
from steersman.client.api_resource import DICTS, ApiResource


@dataclass(frozen=True, slots=True)
class ServedSubresource:
    """``kind`` is that of its objects, which may be of another group, as Scale is."""

    name: str
    kind: GroupVersionKind
    verbs: frozenset[str]


@dataclass(frozen=True, slots=True)
class ServedResource:
    """One resource in one version; ``singular`` may be empty."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool
    verbs: frozenset[str]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: Mapping[str, ServedSubresource] = field(default_factory=dict, hash=False)

    @property
    def group_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.version)

    @property
    def group_version_resource(self) -> GroupVersionResource:
        return GroupVersionResource(self.group, self.version, self.plural)

    @property
    def group_version_kind(self) -> GroupVersionKind:
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def api_resource(self) -> ApiResource[dict[str, Any]]:
        """The resource with plain dicts as its objects."""
        return ApiResource(self.group, self.version, self.plural, self.kind, self.namespaced, DICTS)


@dataclass(frozen=True, slots=True)
class Served:
    """Everything that is served: resources by group version, groups in the server's order, preferred versions first.

    ``failures`` says of which group versions the resources could not be read now, and why; those that were known
    before are here still.
    """

    versions: Mapping[GroupVersion, Sequence[ServedResource]]
    failures: Mapping[GroupVersion, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[ServedResource]:
        """Every resource in every version."""
        for resources in self.versions.values():
            yield from resources

    def preferred(self) -> Iterator[ServedResource]:
        """Every resource once, in the first of its group's versions that has it."""
        seen = set()
        for resource in self:
            if (key := (resource.group, resource.plural)) not in seen:
                seen.add(key)
                yield resource
