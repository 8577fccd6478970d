"""Watches of the stores that hold their own log: order of delivery, bounded queues."""

import asyncio
from pathlib import Path

import pytest

from steersman.storage.feed import Feed, LogWatch, Row
from steersman.storage.memory import RevisionLog
from steersman.storage.store import Compacted, Event, KeyValue
from steersman.storage.url import open_store

STORES = ["memory:", "sqlite:///{directory}/store.db"]


class Source:
    """A log of puts under one key, and its feed."""

    def __init__(self, max_events: int = 10, max_bytes: int = 1000) -> None:
        self.log = RevisionLog()
        self.feed = Feed(self.log, max_events, max_bytes)
        self.feed.start(1)

    def put(self, *keys: str, value: bytes = b"x") -> None:
        rows: list[Row] = []
        for key in keys:
            revision = self.feed.revision + len(rows) + 1
            rows.append((revision, key, revision, 0, 0, value))
            self.log.append(rows[-1])
        self.feed.publish(rows)


async def revisions(watch: LogWatch, count: int) -> list[int]:
    events: list[Event] = []
    while len(events) < count:
        events += await anext(watch)
    return [event.kv.mod_revision for event in events]


async def test_batches_are_handed_out_as_they_were_committed() -> None:
    source = Source()
    watch = source.feed.watch("/a", 0, previous=False)
    source.put("/a1", "/b", "/a2")
    source.put("/b")
    source.put("/a3")

    batches = [await anext(watch), await anext(watch)]

    assert [[event.kv.key for event in batch] for batch in batches] == [["/a1", "/a2"], ["/a3"]]


async def test_watches_share_one_event() -> None:
    source = Source()
    first, second = (source.feed.watch(prefix, 0, previous=False) for prefix in ("/", "/a"))
    source.put("/a")

    assert (await anext(first))[0] is (await anext(second))[0]


@pytest.mark.parametrize(("value", "behind_after"), [(b"x", 11), (bytes(400), 3)])
async def test_a_queue_that_grows_too_long_is_dropped_and_read_from_the_log(value: bytes, behind_after: int) -> None:
    source = Source(max_events=10, max_bytes=1000)
    watch = source.feed.watch("/a", 0, previous=False)
    for n in range(1, 20):
        source.put("/a", value=value)
        assert watch.live == (n < behind_after)

    assert await revisions(watch, 19) == list(range(2, 21))
    assert watch.live
    source.put("/a")
    assert await revisions(watch, 1) == [21]


async def test_a_watch_that_fell_behind_goes_on_where_its_reader_was() -> None:
    source = Source()
    watch = source.feed.watch("/a", 0, previous=False)
    source.put("/a")
    source.put("/a")
    await anext(watch)
    source.put(*["/a"] * 20)

    assert await revisions(watch, 21) == list(range(3, 24))


async def test_a_watch_that_fell_behind_a_compaction_is_told() -> None:
    source = Source()
    watch = source.feed.watch("/a", 0, previous=False)
    source.put(*["/a"] * 20)
    source.log.compact_revision = 5

    for _ in range(2):
        with pytest.raises(Compacted) as failure:
            await anext(watch)
        assert failure.value.compact_revision == 5


async def test_what_did_not_concern_a_watch_need_not_be_in_the_log_when_it_falls_behind() -> None:
    source = Source()
    watch = source.feed.watch("/a", 0, previous=False)
    for _ in range(20):
        source.put("/b")
    source.log.compact_revision = 20
    source.put(*["/a"] * 20)

    assert not watch.live
    assert await revisions(watch, 20) == list(range(22, 42))


@pytest.mark.parametrize("url", STORES)
@pytest.mark.parametrize("deletion", [False, True])
async def test_a_watch_from_the_compact_revision_still_tells_what_was_before(
    url: str, tmp_path: Path, deletion: bool
) -> None:
    store = open_store(url.format(directory=tmp_path))
    await store.open()
    first = await store.put("/a", b"1")
    second = await (store.delete("/a") if deletion else store.put("/a", b"2"))
    third = await store.put("/a", b"3")
    await store.compact(second)

    watch = store.watch("/a", second, previous=True)
    events = await anext(watch)

    assert [event.kv.mod_revision for event in events] == [second, third]
    assert events[0].previous == KeyValue("/a", b"1", first, first)
    assert events[1].previous == (None if deletion else KeyValue("/a", b"2", second, first))
    await store.close()


@pytest.mark.parametrize("url", STORES)
async def test_a_watchs_reader_wakes_before_the_writer(url: str, tmp_path: Path) -> None:
    store = open_store(url.format(directory=tmp_path))
    await store.open()
    order: list[str] = []
    watch = store.watch("/a")

    async def read() -> None:
        await anext(watch)
        order.append("reader")

    async def write() -> None:
        await store.put("/a", b"1")
        order.append("writer")

    await asyncio.gather(write(), read())

    assert order == ["reader", "writer"]
    await store.close()
