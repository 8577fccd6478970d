"""The present objects of one resource, found by name and listed in key order."""

from bisect import bisect_right
from collections.abc import Sequence

from steersman.storage.watch_cache.entry import Entry


class _Namespace:
    """One namespace's objects.

    The dict itself is kept in name order, lazily: a replaced or deleted name disturbs nothing, a name inserted
    behind the last one neither; only other insertions make the next list sort again (timsort on nearly sorted names).
    """

    __slots__ = ("_last", "_names", "_sorted", "entries", "name", "order")

    def __init__(self, name: str) -> None:
        self.name = name
        # Keys are compared whole, "namespace/name": "a-b/x" comes before "a/x".
        self.order = name + "/"
        self.entries: dict[str, Entry] = {}
        self._last, self._sorted = "", True
        self._names: list[str] | None = None

    def put(self, entry: Entry) -> None:
        name = entry.name
        if name not in self.entries:
            self._names = None
            if name > self._last:
                self._last = name
            else:
                self._sorted = False
        self.entries[name] = entry

    def remove(self, name: str) -> None:
        del self.entries[name]
        self._names = None

    def values(self) -> list[Entry]:
        if not self._sorted:
            self.entries = {name: self.entries[name] for name in sorted(self.entries)}
            self._sorted = True
        return list(self.entries.values())

    def names(self) -> list[str]:
        if self._names is None or not self._sorted:
            self._names = [entry.name for entry in self.values()]
        return self._names


class Objects:
    """``count`` objects in their namespaces; cluster-scoped ones are in the namespace ""."""

    __slots__ = ("_namespaces", "_order", "count")

    def __init__(self) -> None:
        self._namespaces: dict[str, _Namespace] = {}
        self._order: list[_Namespace] | None = None
        self.count = 0

    def get(self, namespace: str, name: str) -> Entry | None:
        space = self._namespaces.get(namespace)
        return None if space is None else space.entries.get(name)

    def shared(self, namespace: str) -> str:
        """The one string object that all entries of a namespace share."""
        space = self._namespaces.get(namespace)
        return namespace if space is None else space.name

    def put(self, entry: Entry) -> None:
        space = self._namespaces.get(entry.namespace)
        if space is None:
            space = self._namespaces[entry.namespace] = _Namespace(entry.namespace)
            self._order = None
        self.count -= len(space.entries)
        space.put(entry)
        self.count += len(space.entries)

    def remove(self, entry: Entry) -> None:
        space = self._namespaces[entry.namespace]
        space.remove(entry.name)
        self.count -= 1
        if not space.entries:
            del self._namespaces[entry.namespace]
            self._order = None

    def list(
        self, namespace: str | None = None, after: tuple[str, str] | None = None, limit: int = 0
    ) -> tuple[list[Entry], int]:
        """Entries in the store's key order, at most ``limit`` (0: all), and how many there are behind them.

        ``namespace`` None: all. ``after`` is the (namespace, name) that the list continues behind; it need not exist.
        """
        spaces = self._spaces(namespace)
        if after is None and not limit:
            entries: list[Entry] = []
            for space in spaces:
                entries += space.values()
            return entries, 0
        return _page(spaces, after, limit)

    def _spaces(self, namespace: str | None) -> Sequence[_Namespace]:
        if namespace is not None:
            space = self._namespaces.get(namespace)
            return () if space is None else (space,)
        if self._order is None:
            self._order = sorted(self._namespaces.values(), key=lambda space: space.order)
        return self._order


def _page(spaces: Sequence[_Namespace], after: tuple[str, str] | None, limit: int) -> tuple[list[Entry], int]:
    order, name = (after[0] + "/", after[1]) if after else ("", "")
    page: list[Entry] = []
    remaining = 0
    for space in spaces:
        if space.order < order:
            continue
        names = space.names()
        first = bisect_right(names, name) if space.order == order else 0
        last = min(first + limit - len(page), len(names)) if limit else len(names)
        page += map(space.entries.__getitem__, names[first:last])
        remaining += len(names) - last
    return page, remaining
