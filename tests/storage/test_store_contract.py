"""What every store does. A new implementation is one more line in STORES."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from steersman.storage.store import (
    Compacted,
    CompareFailed,
    Event,
    FutureRevision,
    KeyValue,
    Store,
    StoreClosed,
    Watch,
)
from steersman.storage.url import open_store

STORES = {"memory": "memory:", "sqlite": "sqlite:///{directory}/store.db"}
DURABLE = ["sqlite"]


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return STORES[request.param].format(directory=tmp_path)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = open_store(url)
    await store.open()
    yield store
    await store.close()


async def put_all(store: Store, keys: Sequence[str]) -> list[int]:
    return [await store.put(key, key.encode()) for key in keys]


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


def changes(events: Sequence[Event]) -> list[tuple[str, bytes | None, int]]:
    return [(e.kv.key, None if e.deleted else e.kv.value, e.kv.mod_revision) for e in events]


# Reading and writing one key


async def test_the_first_write_of_an_empty_store_gets_a_revision_above_1(store: Store) -> None:
    before = await store.current_revision()

    revision = await store.put("/a", b"1")

    assert before >= 1
    assert revision == before + 1
    assert await store.current_revision() == revision


async def test_each_write_gets_the_next_revision_in_call_order(store: Store) -> None:
    first = await store.current_revision() + 1

    revisions = await asyncio.gather(*(store.put(f"/{n % 7}", b"x") for n in range(50)))

    assert revisions == list(range(first, first + 50))


async def test_get_returns_value_and_revisions(store: Store) -> None:
    created = await store.put("/a", b"1")
    updated = await store.put("/a", b"2")

    assert await store.get("/a") == KeyValue("/a", b"2", updated, created)
    assert await store.get("/b") is None


async def test_get_at_a_revision_is_the_value_of_then(store: Store) -> None:
    before = await store.current_revision()
    created = await store.put("/a", b"1")
    updated = await store.put("/a", b"2")
    deleted = await store.delete("/a")

    assert await store.get("/a", before) is None
    assert await store.get("/a", created) == KeyValue("/a", b"1", created, created)
    assert await store.get("/a", updated) == KeyValue("/a", b"2", updated, created)
    assert await store.get("/a", deleted) is None


async def test_a_key_created_after_its_deletion_has_a_new_life(store: Store) -> None:
    await store.put("/a", b"1")
    await store.delete("/a")

    created = await store.put("/a", b"2", expected=0)

    assert await store.get("/a") == KeyValue("/a", b"2", created, created)


@pytest.mark.parametrize("value", [b"", b"\x00", bytes(range(256)), "ü".encode(), b"x" * 3_000_000])
async def test_values_are_bytes_and_come_back_as_they_were(store: Store, value: bytes) -> None:
    await store.put("/a", value)

    kv = await store.get("/a")

    assert kv is not None
    assert kv.value == value


@pytest.mark.parametrize("key", ["/a/ü", "/a/\U0001f600", "/a/日本", "/a/b%2fc'\"--"])
async def test_keys_are_any_text(store: Store, key: str) -> None:
    await store.put(key, b"1")

    assert await keys_of(store, "/a/") == [key]


async def test_a_key_that_is_no_text_is_refused_and_harms_no_other_write(store: Store) -> None:
    neighbour = store.put("/a", b"1")

    with pytest.raises(ValueError):
        await store.put("/\ud800", b"1")

    assert (await store.get("/a", await neighbour)) is not None


# Compare-and-swap


async def test_put_with_the_present_revision_replaces(store: Store) -> None:
    created = await store.put("/a", b"1", expected=0)

    updated = await store.put("/a", b"2", expected=created)

    assert await store.get("/a") == KeyValue("/a", b"2", updated, created)


@pytest.mark.parametrize("wrong", [0, 1, 10_000])
async def test_put_with_another_revision_fails_and_tells_what_is_there(store: Store, wrong: int) -> None:
    revision = await store.put("/a", b"1")

    with pytest.raises(CompareFailed) as failure:
        await store.put("/a", b"2", expected=wrong)

    assert failure.value.current == KeyValue("/a", b"1", revision, revision)
    assert (failure.value.key, failure.value.expected) == ("/a", wrong)
    assert await store.current_revision() == revision


@pytest.mark.parametrize("expected", [1, 10_000])
async def test_put_with_a_revision_fails_when_the_key_does_not_exist(store: Store, expected: int) -> None:
    with pytest.raises(CompareFailed) as failure:
        await store.put("/a", b"1", expected=expected)

    assert failure.value.current is None
    assert await store.get("/a") is None


async def test_put_with_the_revision_of_a_former_life_fails(store: Store) -> None:
    created = await store.put("/a", b"1")
    await store.delete("/a", expected=created)

    with pytest.raises(CompareFailed) as failure:
        await store.put("/a", b"2", expected=created)

    assert failure.value.current is None


async def test_delete_with_another_revision_fails(store: Store) -> None:
    old = await store.put("/a", b"1")
    new = await store.put("/a", b"2")

    for wrong in (0, old):
        with pytest.raises(CompareFailed) as failure:
            await store.delete("/a", expected=wrong)
        assert failure.value.current == KeyValue("/a", b"2", new, old)

    assert await store.delete("/a", expected=new) == new + 1


@pytest.mark.parametrize("expected", [None, 0, 5])
async def test_delete_of_a_missing_key_fails(store: Store, expected: int | None) -> None:
    with pytest.raises(CompareFailed) as failure:
        await store.delete("/a", expected=expected)

    assert failure.value.current is None


async def test_of_many_concurrent_creations_exactly_one_wins(store: Store) -> None:
    results = await asyncio.gather(*(store.put("/a", b"%d" % n, expected=0) for n in range(50)), return_exceptions=True)

    winners = [result for result in results if isinstance(result, int)]
    losers = [result for result in results if isinstance(result, CompareFailed)]
    assert (len(winners), len(losers)) == (1, 49)
    winner = await store.get("/a")
    assert winner is not None
    assert winner.mod_revision == winners[0]
    assert all(loser.current == winner for loser in losers)


async def test_concurrent_increments_lose_none(store: Store) -> None:
    await store.put("/n", b"0")

    async def increment() -> None:
        while True:
            kv = await store.get("/n")
            assert kv is not None
            try:
                await store.put("/n", b"%d" % (int(kv.value) + 1), expected=kv.mod_revision)
            except CompareFailed:
                continue
            return

    await asyncio.gather(*(increment() for _ in range(20)))

    kv = await store.get("/n")
    assert kv is not None
    assert kv.value == b"20"


async def test_a_refused_write_tells_the_state_that_refused_it(store: Store) -> None:
    created = await store.put("/a", b"1")

    deletion = asyncio.ensure_future(store.delete("/a"))
    update = asyncio.ensure_future(store.put("/a", b"2", expected=created))
    creation = asyncio.ensure_future(store.put("/a", b"3", expected=0))
    late = asyncio.ensure_future(store.put("/a", b"4", expected=0))
    results = await asyncio.gather(deletion, update, creation, late, return_exceptions=True)

    assert results[0] == created + 1
    assert isinstance(results[1], CompareFailed)
    assert results[1].current is None
    assert results[2] == created + 2
    assert isinstance(results[3], CompareFailed)
    assert results[3].current == KeyValue("/a", b"3", created + 2, created + 2)


async def test_cancelling_the_wait_does_not_undo_the_write(store: Store) -> None:
    async def write() -> None:
        await store.put("/a", b"1")

    task = asyncio.create_task(write())
    await asyncio.sleep(0)
    task.cancel()
    await store.put("/b", b"2")

    kv = await store.get("/a")
    assert kv is not None
    assert kv.value == b"1"


# Lists


async def test_list_is_in_key_order_within_the_prefix(store: Store) -> None:
    await put_all(store, ["/b/2", "/a/1", "/b/10", "/b", "/c/1", "/b/\U0001f600", "/b/é", "/b/￰", "/b0"])

    assert await keys_of(store, "/b/") == ["/b/10", "/b/2", "/b/é", "/b/￰", "/b/\U0001f600"]
    assert await keys_of(store, "/b") == ["/b", "/b/10", "/b/2", "/b/é", "/b/￰", "/b/\U0001f600", "/b0"]
    assert len(await keys_of(store, "")) == 9
    assert await keys_of(store, "/nothing") == []


async def test_list_leaves_out_deleted_keys_and_shows_the_newest_values(store: Store) -> None:
    created, *_ = await put_all(store, ["/a/1", "/a/2", "/a/3"])
    updated = await store.put("/a/1", b"new")
    deleted = await store.delete("/a/2")

    page = await store.list("/a/")

    assert [kv.key for kv in page.items] == ["/a/1", "/a/3"]
    assert page.items[0] == KeyValue("/a/1", b"new", updated, created)
    assert (page.revision, page.remaining) == (deleted, 0)


async def test_list_of_nothing_is_an_empty_page_at_the_present_revision(store: Store) -> None:
    revision = await store.put("/b", b"1")

    page = await store.list("/a/")

    assert (list(page.items), page.revision, page.remaining) == ([], revision, 0)


@pytest.mark.parametrize(
    ("start", "limit", "keys", "remaining"),
    [
        ("", 2, ["/a/0", "/a/1"], 8),
        ("/a/8", 5, ["/a/8", "/a/9"], 0),
        ("/a/3\0", 3, ["/a/4", "/a/5", "/a/6"], 3),
        ("/a/35", 1, ["/a/4"], 5),
        ("", 10, [f"/a/{n}" for n in range(10)], 0),
        ("/a/9\0", 3, [], 0),
        ("/b", 3, [], 0),
        ("/A", 1, ["/a/0"], 9),
    ],
)
async def test_list_from_a_start_with_a_limit_counts_what_remains(
    store: Store, start: str, limit: int, keys: list[str], remaining: int
) -> None:
    await put_all(store, [f"/a/{n}" for n in range(10)] + ["/b/1"])

    page = await store.list("/a/", start=start, limit=limit)

    assert [kv.key for kv in page.items] == keys
    assert page.remaining == remaining


async def test_pages_at_the_first_pages_revision_are_one_snapshot_while_writes_go_on(store: Store) -> None:
    keys = [f"/a/{n:03}" for n in range(20)]
    await put_all(store, keys)
    first = await store.list("/a/", limit=6)
    pages, seen = [first], list(first.items)

    while pages[-1].remaining:
        await store.put(f"/a/new{len(pages)}", b"x")
        await store.put("/a/010", b"changed")
        await store.delete(f"/a/{19 - len(pages):03}")
        pages.append(await store.list("/a/", start=seen[-1].key + "\0", limit=6, revision=first.revision))
        seen += pages[-1].items

    assert [kv.key for kv in seen] == keys
    assert [kv.value for kv in seen] == [key.encode() for key in keys]
    assert [page.remaining for page in pages] == [14, 8, 2, 0]
    assert {page.revision for page in pages} == {first.revision}


async def test_a_long_list_lets_others_run_and_is_one_snapshot(store: Store) -> None:
    keys = [f"/a/{n:05}" for n in range(3000)]
    await asyncio.gather(*(store.put(key, b"1") for key in keys))
    listing = asyncio.ensure_future(store.list("/a/"))
    turns = 0
    while not listing.done():
        store.put(f"/a/{turns % 3000:05}", b"2")
        await asyncio.sleep(0)
        turns += 1

    page = await listing
    assert [kv.key for kv in page.items] == keys
    assert all(kv.mod_revision <= page.revision for kv in page.items)
    assert all(kv.value == b"1" for kv in page.items)
    assert turns > 2


async def test_reading_a_revision_that_is_not_written_yet_fails(store: Store) -> None:
    current = await store.put("/a", b"1")

    with pytest.raises(FutureRevision) as failure:
        await store.get("/a", current + 1)
    assert failure.value.current == current
    with pytest.raises(FutureRevision):
        await store.list("/", revision=current + 1)


# Watches


async def test_watch_from_now_sees_what_comes(store: Store) -> None:
    await store.put("/a/1", b"old")
    watch = store.watch("/a/")

    created = await store.put("/a/2", b"x")
    await store.put("/b/1", b"elsewhere")
    updated = await store.put("/a/2", b"y")
    deleted = await store.delete("/a/2")

    events = await take(watch, 3)
    assert changes(events) == [("/a/2", b"x", created), ("/a/2", b"y", updated), ("/a/2", None, deleted)]
    assert [event.previous for event in events] == [None] * 3
    assert events[1].kv.create_revision == created
    assert events[2].kv.value == b""
    watch.close()


async def test_watch_replays_from_a_revision_and_goes_on_live(store: Store) -> None:
    revisions = await put_all(store, [f"/a/{n}" for n in range(10)])
    watch = store.watch("/a/", revisions[4])

    replayed = await take(watch, 6)
    live = await store.put("/a/x", b"live")

    assert [event.kv.mod_revision for event in replayed] == revisions[4:]
    assert changes(await take(watch, 1)) == [("/a/x", b"live", live)]
    watch.close()


async def test_watch_has_no_gap_and_no_repetition_while_writes_go_on(store: Store) -> None:
    first, *_ = await asyncio.gather(*(store.put("/a/x", b"%d" % n) for n in range(1000)))
    watch = store.watch("/a/", first)

    async def write() -> None:
        for n in range(500):
            await store.put(f"/a/{n % 3}", b"%d" % n)

    writing = asyncio.create_task(write())
    events = await take(watch, 1500)
    await writing

    assert [event.kv.mod_revision for event in events] == list(range(first, first + 1500))
    watch.close()


async def test_watch_from_a_revision_to_come_begins_there(store: Store) -> None:
    current = await store.current_revision()
    watch = store.watch("/a", current + 3)

    await put_all(store, ["/a1", "/a2", "/a3", "/a4"])

    assert [event.kv.key for event in await take(watch, 2)] == ["/a3", "/a4"]
    watch.close()


async def write_a_life(store: Store) -> int:
    first = await store.put("/a/1", b"1")
    await store.put("/a/1", b"2")
    await store.put("/b/1", b"elsewhere")
    await store.delete("/a/1")
    await store.put("/a/1", b"3")
    return first


@pytest.mark.parametrize("replay", [False, True])
async def test_watch_tells_the_previous_state_when_asked(store: Store, replay: bool) -> None:
    start = await store.current_revision() + 1
    if not replay:
        watch = store.watch("/a/", start, previous=True)
    first = await write_a_life(store)
    if replay:
        watch = store.watch("/a/", start, previous=True)

    events = await take(watch, 4)

    one, two = KeyValue("/a/1", b"1", first, first), KeyValue("/a/1", b"2", first + 1, first)
    assert [event.previous for event in events] == [None, one, two, None]
    watch.close()


async def test_watches_with_different_prefixes_see_their_own(store: Store) -> None:
    prefixes = ["", "/", "/a", "/a/", "/a/b", "/b/", "/c"]
    watches = {prefix: store.watch(prefix) for prefix in prefixes}
    keys = ["/a/b", "/a/bc", "/a/a", "/ab", "/b", "/b/x", "/a"]

    await put_all(store, keys)
    await store.put("/c", b"the end for all")
    for prefix, watch in watches.items():
        wanted = [key for key in [*keys, "/c"] if key.startswith(prefix)]
        assert [event.kv.key for event in await take(watch, len(wanted))] == wanted, prefix
        watch.close()


async def test_closing_a_watch_ends_the_waiting_reader(store: Store) -> None:
    watch = store.watch("/a/")

    async def read() -> list[Sequence[Event]]:
        return [batch async for batch in watch]

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    watch.close()
    watch.close()

    assert await reading == []
    with pytest.raises(StopAsyncIteration):
        await anext(watch)


async def test_closing_a_watch_drops_what_was_not_read(store: Store) -> None:
    watch = store.watch("/a/")
    await put_all(store, ["/a/1", "/a/2"])

    watch.close()

    assert [batch async for batch in watch] == []


async def test_a_reader_that_gives_up_waiting_loses_nothing(store: Store) -> None:
    first = await store.put("/a/1", b"1")
    watch = store.watch("/a/", first)
    for _ in range(3):
        reading = asyncio.ensure_future(anext(watch))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
    await store.put("/a/2", b"2")

    events = await take(watch, 1 if reading.done() and not reading.cancelled() else 2)

    assert events[-1].kv.key == "/a/2"
    watch.close()


async def test_a_slow_reader_gets_everything_in_the_end(store: Store) -> None:
    watch = store.watch("/a/")
    first = await store.current_revision() + 1

    for _ in range(4):
        await asyncio.gather(*(store.put(f"/a/{n % 10}", b"%d" % n) for n in range(3000)))
    events = await take(watch, 12_000)

    assert [event.kv.mod_revision for event in events] == list(range(first, first + 12_000))
    watch.close()


# Compaction


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
    first, second, current = await put_all(store, ["/a", "/a", "/a"])
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
    await put_all(store, ["/a/1", "/a/2", "/a/3"])
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


# The end


async def test_closing_the_store_finishes_what_was_accepted(store: Store) -> None:
    before = await store.current_revision()
    writes = [asyncio.ensure_future(store.put(f"/a/{n}", b"x")) for n in range(20)]

    await store.close()

    assert await asyncio.gather(*writes) == list(range(before + 1, before + 21))


async def test_a_closed_store_refuses_everything(store: Store) -> None:
    watch = store.watch("/a")
    reading = asyncio.ensure_future(anext(watch))
    await store.put("/b", b"1")

    await store.close()
    await store.close()

    with pytest.raises(StoreClosed):
        await reading
    for call in (
        lambda: store.put("/a", b"1"),
        lambda: store.delete("/a"),
        lambda: store.get("/a"),
        lambda: store.list("/"),
        lambda: store.current_revision(),
        lambda: store.compact(2),
        lambda: anext(store.watch("/")),
    ):
        with pytest.raises(StoreClosed):
            await call()


# Durability


@pytest.mark.parametrize("url", DURABLE, indirect=True)
async def test_a_reopened_store_is_as_it_was(url: str) -> None:
    store = open_store(url)
    await store.open()
    first = await store.put("/a/1", b"1")
    await put_all(store, ["/a/2", "/a/3", "/b/1"])
    await store.put("/a/1", b"2")
    await store.delete("/a/2")
    await store.compact(first + 2)
    last = await store.delete("/b/1")
    page, log = await store.list(""), await take(store.watch("", first + 2, previous=True), 5)
    await store.close()

    store = open_store(url)
    await store.open()

    assert await store.current_revision() == last
    assert await store.list("") == page
    assert await take(store.watch("", first + 2, previous=True), 5) == log
    with pytest.raises(Compacted):
        await store.get("/a/1", first + 1)
    with pytest.raises(CompareFailed):
        await store.put("/a/1", b"3", expected=first)
    assert await store.put("/a/1", b"3", expected=first + 4) == last + 1
    assert await store.get("/a/1") == KeyValue("/a/1", b"3", last + 1, first)
    await store.close()
