"""Keys: the strings by which caches and work queues know objects, ``namespace/name`` or, without a namespace, ``name``.

An object that is gone for certain, but whose last state nobody saw, is known by a tombstone, which carries its key.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from steersman.client.cache.cached_object import CachedObject


class ObjectName(NamedTuple):
    """A key in its parts; ``namespace`` is empty for objects of the cluster. ``str()`` is the key."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return object_name(self.namespace, self.name)


class DeletedFinalStateUnknown(NamedTuple):
    """A tombstone: the object was deleted while no watch was there to see it, and was found missing by a later list.

    ``object`` is the state that was known last, which may be older than the one that was deleted, or None.
    """

    key: str
    object: CachedObject | None


def object_name(namespace: str, name: str) -> str:
    """The key of an object."""
    return f"{namespace}/{name}" if namespace else name


def split_key(key: str) -> ObjectName:
    """Take a key apart; raises ValueError for one of more than two parts."""
    namespace, slash, name = key.partition("/")
    if not slash:
        return ObjectName("", key)
    if "/" in name:
        raise ValueError(f'unexpected key format: "{key}"')
    return ObjectName(namespace, name)


def meta_namespace_key(obj: CachedObject | Mapping[str, Any] | DeletedFinalStateUnknown) -> str:
    """The key of an object, of one as a plain dict, or of a tombstone; raises ValueError for one without metadata."""
    if isinstance(obj, CachedObject | DeletedFinalStateUnknown):
        return obj.key
    metadata = obj.get("metadata")
    if not isinstance(metadata, Mapping):
        raise ValueError("object has no meta: metadata is missing")
    return object_name(metadata.get("namespace") or "", metadata.get("name") or "")
