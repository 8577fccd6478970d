"""References to objects: what an event says of the object that it is about (core/v1 ObjectReference)."""

from collections.abc import Mapping
from typing import Any, Protocol

ObjectReference = Mapping[str, str]
"""``apiVersion``, ``kind``, ``name``, and ``namespace``, ``uid``, ``resourceVersion``, ``fieldPath`` where known."""


class _Metadata(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def resource_version(self) -> str: ...


class TypedObject(Protocol):
    """An object as a class, such as a CustomResource, which knows its type and has its metadata in attributes."""

    @property
    def api_version(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def metadata(self) -> _Metadata: ...


Regarding = Mapping[str, Any] | TypedObject
"""An object as JSON has it (a dict, or one of a cache), an object of a class, or a reference."""

_PARTS = ("name", "namespace", "uid", "resourceVersion")


def reference(obj: Regarding) -> dict[str, str]:
    """The reference to ``obj``; one that is a reference already is copied. Raises ValueError if it has no kind."""
    if isinstance(obj, Mapping):
        metadata = obj.get("metadata")
        given = (*_PARTS, "fieldPath") if metadata is None else _PARTS
        source = obj if metadata is None else metadata
        return _reference(obj.get("apiVersion"), obj.get("kind"), {part: source.get(part, "") for part in given})
    meta = obj.metadata
    parts = (meta.name, meta.namespace, meta.uid, meta.resource_version)
    return _reference(obj.api_version, obj.kind, dict(zip(_PARTS, parts, strict=True)))


def _reference(api_version: str | None, kind: str | None, parts: Mapping[str, str]) -> dict[str, str]:
    if not kind or not api_version:
        raise ValueError("an object without apiVersion and kind cannot be referred to")
    if not parts.get("name"):
        raise ValueError(f"a {kind} without a name cannot be referred to")
    return {"kind": kind, "apiVersion": api_version, **{part: text for part, text in parts.items() if text}}
