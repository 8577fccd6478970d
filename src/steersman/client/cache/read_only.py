"""Read-only views of parsed JSON: what reads of a shared cache give out.

A view wraps a plain dict or list without copying it, and wraps what is nested in it when it is asked for. It reads like
the dict or list, and is equal to one of the same content; every way of changing it raises TypeError. ``deep_copy()``
gives plain dicts and lists that belong to the caller.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, overload

import orjson


def _refuse(self: object, *args: object, **kwargs: object) -> NoReturn:
    raise TypeError("objects in a cache are shared and read-only: change the result of deep_copy() instead")


class RefusesItemChanges:
    """A mapping of which no item can be set, removed or changed: TypeError tells to take a ``deep_copy()``."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse


class ReadOnlyMapping(RefusesItemChanges, Mapping[str, Any]):
    """A view of a JSON object."""

    __slots__ = ("_data",)

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def __getitem__(self, key: str) -> Any:
        return read_only(self._data[key])

    def get(self, key: str, default: Any = None) -> Any:
        return read_only(self._data.get(key, default))

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ReadOnlyMapping):
            return self._data == other._data
        return self._data == other if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ReadOnlyMapping({self._data!r})"

    def deep_copy(self) -> dict[str, Any]:
        """The same content as plain dicts and lists, shared with nobody."""
        copy: dict[str, Any] = orjson.loads(orjson.dumps(self._data))
        return copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return self.deep_copy()


class ReadOnlyList(Sequence[Any]):
    """A view of a JSON array."""

    __slots__ = ("_data",)
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = remove = pop = clear = sort = reverse = _refuse

    def __init__(self, data: list[Any]) -> None:
        self._data = data

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> "ReadOnlyList": ...
    def __getitem__(self, index: int | slice) -> Any:
        return read_only(self._data[index])

    def __contains__(self, value: object) -> bool:
        return value in self._data

    def __iter__(self) -> Iterator[Any]:
        return map(read_only, self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ReadOnlyList):
            return self._data == other._data
        return self._data == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ReadOnlyList({self._data!r})"

    def deep_copy(self) -> list[Any]:
        """The same content as plain dicts and lists, shared with nobody."""
        copy: list[Any] = orjson.loads(orjson.dumps(self._data))
        return copy

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return self.deep_copy()


_VIEWS: Mapping[type, type[ReadOnlyMapping] | type[ReadOnlyList]] = {dict: ReadOnlyMapping, list: ReadOnlyList}


def read_only(value: Any) -> Any:
    """A view of a parsed JSON object or array; a string, number, boolean or None as it is."""
    view = _VIEWS.get(type(value))
    return value if view is None else view(value)
