"""What the catalog tells of a built-in resource: its names, verbs, subresources, schema and place in the store."""

from typing import NamedTuple

from msgspec import Struct

from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind


class StorageIdentity(NamedTuple):
    """Where and as what objects are stored; equal for all versions of a kind that are one stored object.

    ``prefix`` begins with ``/registry/`` and ends with a slash.
    """

    prefix: str
    group: str
    version: str
    kind: str

    @property
    def group_version_kind(self) -> GroupVersionKind:
        return GroupVersionKind(self.group, self.version, self.kind)


class Subresource(Struct, frozen=True):
    """A subresource such as ``status``; group, version and kind are those of the body it takes and gives.

    ``definition`` is the name of the body's schema; empty for what is answered by connecting to a node (``exec``).
    """

    name: str
    group: str
    version: str
    kind: str
    definition: str
    verbs: tuple[str, ...]


class BuiltinResource(Struct, frozen=True):
    """A resource of one group and version, as one minor of Kubernetes serves it.

    ``verbs`` are in the order of discovery (alphabetical). ``definition`` names the kind's schema, and
    ``definition + "List"`` its list's. ``storage`` is None for kinds that are never stored, such as reviews.
    """

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    list_kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    subresources: tuple[Subresource, ...]
    definition: str
    storage: StorageIdentity | None

    @property
    def group_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.version)
