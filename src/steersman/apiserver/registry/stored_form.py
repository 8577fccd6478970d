"""Between the bytes that are stored and the object in the version that is served."""

import orjson

from steersman.apimachinery.errors import internal_error
from steersman.apiserver.registry.resource import Object, Resource, StoredKind
from steersman.storage.watch_cache import Entry


def decode(resource: Resource, entry: Entry) -> Object:
    """The entry as an object of ``resource``'s version; a private copy."""
    obj: Object = orjson.loads(entry.data)
    if resource.conversion is not None:
        return resource.conversion.from_stored(obj)
    obj["apiVersion"], obj["kind"] = resource.api_version, resource.kind
    return obj


def encode(resource: Resource, obj: Object) -> bytes:
    """The bytes to store: the storage version, canonical member order, no resourceVersion."""
    kind = stored_kind(resource).kind
    if resource.conversion is not None:
        obj = resource.conversion.to_stored(obj)
    ordered: Object = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": None}
    ordered.update(obj)
    ordered["apiVersion"], ordered["kind"] = kind.api_version, kind.kind
    meta = dict(obj["metadata"])
    meta.pop("resourceVersion", None)
    ordered["metadata"] = meta
    return orjson.dumps(ordered)


def stored_kind(resource: Resource) -> StoredKind:
    """Where its objects are. Raises InternalError for a virtual resource."""
    if resource.stored is None:
        raise internal_error(f"{resource.group_resource} is not stored")
    return resource.stored
