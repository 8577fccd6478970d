"""Listers that give objects of a type: copies, parsed from the cache at each call, that belong to the caller."""

import builtins
from typing import Generic, TypeVar

from steersman.apimachinery.label_selector import EVERYTHING, Selector
from steersman.client.api_resource import ApiResource, Codec
from steersman.client.cache import CachedObject, Lister, NamespaceLister

T = TypeVar("T")


class TypedNamespaceLister(Generic[T]):
    """Reads the objects of one namespace."""

    def __init__(self, lister: NamespaceLister, codec: Codec[T]) -> None:
        self._lister = lister
        self._codec = codec

    def list(self, selector: Selector = EVERYTHING) -> builtins.list[T]:
        """The objects of the namespace whose labels are selected. Raises ValueError for one that does not fit."""
        return _parsed(self._lister.list(selector), self._codec)

    def get(self, name: str) -> T:
        """The object of this name; raises ApiError 404 NotFound, and ValueError if it does not fit."""
        return self._codec.decode(self._lister.get(name).raw)


class TypedLister(Generic[T]):
    """Reads the objects of ``resource`` that a lister of it has, in all namespaces or of the cluster."""

    def __init__(self, lister: Lister, resource: ApiResource[T]) -> None:
        self._lister = lister
        self._codec = resource.codec

    def list(self, selector: Selector = EVERYTHING) -> builtins.list[T]:
        """The objects whose labels are selected. Raises ValueError for one that does not fit."""
        return _parsed(self._lister.list(selector), self._codec)

    def get(self, name: str) -> T:
        """The object of the cluster of this name; raises ApiError 404 NotFound, and ValueError if it does not fit."""
        return self._codec.decode(self._lister.get(name).raw)

    def by_namespace(self, namespace: str) -> TypedNamespaceLister[T]:
        """The lister of one namespace."""
        return TypedNamespaceLister(self._lister.by_namespace(namespace), self._codec)


def _parsed(objects: list[CachedObject], codec: Codec[T]) -> list[T]:
    return [codec.decode(one.raw) for one in objects]
