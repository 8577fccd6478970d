"""What every store does: forgetting what was superseded."""

import asyncio

import pytest

from steersman.storage.store import (
    Compacted,
    Event,
    FutureRevision,
    KeyValue,
    Store,
    Watch,
)


async def keys_of(store: Store, prefix: str, revision: int = 0) -> list[str]:
    return [kv.key for kv in (await store.list(prefix, revision=revision)).items]


async def take(watch: Watch, count: int) -> list[Event]:
    events: list[Event] = []
    while len(events) < count:
        batch = await anext(watch)
        assert batch, "a batch is never empty"
        events += batch
    assert len(events) == count
    return events


async def test_compaction_forgets_what_was_superseded(store: Store) -> None:
    old = await store.put("/a", b"1")
    await store.put("/b", b"kept")
    new = await store.put("/a", b"2")
    later = await store.put("/c", b"3")

    await store.compact(new)

    for revision in (old, new - 1):
        with pytest.raises(Compacted) as failure:
            await store.get("/a", revision)
        assert failure.value.compact_revision == new
        with pytest.raises(Compacted):
            await store.list("/", revision=revision)
        with pytest.raises(Compacted):
            await anext(store.watch("/", revision))
    assert await keys_of(store, "/") == ["/a", "/b", "/c"]
    assert await keys_of(store, "/", new) == ["/a", "/b"]
    assert await store.get("/b") == KeyValue("/b", b"kept", old + 1, old + 1)
    assert await store.get("/a", new) == KeyValue("/a", b"2", new, old)
    assert [event.kv.mod_revision for event in await take(store.watch("/", new), 2)] == [new, later]


async def test_compaction_drops_deletions_and_leaves_what_lives(store: Store) -> None:
    for n in range(600):
        store.put(f"/a/{n:03}", b"1")
    for n in range(0, 600, 2):
        store.put(f"/a/{n:03}", b"2")
    for n in range(0, 600, 3):
        store.delete(f"/a/{n:03}")
    await store.put("/a/000", b"again")
    wanted = await store.list("/a/")

    await store.compact(wanted.revision)

    assert await store.list("/a/") == wanted
    assert len(wanted.items) == 401


async def test_writes_and_reads_go_on_after_compaction(store: Store) -> None:
    created = await store.put("/a", b"1")
    await store.put("/gone", b"1")
    deleted = await store.delete("/gone")
    await store.compact(deleted)

    updated = await store.put("/a", b"2", expected=created)
    again = await store.put("/gone", b"2", expected=0)

    assert updated == deleted + 1
    assert await store.get("/a") == KeyValue("/a", b"2", updated, created)
    assert await store.get("/gone") == KeyValue("/gone", b"2", again, again)


async def test_compacting_twice_or_ahead_fails(store: Store) -> None:
    first, second, current = [await store.put("/a", b"x") for _ in range(3)]
    await store.compact(second)

    for done in (first, second):
        with pytest.raises(Compacted):
            await store.compact(done)
    with pytest.raises(FutureRevision):
        await store.compact(current + 1)


async def test_compaction_leaves_live_watches_alone(store: Store) -> None:
    watch = store.watch("/a")

    for n in range(10):
        revision = await store.put("/a", b"%d" % n)
        await store.compact(revision)

    assert [event.kv.value for event in await take(watch, 10)] == [b"%d" % n for n in range(10)]
    watch.close()


async def test_a_continuation_whose_revision_was_compacted_fails(store: Store) -> None:
    await asyncio.gather(*(store.put(f"/a/{n}", b"x") for n in range(1, 4)))
    page = await store.list("/a/", limit=1)
    await store.put("/a/4", b"x")
    await store.compact(await store.current_revision())

    with pytest.raises(Compacted):
        await store.list("/a/", start="/a/1\0", limit=1, revision=page.revision)


async def test_compaction_runs_beside_writes_and_lists(store: Store) -> None:
    await asyncio.gather(*(store.put(f"/a/{n % 50:02}", b"%d" % n) for n in range(3000)))
    compaction = asyncio.ensure_future(store.compact(await store.current_revision()))

    written = 0
    while not compaction.done():
        await store.put(f"/a/{written % 50:02}", b"new")
        assert len((await store.list("/a/")).items) == 50
        written += 1

    await compaction
    assert written > 0


@pytest.mark.parametrize("old", [False, True])
async def test_a_list_that_a_compaction_overtakes_is_whole_or_refused(store: Store, old: bool) -> None:
    async def overtake() -> None:
        await store.compact(await store.put("/b", b""))

    keys = [f"/a/{n:04}" for n in range(2000)]
    for delay in range(12):
        revision = (await asyncio.gather(*(store.put(key, b"1") for key in keys)))[-1]
        await asyncio.gather(*(store.put(key, b"2") for key in keys))
        listing = asyncio.ensure_future(store.list("/a/", revision=revision if old else 0))
        overtaking = asyncio.ensure_future(overtake())
        while not listing.done():
            await asyncio.sleep(0)
            for _ in range(50 * delay):  # the busier the loop, the earlier in the list comes the compaction
                await store.get("/b")
        page, _ = await asyncio.gather(listing, overtaking, return_exceptions=True)

        if old and isinstance(page, Compacted):
            continue
        assert not isinstance(page, BaseException)
        assert [kv.key for kv in page.items] == keys
        assert {kv.value for kv in page.items} == {b"1" if old else b"2"}
