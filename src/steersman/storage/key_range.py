"""Key prefixes as ranges, and which of many prefixes a key falls under."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

_LAST = "\U0010ffff"


def prefix_end(prefix: str) -> str | None:
    """The smallest text above every text that begins with ``prefix``; None when there is no such text.

    Texts are ordered by code point, which is also the order of their UTF-8 bytes.
    """
    stem = prefix.rstrip(_LAST)
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    # Surrogates are no characters: UTF-8 goes from U+D7FF straight to U+E000.
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)


class PrefixIndex(Generic[T]):
    """Items filed under prefixes; finding those that a key matches costs one bisection, however many there are."""

    def __init__(self) -> None:
        self._items: dict[str, list[T]] = {}
        self._stale = False
        self._prefixes: list[str] = []
        # By position in _prefixes: the longest other prefix that it begins with (-1: none), and the items of both.
        self._parents: list[int] = []
        self._matches: list[tuple[T, ...]] = []

    def add(self, prefix: str, item: T) -> None:
        self._items.setdefault(prefix, []).append(item)
        self._stale = True

    def remove(self, prefix: str, item: T) -> None:
        """Take out an item that was added with this prefix."""
        items = self._items[prefix]
        items.remove(item)
        if not items:
            del self._items[prefix]
        self._stale = True

    def all(self) -> list[T]:
        return [item for items in self._items.values() for item in items]

    def match(self, key: str) -> Sequence[T]:
        """The items whose prefix ``key`` begins with."""
        if self._stale:
            self._rebuild()
        # Whatever sorts between a prefix of the key and the key itself begins with that prefix too. So every match
        # is the nearest prefix at or below the key, or one that it begins with.
        at = bisect_right(self._prefixes, key) - 1
        while at >= 0:
            if key.startswith(self._prefixes[at]):
                return self._matches[at]
            at = self._parents[at]
        return ()

    def _rebuild(self) -> None:
        self._prefixes = sorted(self._items)
        self._parents, self._matches = [], []
        open_prefixes: list[int] = []
        for at, prefix in enumerate(self._prefixes):
            while open_prefixes and not prefix.startswith(self._prefixes[open_prefixes[-1]]):
                open_prefixes.pop()
            parent = open_prefixes[-1] if open_prefixes else -1
            inherited = self._matches[parent] if open_prefixes else ()
            self._parents.append(parent)
            self._matches.append((*inherited, *self._items[prefix]))
            open_prefixes.append(at)
        self._stale = False
