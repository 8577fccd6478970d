"""Listers: read objects from a cache's store as one would from the server, by name, namespace and label selector.

What they give is shared and read-only, and may be a moment older than what the server has.
"""

from steersman.apimachinery.errors import not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.label_selector import EVERYTHING, Selector
from steersman.client.cache.cached_object import CachedObject
from steersman.client.cache.index import NAMESPACE_INDEX
from steersman.client.cache.indexer import Indexer
from steersman.client.cache.keys import object_name

Objects = list[CachedObject]


class Lister:
    """Objects of ``resource`` in all namespaces, or of the cluster; the resource's name is for error messages."""

    __slots__ = ("_indexer", "_resource")

    def __init__(self, indexer: Indexer, resource: GroupResource) -> None:
        self._indexer = indexer
        self._resource = resource

    def list(self, selector: Selector = EVERYTHING) -> Objects:
        """The objects whose labels are selected."""
        return _select(self._indexer.list(), selector)

    def get(self, name: str) -> CachedObject:
        """The object of the cluster of this name; raises ApiError 404 NotFound."""
        return _get(self._indexer, self._resource, "", name)

    def by_namespace(self, namespace: str) -> "NamespaceLister":
        """The lister of one namespace."""
        return NamespaceLister(self._indexer, self._resource, namespace)


class NamespaceLister:
    """Objects of ``resource`` in one namespace."""

    __slots__ = ("_indexer", "_namespace", "_resource")

    def __init__(self, indexer: Indexer, resource: GroupResource, namespace: str) -> None:
        self._indexer = indexer
        self._resource = resource
        self._namespace = namespace

    def list(self, selector: Selector = EVERYTHING) -> Objects:
        """The objects of the namespace whose labels are selected."""
        return _select(self._indexer.by_index(NAMESPACE_INDEX, self._namespace), selector)

    def get(self, name: str) -> CachedObject:
        """The object of this name in the namespace; raises ApiError 404 NotFound."""
        return _get(self._indexer, self._resource, self._namespace, name)


def _select(objects: Objects, selector: Selector) -> Objects:
    return objects if selector.empty else [obj for obj in objects if obj.matches(selector)]


def _get(indexer: Indexer, resource: GroupResource, namespace: str, name: str) -> CachedObject:
    obj = indexer.get_by_key(object_name(namespace, name))
    if obj is None:
        raise not_found(resource, name)
    return obj
