"""A cache of the objects of one kind: what a controller reads instead of asking the server each time.

A reflector lists and watches; what it learns goes through a queue of changes into a store, and on to event handlers.
This room has, under the names and with the guarantees of client-go's ``tools/cache``:

- ``CachedObject``: a read-only object over the bytes the server sent, parsed when it is looked at. ``split_list`` and
  ``split_event`` make them of what the server answers.
- ``Indexer``: the store. The latest state of each object by key, and indexes by any other value.
- ``DeltaFIFO``: what happened to each object since it was last looked at, with lists after a lost watch, tombstones for
  deletions that nobody saw, and resyncs.
- ``Lister`` and ``NamespaceLister``: read the store by name, namespace and label selector.

All of it is plain values and rules, without waiting, clock or network::

    indexer = Indexer({"app": lambda pod: [pod.labels.get("app", "")]})
    changes = DeltaFIFO(known_objects=indexer)
    metadata, pods = split_list(body)
    changes.replace(pods, metadata.resource_version)
    while changes.pop(apply_to(indexer)):
        ...
    web = indexer.by_index("app", "web")
"""

from steersman.client.cache.cached_object import CachedObject, MalformedObject, OwnerReference, TypeMeta
from steersman.client.cache.delta_fifo import Delta, DeltaFIFO, Deltas, DeltaType, KeyListerGetter, TransformFunc
from steersman.client.cache.index import NAMESPACE_INDEX, Indexers, IndexFunc, meta_namespace_index
from steersman.client.cache.indexer import Indexer
from steersman.client.cache.keys import (
    DeletedFinalStateUnknown,
    ObjectName,
    meta_namespace_key,
    object_name,
    split_key,
)
from steersman.client.cache.listers import Lister, NamespaceLister
from steersman.client.cache.read_only import ReadOnlyList, ReadOnlyMapping
from steersman.client.cache.splitting import ListMetadata, list_items, split_event, split_list

__all__ = [
    "NAMESPACE_INDEX",
    "CachedObject",
    "DeletedFinalStateUnknown",
    "Delta",
    "DeltaFIFO",
    "DeltaType",
    "Deltas",
    "IndexFunc",
    "Indexer",
    "Indexers",
    "KeyListerGetter",
    "ListMetadata",
    "Lister",
    "MalformedObject",
    "NamespaceLister",
    "ObjectName",
    "OwnerReference",
    "ReadOnlyList",
    "ReadOnlyMapping",
    "TransformFunc",
    "TypeMeta",
    "list_items",
    "meta_namespace_index",
    "meta_namespace_key",
    "object_name",
    "split_event",
    "split_key",
    "split_list",
]
