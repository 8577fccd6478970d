"""A watch cache over a real store, clients that record what they are sent, and short words to write tests with."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from steersman.storage.memory import MemoryStore
from steersman.storage.sqlite import SqliteStore
from steersman.storage.store import Store
from steersman.storage.watch_cache import Cacher, Codec, Entry, Limits, View, WatchCache

PREFIX = "/registry/example.com/databases/"
CODEC = Codec("example.com/v1", "Database", lambda parsed: {"spec.engine": parsed.get("spec", {}).get("engine", "")})


class Client:
    """A sink that remembers every frame; while ``stopped`` it reads nothing and ``buffered`` grows."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.buffered = 0
        self.closed = self.aborted = self.stopped = False
        self._arrived = asyncio.Event()

    def send(self, frame: bytes) -> None:
        assert not self.closed
        self.frames.append(frame)
        if self.stopped:
            self.buffered += len(frame)
        self._arrived.set()

    def abort(self) -> None:
        self.closed = self.aborted = True

    @property
    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for frame in self.frames for line in frame.splitlines()]

    @property
    def told(self) -> list[tuple[str, str, int]]:
        """(type, name, resourceVersion) of each event; a bookmark's name is ""."""
        return [
            (event["type"], metadata.get("name", ""), int(metadata["resourceVersion"]))
            for event in self.events
            for metadata in [event["object"]["metadata"]]
        ]

    async def until(self, count: int) -> list[tuple[str, str, int]]:
        """What it was told, once that are ``count`` events."""
        async with asyncio.timeout(10):
            while len(self.told) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.told

    async def until_revision(self, revision: int) -> list[tuple[str, str, int]]:
        async with asyncio.timeout(10):
            while not self.told or self.told[-1][2] < revision:
                self._arrived.clear()
                await self._arrived.wait()
        return self.told


def bookmark(revision: int, annotations: Mapping[str, str]) -> bytes:
    return orjson.dumps({"metadata": {"resourceVersion": str(revision), "annotations": annotations}})


def view(
    key: str = "all",
    *,
    namespace: str | None = None,
    name: str | None = None,
    matches: Callable[[Entry], bool] | None = None,
    encode: Callable[[Entry], bytes] = lambda entry: entry.data,
) -> View[bytes]:
    return View(key, encode, bookmark, lambda data: data, namespace=namespace, name=name, matches=matches)


def labelled(value: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.labels.get("tier") == value


def value(namespace: str, name: str, tier: str = "", **spec: Any) -> bytes:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if tier:
        metadata["labels"] = {"tier": tier}
    return orjson.dumps({"apiVersion": "example.com/v1", "kind": "Database", "metadata": metadata, "spec": spec})


class World:
    """A store, its watch cache, and the cacher of one resource."""

    def __init__(self, store: Store, cache: WatchCache) -> None:
        self.store, self.cache = store, cache
        self.cacher: Cacher = cache.cacher(PREFIX, CODEC, True)
        self._tasks: list[asyncio.Task[None]] = []

    async def put(self, namespace: str, name: str, tier: str = "", **spec: Any) -> int:
        return await self.store.put(f"{PREFIX}{namespace}/{name}", value(namespace, name, tier, **spec))

    async def delete(self, namespace: str, name: str) -> int:
        return await self.store.delete(f"{PREFIX}{namespace}/{name}")

    def watch(
        self,
        seen: View[bytes] | None = None,
        client: Client | None = None,
        *,
        start: int | None = None,
        initial_events: bool = False,
        bookmarks: bool = False,
        timeout: float | None = None,
    ) -> tuple[Client, asyncio.Task[None]]:
        client = client or Client()
        watch = self.cacher.watch(
            seen or view(),
            client,
            start=start,
            initial_events=initial_events,
            bookmarks=bookmarks,
            timeout=timeout,
        )
        task = asyncio.create_task(watch)
        self._tasks.append(task)
        return client, task

    async def applied(self, revision: int) -> None:
        await self.cacher.wait_for(revision, asyncio.get_running_loop().time() + 10)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.cache.stop()


Opener = Callable[[], Store]


def opener(kind: str, directory: Path) -> Opener:
    """What opens the same store again and again; a memory store is the same one each time."""
    if kind == "memory":
        store = MemoryStore()
        return lambda: store
    return lambda: SqliteStore(directory / "store.db")


@asynccontextmanager
async def world(store: Store, limits: Limits | None = None) -> AsyncIterator[World]:
    """A started cache over an open store."""
    # However slow the machine is: the end of the log is read before the test goes on.
    cache = WatchCache(store, limits=replace(limits or Limits(), history_wait=30))
    await cache.start()
    made = World(store, cache)
    try:
        yield made
    finally:
        await made.end()


def names(entries: Sequence[Entry]) -> list[str]:
    return [entry.name for entry in entries]
