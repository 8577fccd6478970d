"""Stores by URL, as the command line and the embedding API name them."""

from collections.abc import Callable

from steersman.storage.memory import MemoryStore
from steersman.storage.sqlite import SqliteStore
from steersman.storage.store import Store


def open_store(url: str) -> Store:
    """The store that ``url`` names, still to be opened with ``await store.open()``.

    ``memory:`` is this process's memory. ``sqlite:///PATH`` is a file: what follows the third slash is the path, so
    ``sqlite:///state.db`` lies in the working directory and ``sqlite:////var/lib/state.db`` does not.
    Raises ValueError, with one line, for anything else.
    """
    for scheme, build in _SCHEMES.items():
        if url.startswith(scheme):
            return build(url.removeprefix(scheme))
    raise ValueError(f"no store is known for {url!r}: use memory: or sqlite:///PATH")


def _memory(rest: str) -> Store:
    if rest:
        raise ValueError(f"nothing may follow memory: in a store's URL, found {rest!r}")
    return MemoryStore()


def _sqlite(path: str) -> Store:
    if not path:
        raise ValueError("sqlite:/// needs the path of a file after it")
    return SqliteStore(path)


_SCHEMES: dict[str, Callable[[str], Store]] = {"memory:": _memory, "sqlite:///": _sqlite}
