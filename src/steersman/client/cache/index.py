"""An index: which objects have a value, for values that a function of an object gives.

An object may have no value, one, or several. Such an index answers "which pods run on this node" without looking at
every pod.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from steersman.client.cache.cached_object import CachedObject

# Gives the values under which an object is found.
IndexFunc = Callable[[CachedObject], Iterable[str]]
Indexers = Mapping[str, IndexFunc]

NAMESPACE_INDEX: Final = "namespace"


def meta_namespace_index(obj: CachedObject) -> tuple[str]:
    """The index function of ``NAMESPACE_INDEX``."""
    return (obj.namespace,)


class Index:
    """The keys of the objects of each value, in the order in which they came to have it.

    What values an object had is remembered rather than asked again of its old state: that would parse the old state a
    second time, and a function that answers otherwise the second time would leave stale keys behind.
    """

    __slots__ = ("_keys", "_values", "function")

    def __init__(self, function: IndexFunc) -> None:
        self.function = function
        self._keys: dict[str, dict[str, None]] = {}
        self._values: dict[str, tuple[str, ...]] = {}

    def values_of(self, obj: CachedObject) -> tuple[str, ...]:
        """What the function says of an object, each value once."""
        values = tuple(self.function(obj))
        return values if len(values) < 2 else tuple(dict.fromkeys(values))

    def put(self, key: str, values: tuple[str, ...]) -> None:
        """Have the object found under these values and no others; () for an object that is gone."""
        old = self._values.get(key, ())
        if old == values:
            return
        for value in old:
            if value not in values:
                self._remove(key, value)
        for value in values:
            self._keys.setdefault(value, {})[key] = None
        if values:
            self._values[key] = values
        else:
            del self._values[key]

    def _remove(self, key: str, value: str) -> None:
        keys = self._keys[value]
        del keys[key]
        if not keys:
            # Values that come and go would otherwise leave an empty entry each.
            del self._keys[value]

    def keys(self, value: str) -> list[str]:
        """The keys of the objects that have the value."""
        return list(self._keys.get(value, ()))

    def values(self) -> list[str]:
        """The values that any object has."""
        return list(self._keys)
