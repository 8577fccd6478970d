"""The store of a cache: the latest known state of every object by key, and indexes by other values.

It is client-go's Store, Indexer and ThreadSafeStore in one. What is read from it is shared by all readers and
read-only. It belongs to one event loop: a change is done when its call returns, so no reader sees half of one.
"""

from collections.abc import Iterable

from steersman.client.cache.cached_object import CachedObject
from steersman.client.cache.index import NAMESPACE_INDEX, Index, Indexers, IndexFunc, make_index, meta_namespace_index
from steersman.client.cache.keys import DeletedFinalStateUnknown

Objects = list[CachedObject]
Keys = list[str]


class Indexer:
    """Objects by key, with the index ``namespace`` and those of ``indexers`` (index name to index function).

    An index function that raises makes the change fail that called it, and nothing is changed.
    """

    __slots__ = ("_indices", "_objects")

    def __init__(self, indexers: Indexers | None = None) -> None:
        functions = {NAMESPACE_INDEX: meta_namespace_index, **(indexers or {})}
        self._objects: dict[str, CachedObject] = {}
        self._indices = {name: make_index(function) for name, function in functions.items()}

    def add(self, obj: CachedObject) -> None:
        """Hold the object, in place of the one of the same key if there is one."""
        key = obj.key
        changes = _values(self._indices.values(), obj)
        self._objects[key] = obj
        for index, values in changes:
            index.put(key, values)

    update = add

    def delete(self, obj: CachedObject | DeletedFinalStateUnknown) -> None:
        """Hold the object of this key no more; it need not be there."""
        key = obj.key
        if self._objects.pop(key, None) is not None:
            for index in self._indices.values():
                index.put(key, ())

    def replace(self, objects: Iterable[CachedObject], resource_version: str = "") -> None:
        """Hold these objects and no others.

        ``resource_version`` is that of the list they are from; the store keeps none, whoever lists does.
        """
        held = {obj.key: obj for obj in objects}
        self._indices = {name: _build(index.function, held) for name, index in self._indices.items()}
        self._objects = held

    def get(self, obj: CachedObject | DeletedFinalStateUnknown) -> CachedObject | None:
        """The state of the object that is held now."""
        return self._objects.get(obj.key)

    def get_by_key(self, key: str) -> CachedObject | None:
        return self._objects.get(key)

    def list(self) -> Objects:
        return [*self._objects.values()]

    def list_keys(self) -> Keys:
        return [*self._objects]

    def __len__(self) -> int:
        return len(self._objects)

    def index(self, name: str, obj: CachedObject) -> Objects:
        """The objects that share a value in the index with ``obj``, which need not be held; each once."""
        index = self._index(name)
        keys = dict.fromkeys(key for value in index.values_of(obj) for key in index.keys(value))
        return [self._objects[key] for key in keys]

    def by_index(self, name: str, value: str) -> Objects:
        """The objects that have the value in the index."""
        return [self._objects[key] for key in self._index(name).keys(value)]

    def index_keys(self, name: str, value: str) -> Keys:
        """The keys of the objects that have the value in the index."""
        return self._index(name).keys(value)

    def list_index_func_values(self, name: str) -> Keys:
        """Every value that some object has in the index."""
        return self._index(name).values()

    def get_indexers(self) -> dict[str, IndexFunc]:
        """The index functions by the names of their indexes."""
        return {name: index.function for name, index in self._indices.items()}

    def add_indexers(self, indexers: Indexers) -> None:
        """Add indexes, of which the objects that are held are part at once; raises ValueError for a name in use."""
        if taken := sorted(self._indices.keys() & indexers.keys()):
            raise ValueError(f"indexer conflict: {', '.join(taken)}")
        self._indices |= {name: _build(function, self._objects) for name, function in indexers.items()}

    def _index(self, name: str) -> Index:
        try:
            return self._indices[name]
        except KeyError:
            raise KeyError(f"Index with name {name} does not exist") from None


def _values(indices: Iterable[Index], obj: CachedObject) -> list[tuple[Index, tuple[str, ...]]]:
    """What each index says of the object; what their functions had to parse for it is not kept."""
    was_parsed = obj.parsed
    found = [(index, index.values_of(obj)) for index in indices]
    if not was_parsed:
        obj.release()
    return found


def _build(function: IndexFunc, objects: dict[str, CachedObject]) -> Index:
    index = make_index(function)
    for key, obj in objects.items():
        for _, values in _values((index,), obj):
            index.put(key, values)
    return index
