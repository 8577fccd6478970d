"""What the cache holds: one object at one revision, and one change from a state to the next."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import orjson

from steersman.storage.watch_cache.codec import Codec

_NONE: Mapping[str, str] = MappingProxyType({})


class OwnerReference(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``metadata.ownerReferences[]``."""

    uid: str = ""
    api_version: str = ""
    kind: str = ""
    name: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class Metadata(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The part of ``metadata`` that the server itself looks at."""

    uid: str = ""
    generation: int = 0
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    owner_references: tuple[OwnerReference, ...] | None = None
    finalizers: tuple[str, ...] | None = None
    initializers: dict[str, Any] | None = None


class _Object(msgspec.Struct, gc=False):
    metadata: Metadata


_decode = msgspec.json.Decoder(_Object).decode


# gc=False: entries hold no cycles, and the collector need not walk through 100,000 of them.
class Entry(msgspec.Struct, gc=False, eq=False):
    """One object at one revision. ``data`` is its final JSON in the storage version; cluster-scoped: namespace "".

    Not to be changed; ``metadata`` and ``fields`` are parsed when first asked for and kept.
    """

    namespace: str
    name: str
    revision: int
    create_revision: int
    data: bytes
    codec: Codec
    _metadata: Metadata | None = None
    _fields: Mapping[str, str] | None = None

    @property
    def metadata(self) -> Metadata:
        """The server's view of ``metadata``; empty where a foreign writer stored something malformed."""
        if self._metadata is None:
            try:
                self._metadata = _decode(self.data).metadata
            except msgspec.DecodeError:
                self._metadata = Metadata()
        return self._metadata

    @property
    def labels(self) -> Mapping[str, str]:
        return self.metadata.labels or _NONE

    @property
    def fields(self) -> Mapping[str, str]:
        """What field selectors compare: ``metadata.name``, ``metadata.namespace`` and the kind's own."""
        if self._fields is None:
            fields = {"metadata.name": self.name, "metadata.namespace": self.namespace}
            if self.codec.fields is not None:
                fields.update(self.codec.fields(self.parsed()))
            self._fields = fields
        return self._fields

    def parsed(self) -> Any:
        """The object as dicts and lists, made anew at each call."""
        return orjson.loads(self.data)

    def at(self, revision: int) -> "Entry":
        """The same object under another revision, as a deletion carries it."""
        data = self.codec.with_revision(self.data, revision)
        return Entry(
            self.namespace, self.name, revision, self.create_revision, data, self.codec, self._metadata, self._fields
        )


class Change(msgspec.Struct, gc=False, eq=False, frozen=True):
    """One step of one object. ``previous`` is None for a creation.

    For a deletion ``entry`` is the final state under the deletion's revision.
    """

    entry: Entry
    previous: Entry | None
    deleted: bool = False


def change_between(previous: Entry | None, entry: Entry | None, revision: int) -> Change | None:
    """The change at ``revision`` from one state to another, where None is "does not exist"."""
    if entry is not None:
        return Change(entry, previous)
    if previous is not None:
        return Change(previous.at(revision), previous, True)
    return None
