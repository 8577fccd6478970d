"""Reading from the cache, and how it is filled and kept up to date."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from tests.storage.watch_cache.harness import CODEC, PREFIX, World, names, value, view, world

from steersman.storage.memory import MemoryStore
from steersman.storage.store import Compacted, Event, FutureRevision, Page, Store, StoreClosed, Watch
from steersman.storage.watch_cache import Change, Codec, Limits, Metadata, WatchCache


async def test_gets_what_was_there_before_it_was_asked(here: World) -> None:
    revision = await here.put("prod", "orders", engine="pg")
    assert not here.cacher.ready

    await here.cacher.wait_ready()

    entry = here.cacher.get("prod", "orders")
    assert entry is not None
    assert (entry.namespace, entry.name) == ("prod", "orders")
    assert (entry.revision, entry.create_revision) == (revision, revision)
    assert entry.data == CODEC.final(value("prod", "orders", engine="pg"), revision)
    assert here.cacher.get("prod", "other") is None
    assert here.cacher.get("other", "orders") is None
    assert here.cacher.key("prod", "orders") == f"{PREFIX}prod/orders"


async def test_follows_creation_update_and_deletion(here: World) -> None:
    await here.cacher.wait_ready()
    created = await here.put("prod", "orders", size=1)
    updated = await here.put("prod", "orders", size=2)
    await here.put("prod", "users")
    await here.applied(updated)
    entry = here.cacher.get("prod", "orders")
    assert entry is not None
    assert (entry.revision, entry.create_revision) == (updated, created)
    assert entry.parsed()["spec"] == {"size": 2}

    deleted = await here.delete("prod", "orders")
    await here.applied(deleted)

    assert here.cacher.get("prod", "orders") is None
    assert names(here.cacher.list()[0]) == ["users"]
    assert (here.cacher.count, here.cacher.changed, here.cacher.revision) == (1, deleted, deleted)


async def test_the_revision_counts_other_resources_too(here: World) -> None:
    await here.cacher.wait_ready()
    mine = await here.put("prod", "orders")
    other = await here.store.put("/registry/configmaps/prod/x", b"{}")

    await here.applied(other)

    assert here.cacher.revision == here.cache.revision == other
    assert here.cacher.changed == mine


async def test_cluster_scoped_objects(store: Store) -> None:
    async with world(store) as here:
        nodes = here.cache.cacher("/registry/minions/", Codec("v1", "Node"), False)
        await store.put("/registry/minions/n1", b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}')
        await store.put("/registry/minions/not/ours", b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"x"}}')

        await nodes.wait_ready()

        entry = nodes.get("", "n1")
        assert entry is not None
        assert entry.namespace == ""
        assert nodes.list() == nodes.list("") == ([entry], 0)
        assert nodes.key("", "n1") == "/registry/minions/n1"


async def test_labels_fields_and_metadata_are_read_when_asked_for(here: World) -> None:
    metadata = {
        "name": "orders",
        "uid": "u1",
        "generation": 3,
        "deletionTimestamp": "2024-01-01T00:00:00Z",
        "labels": {"tier": "gold"},
        "finalizers": ["example.com/keep"],
        "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u2", "controller": True}],
    }
    whole = {"apiVersion": "example.com/v1", "kind": "Database", "metadata": metadata, "spec": {"engine": "pg"}}
    await here.store.put(f"{PREFIX}prod/orders", orjson.dumps(whole))
    await here.store.put(f"{PREFIX}prod/plain", value("prod", "plain"))
    await here.cacher.wait_ready()
    entry, plain = here.cacher.get("prod", "orders"), here.cacher.get("prod", "plain")
    assert entry is not None
    assert plain is not None

    assert entry.labels == {"tier": "gold"}
    assert entry.fields == {"metadata.name": "orders", "metadata.namespace": "prod", "spec.engine": "pg"}
    assert (entry.metadata.uid, entry.metadata.generation) == ("u1", 3)
    assert entry.metadata.deletion_timestamp == "2024-01-01T00:00:00Z"
    assert entry.metadata.finalizers == ("example.com/keep",)
    owners = entry.metadata.owner_references or ()
    assert [(owner.kind, owner.uid, owner.controller) for owner in owners] == [("Node", "u2", True)]
    assert (plain.labels, plain.metadata) == ({}, Metadata())


async def test_foreign_values_are_read_and_undecodable_ones_left_out(here: World) -> None:
    foreign = b'{"kind": "Database", "metadata": {"labels": {"tier": 1}, "name": "b"}, "apiVersion": "example.com/v0"}'
    await here.store.put(f"{PREFIX}n/a", b"k8s\x00\x01")
    await here.store.put(f"{PREFIX}n/b", foreign)
    await here.cacher.wait_ready()
    entry = here.cacher.get("n", "b")
    assert entry is not None
    assert orjson.loads(entry.data)["apiVersion"] == "example.com/v1"
    assert entry.labels == {}
    assert here.cacher.count == 1

    broken = await here.store.put(f"{PREFIX}n/b", b"no JSON")
    await here.applied(broken)
    assert here.cacher.count == 0
    mended = await here.put("n", "a")
    await here.applied(mended)

    assert names(here.cacher.list()[0]) == ["a"]


async def test_loads_while_writes_go_on(store: Store) -> None:
    async with world(store, Limits(load_page=20)) as here:
        for number in range(100):
            await here.put(f"n{number % 7}", f"before-{number}")

        async def write() -> int:
            last = 0
            for number in range(60):
                await here.put(f"n{number % 7}", f"during-{number}")
                await here.put(f"n{number % 7}", f"before-{number}", size=number)
                last = await here.delete(f"n{(number + 60) % 7}", f"before-{number + 60}") if number < 40 else last
            return last

        writing = asyncio.create_task(write())
        await here.cacher.wait_ready()
        await writing
        page = await store.list(PREFIX)
        await here.applied(page.revision)

        expected = [(kv.key, CODEC.final(kv.value, kv.mod_revision)) for kv in page.items]
        entries = here.cacher.list()[0]
        assert [(here.cacher.key(e.namespace, e.name), e.data) for e in entries] == expected


async def test_all_who_wait_share_one_load(here: World) -> None:
    await here.put("n", "a")

    await asyncio.gather(*(here.cacher.wait_ready() for _ in range(5)))

    assert here.cacher.count == 1


async def test_waiting_for_a_revision(here: World) -> None:
    await here.cacher.wait_ready()
    loop = asyncio.get_running_loop()
    waiting = asyncio.create_task(here.cacher.wait_for(here.cacher.revision + 2, loop.time() + 10))
    await here.put("n", "a")
    await here.put("n", "b")
    await waiting
    assert here.cacher.count == 2

    with pytest.raises(FutureRevision) as caught:
        await here.cacher.wait_for(here.cacher.revision + 1, loop.time())

    assert caught.value.current == here.cacher.revision


async def test_a_writer_finds_its_write_at_once(here: World) -> None:
    await here.cacher.wait_ready()

    for number in range(20):
        revision = await here.put("n", "a", size=number)
        assert here.cacher.revision >= revision


async def test_listeners_get_each_batch(here: World) -> None:
    await here.put("n", "a")
    await here.cacher.wait_ready()
    heard: list[tuple[str, str, bool, bool]] = []

    def listener(changes: Sequence[Change]) -> None:
        heard.extend((c.entry.namespace, c.entry.name, c.previous is not None, c.deleted) for c in changes)
        raise RuntimeError("a listener of no use")

    unsubscribe = here.cacher.subscribe(listener)
    await here.put("n", "b")
    await here.put("n", "a")
    await here.delete("n", "b")
    unsubscribe()
    await here.put("n", "c")

    assert heard == [("n", "b", False, False), ("n", "a", True, False), ("n", "b", True, True)]


async def test_a_dropped_resource_ends_its_watches_and_can_come_again(here: World) -> None:
    await here.put("n", "a")
    await here.cacher.wait_ready()
    client, task = here.watch(start=here.cacher.revision)
    await asyncio.sleep(0)

    here.cache.drop(PREFIX)

    await task
    assert client.frames == []
    with pytest.raises(StoreClosed):
        await here.cacher.wait_ready()
    again = here.cache.cacher(PREFIX, CODEC, True)
    await again.wait_ready()
    assert again is not here.cacher
    assert again.count == 1


async def test_a_closed_store_ends_watches_and_waits(tmp_path: Path) -> None:
    store = MemoryStore()
    await store.open()
    async with world(store) as here:
        await here.put("n", "a")
        _, task = here.watch()
        await here.cacher.wait_ready()
        waiting = asyncio.create_task(here.cacher.wait_for(1_000, asyncio.get_running_loop().time() + 10))
        await asyncio.sleep(0)

        await store.close()

        await task
        with pytest.raises(StoreClosed):
            await waiting
        with pytest.raises(StoreClosed):
            await here.cacher.wait_ready()
        with pytest.raises(StoreClosed):
            await here.cache.cacher("/registry/late/", CODEC, True).wait_ready()


class LossyWatch:
    """A store's watch that can be told to have lost events, or held up."""

    def __init__(self, watch: Watch) -> None:
        self._watch, self.lost, self.flowing = watch, asyncio.Event(), asyncio.Event()
        self.flowing.set()

    def __aiter__(self) -> "LossyWatch":
        return self

    async def __anext__(self) -> Sequence[Event]:
        following = asyncio.ensure_future(self._watch.__anext__())
        losing = asyncio.create_task(self.lost.wait())
        done, rest = await asyncio.wait([following, losing], return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        if losing in done:
            raise Compacted(1)
        await self.flowing.wait()
        if self.lost.is_set():
            raise Compacted(1)
        return following.result()

    def close(self) -> None:
        self._watch.close()


class LossyStore(MemoryStore):
    """A memory store whose newest watch can lose what comes."""

    last: LossyWatch
    compacted_lists = 0

    def __init__(self) -> None:
        super().__init__()
        self.listed, self.answering = asyncio.Event(), asyncio.Event()
        self.answering.set()

    def watch(self, prefix: str, start: int = 0, *, previous: bool = False) -> Watch:
        self.last = LossyWatch(super().watch(prefix, start, previous=previous))
        return self.last

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        if start and self.compacted_lists:
            self.compacted_lists -= 1
            raise Compacted(revision + 1)
        page = await super().list(prefix, start=start, limit=limit, revision=revision)
        self.listed.set()
        await self.answering.wait()
        return page


@pytest.fixture
async def lossy() -> LossyStore:
    store = LossyStore()
    await store.open()
    return store


async def test_lost_events_are_made_good_by_loading_again(lossy: LossyStore) -> None:
    async with world(lossy) as here:
        for name in "abc":
            await here.put("n", name)
        await here.cacher.wait_ready()
        heard: list[tuple[str, bool]] = []
        here.cacher.subscribe(lambda changes: heard.extend((c.entry.name, c.deleted) for c in changes))
        client, task = here.watch(start=here.cacher.revision)
        await asyncio.sleep(0)

        lossy.last.lost.set()
        await here.put("n", "b", size=2)
        await here.delete("n", "c")
        revision = await here.put("n", "d")

        await task
        await here.applied(revision)
        assert names(here.cacher.list()[0]) == ["a", "b", "d"]
        assert sorted(heard) == [("b", False), ("c", True), ("d", False)]
        resumed, _ = here.watch(start=revision)
        newest = await here.put("n", "e")
        assert await resumed.until(1) == [("ADDED", "e", newest)]
        assert client.frames == []


async def test_a_list_that_is_ahead_of_the_feed(lossy: LossyStore) -> None:
    begin = await lossy.put("/registry/configmaps/n/x", b"{}")
    async with world(lossy) as here:
        feed = lossy.last
        feed.flowing.clear()
        created = await here.put("n", "a")
        await here.cacher.wait_ready()
        assert here.cache.revision < here.cacher.revision == created

        late, _ = here.watch(start=begin)
        fresh, _ = here.watch(start=created)
        assert await late.until(1) == [("ADDED", "a", created)]
        feed.flowing.set()
        newest = await here.put("n", "b")

        assert await late.until(2) == [("ADDED", "a", created), ("ADDED", "b", newest)]
        assert await fresh.until(1) == [("ADDED", "b", newest)]


async def test_events_that_are_lost_during_a_load(lossy: LossyStore) -> None:
    await lossy.put("/registry/configmaps/n/x", b"{}")
    async with world(lossy) as here:
        feed = lossy.last
        lossy.answering.clear()
        loading = asyncio.create_task(here.cacher.wait_ready())
        await lossy.listed.wait()
        feed.flowing.clear()
        revision = await here.put("n", "a")
        feed.lost.set()
        feed.flowing.set()
        while here.cache.revision < revision:
            await asyncio.sleep(0)

        lossy.answering.set()
        await loading

        assert names(here.cacher.list()[0]) == ["a"]


async def test_a_load_that_is_overtaken_by_compaction_begins_again(lossy: LossyStore) -> None:
    async with world(lossy, Limits(load_page=2)) as here:
        for name in "abc":
            await here.put("n", name)
        lossy.compacted_lists = 1

        await here.cacher.wait_ready()

        assert names(here.cacher.list()[0]) == ["a", "b", "c"]


async def test_starts_where_the_log_has_been_compacted(store: Store) -> None:
    revisions = [await store.put(f"{PREFIX}n/a", value("n", "a", size=size)) for size in range(5)]
    await store.put("/registry/configmaps/n/x", b"{}")
    await store.compact(revisions[3])

    async with world(store) as here:
        await here.cacher.wait_ready()
        assert here.cacher.window.start == revisions[4]
        newest = await here.put("n", "b")
        await here.applied(newest)

        assert names(here.cacher.list()[0]) == ["a", "b"]
        client, _ = here.watch(start=revisions[3])
        assert await client.until(2) == [("MODIFIED", "a", revisions[4]), ("ADDED", "b", newest)]


async def test_two_caches_of_one_store(store: Store) -> None:
    async with world(store) as one, world(store) as other:
        revision = await one.put("n", "a")
        await one.applied(revision)
        await other.applied(revision)

        assert one.cacher.list()[0][0].data == other.cacher.list()[0][0].data


async def test_a_view_that_fails_ends_its_own_watches_only(here: World) -> None:
    await here.cacher.wait_ready()
    bad, good = view("bad", encode=lambda entry: bytes(1 // 0)), view("good")
    _, failing = here.watch(bad, start=here.cacher.revision)
    client, _ = here.watch(good, start=here.cacher.revision)
    await asyncio.sleep(0)

    revision = await here.put("n", "a")

    assert await client.until(1) == [("ADDED", "a", revision)]
    await failing


async def test_stopping_leaves_the_store_open(store: Store) -> None:
    cache = WatchCache(store)
    await cache.start()
    await cache.stop()
    await cache.stop()

    assert await store.put("/registry/x/y", b"{}") > 1
