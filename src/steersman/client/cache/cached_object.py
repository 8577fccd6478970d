"""An object as a cache keeps it: the bytes that the server sent, and of what is in them only what every cache asks.

A controller holds every object of a kind, and looks at few of them, and at few of their fields. A parsed object takes
several times the memory of its JSON and most of the time of a list. So a :class:`CachedObject` keeps the JSON bytes and
the part of the metadata by which objects are found and told apart; the rest is parsed at the first look at it.

Everybody who reads a cache gets the same object. It can therefore not be changed: it reads as a mapping
(``obj["spec"]["replicas"]``), of which every part is a read-only view, and ``deep_copy()`` gives plain dicts to change.
"""

from collections.abc import Iterator, Mapping
from sys import intern
from typing import Any, NamedTuple

import msgspec
import orjson

from steersman.apimachinery.label_selector import Selector
from steersman.client.cache.read_only import ReadOnlyMapping, RefusesItemChanges, read_only


class MalformedObject(ValueError):
    """What a server sent is not JSON (it may have been cut off), or not an object with metadata."""


class OwnerReference(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One entry of ``metadata.ownerReferences``."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


# gc=False in these: they hold strings, bytes and dicts of strings, which cannot be part of a cycle.
class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    name: str | None = None
    namespace: str | None = None
    resource_version: str | None = None
    generation: int | None = None
    deletion_timestamp: str | None = None
    labels: msgspec.Raw = msgspec.Raw()


class _Head(msgspec.Struct, gc=False, rename="camel"):
    metadata: _Metadata
    api_version: str = ""
    kind: str = ""


class _Details(msgspec.Struct, gc=False, rename="camel"):
    """What few ask for, and takes memory: decoded at each call."""

    uid: str | None = None
    annotations: dict[str, str] | None = None
    owner_references: tuple[OwnerReference, ...] | None = None


class _Detailed(msgspec.Struct, gc=False):
    metadata: _Details


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_detailed = msgspec.json.Decoder(_Detailed).decode
_decode_labels = msgspec.json.Decoder(dict[str, str] | None).decode


class TypeMeta(NamedTuple):
    """What an object is: ``apiVersion`` and ``kind``."""

    api_version: str
    kind: str

    def splice(self, raw: bytes | msgspec.Raw) -> bytes:
        """The object ``raw`` (which starts with ``{`` and is not empty) with these before its fields, which prevail."""
        start = b'{"apiVersion":%b,"kind":%b,' % (orjson.dumps(self.api_version), orjson.dumps(self.kind))
        return b"".join((start, memoryview(raw)[1:]))


class CachedObject(RefusesItemChanges, Mapping[str, Any]):
    """A read-only object of the API over its JSON bytes; equal to objects and dicts of the same content.

    ``raw`` is the JSON of one object. ``default_type`` is what the object is if it does not say so itself, as items of
    a list do not; it is then spliced into the bytes. Raises MalformedObject.
    """

    __slots__ = (
        "_api_version",
        "_deletion_timestamp",
        "_generation",
        "_key",
        "_kind",
        "_labels",
        "_namespace",
        "_parsed",
        "_raw",
        "_resource_version",
    )

    def __init__(self, raw: bytes | msgspec.Raw, default_type: TypeMeta | None = None) -> None:
        try:
            head = _decode_head(raw)
        except msgspec.MsgspecError as error:
            raise MalformedObject(f"unable to decode an object: {error}") from None
        if default_type is not None and not (head.api_version and head.kind):
            raw = default_type.splice(raw)
            head.api_version = head.api_version or default_type.api_version
            head.kind = head.kind or default_type.kind
        metadata = head.metadata
        name = metadata.name or ""
        # One string serves all objects of a namespace; likewise of a kind.
        self._namespace = namespace = intern(metadata.namespace or "")
        self._key = f"{namespace}/{name}" if namespace else name
        self._resource_version = metadata.resource_version or ""
        self._generation = metadata.generation or 0
        self._deletion_timestamp = metadata.deletion_timestamp
        # As JSON they take a fifth of a dict's memory, and are decoded in a tenth of a microsecond.
        self._labels = bytes(metadata.labels)
        self._raw = bytes(raw)  # a Raw would keep the whole list alive
        self._api_version = intern(head.api_version)
        self._kind = intern(head.kind)
        self._parsed: dict[str, Any] | None = None

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "CachedObject":
        """The object of this content; what a transform makes of a ``deep_copy()``."""
        return cls(orjson.dumps(content))

    @property
    def raw(self) -> bytes:
        """The object as JSON."""
        return self._raw

    @property
    def key(self) -> str:
        """``namespace/name``, or ``name`` of an object without a namespace."""
        return self._key

    @property
    def api_version(self) -> str:
        return self._api_version

    @property
    def kind(self) -> str:
        return self._kind

    @property
    def name(self) -> str:
        namespace = self._namespace
        return self._key[len(namespace) + 1 :] if namespace else self._key

    @property
    def namespace(self) -> str:
        """The empty string for an object of the cluster."""
        return self._namespace

    @property
    def resource_version(self) -> str:
        return self._resource_version

    @property
    def generation(self) -> int:
        """0 for kinds without a generation."""
        return self._generation

    @property
    def deletion_timestamp(self) -> str | None:
        """RFC 3339; None unless the object is being deleted."""
        return self._deletion_timestamp

    @property
    def labels(self) -> Mapping[str, str]:
        return ReadOnlyMapping(self._decoded_labels())

    @property
    def uid(self) -> str:
        return self._details().uid or ""

    @property
    def owner_references(self) -> tuple[OwnerReference, ...]:
        return self._details().owner_references or ()

    @property
    def annotations(self) -> Mapping[str, str]:
        return ReadOnlyMapping(self._details().annotations or {})

    def matches(self, selector: Selector) -> bool:
        """Tell whether the label selector selects this object."""
        return selector.matches(self._decoded_labels())

    def _decoded_labels(self) -> dict[str, str]:
        try:
            return (self._labels and _decode_labels(self._labels)) or {}
        except msgspec.MsgspecError as error:
            raise MalformedObject(f"unable to decode the labels of {self._key}: {error}") from None

    def _details(self) -> _Details:
        try:
            return _decode_detailed(self._raw).metadata
        except msgspec.MsgspecError as error:
            raise MalformedObject(f"unable to decode the metadata of {self._key}: {error}") from None

    def deep_copy(self) -> dict[str, Any]:
        """The object as plain dicts and lists, shared with nobody."""
        copy: dict[str, Any] = orjson.loads(self._raw)
        return copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return self.deep_copy()

    @property
    def parsed(self) -> bool:
        """Whether the content was looked at, and is held in parsed form beside the bytes."""
        return self._parsed is not None

    def release(self) -> None:
        """Give the memory of the parsed content back; the next look parses it again. Views that are held stay valid."""
        self._parsed = None

    def _content(self) -> dict[str, Any]:
        if self._parsed is None:
            self._parsed = self.deep_copy()
        return self._parsed

    def __getitem__(self, key: str) -> Any:
        return read_only(self._content()[key])

    def __contains__(self, key: object) -> bool:
        return key in self._content()

    def __iter__(self) -> Iterator[str]:
        return iter(self._content())

    def __len__(self) -> int:
        return len(self._content())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CachedObject):
            return self is other or self._raw == other._raw or self._content() == other._content()
        return self._content() == other if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self._api_version} {self._kind} {self._key} at {self.resource_version}>"
