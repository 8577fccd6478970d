"""What every store does: watches."""

import asyncio
from collections.abc import Sequence

import pytest

from steersman.storage.store import (
    Event,
    KeyValue,
    Store,
    Watch,
)


async def put_all(store: Store, keys: Sequence[str]) -> list[int]:
    return [await store.put(key, key.encode()) for key in keys]


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
