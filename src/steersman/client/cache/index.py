"""An index: which objects have a value, for values that a function of an object gives.

An object may have no value, one, or several. Such an index answers "which pods run on this node" without looking at
every pod.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from steersman.client.cache.cached_object import CachedObject

# Gives the values under which an object is found.
IndexFunc = Callable[[CachedObject], Iterable[str]]
Indexers = Mapping[str, IndexFunc]

NAMESPACE_INDEX: Final = "namespace"


def meta_namespace_index(obj: CachedObject) -> tuple[str]:
    """The index function of ``NAMESPACE_INDEX``."""
    return (obj.namespace,)


class Index(Protocol):
    """The keys of the objects of each value, in the order in which they came to have it."""

    @property
    def function(self) -> IndexFunc: ...

    def values_of(self, obj: CachedObject) -> tuple[str, ...]:
        """What the function says of an object, each value once."""
        ...

    def put(self, key: str, values: tuple[str, ...]) -> None:
        """Have the object found under these values and no others; () for an object that is gone."""
        ...

    def keys(self, value: str) -> list[str]:
        """The keys of the objects that have the value."""
        ...

    def values(self) -> list[str]:
        """The values that any object has."""
        ...


def make_index(function: IndexFunc) -> Index:
    """An empty index of the values that the function gives."""
    return NamespaceIndex() if function is meta_namespace_index else FunctionIndex(function)


class NamespaceIndex:
    """An index by namespace: an object's key tells its only value, which never changes."""

    __slots__ = ("_keys",)

    function = staticmethod(meta_namespace_index)
    values_of = staticmethod(meta_namespace_index)

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, None]] = {}

    def put(self, key: str, values: tuple[str, ...]) -> None:
        for namespace in values:
            self._keys.setdefault(namespace, {})[key] = None
        if not values:
            namespace = key.rpartition("/")[0]
            keys = self._keys[namespace]
            del keys[key]
            if not keys:
                del self._keys[namespace]

    def keys(self, value: str) -> list[str]:
        return list(self._keys.get(value, ()))

    def values(self) -> list[str]:
        return list(self._keys)


class _Group:
    """The keys of the objects of one value, and the ``values`` of the first of them, which most others share."""

    __slots__ = ("keys", "values")

    def __init__(self, values: tuple[str, ...]) -> None:
        self.keys: dict[str, None] = {}
        self.values = values


class FunctionIndex:
    """An index by what a function says.

    What values an object had is remembered rather than asked again of its old state: that would parse the old state a
    second time, and a function that answers otherwise the second time would leave stale keys behind.
    """

    __slots__ = ("_groups", "_values", "function")

    def __init__(self, function: IndexFunc) -> None:
        self.function = function
        self._groups: dict[str, _Group] = {}
        self._values: dict[str, tuple[str, ...]] = {}

    def values_of(self, obj: CachedObject) -> tuple[str, ...]:
        values = tuple(self.function(obj))
        return values if len(values) < 2 else tuple(dict.fromkeys(values))

    def put(self, key: str, values: tuple[str, ...]) -> None:
        old = self._values.get(key, ())
        if old == values:
            return
        for value in old:
            if value not in values:
                self._remove(key, value)
        for value in values:
            group = self._groups.get(value)
            if group is None:
                group = self._groups[value] = _Group(values)
            elif group.values == values:
                values = group.values  # one tuple serves all objects of the same values
            group.keys[key] = None
        if values:
            self._values[key] = values
        else:
            del self._values[key]

    def _remove(self, key: str, value: str) -> None:
        keys = self._groups[value].keys
        del keys[key]
        if not keys:
            # Values that come and go would otherwise leave an empty entry each.
            del self._groups[value]

    def keys(self, value: str) -> list[str]:
        group = self._groups.get(value)
        return [] if group is None else list(group.keys)

    def values(self) -> list[str]:
        return list(self._groups)
