"""What every store does when it is closed, and when it is opened again."""

import asyncio

import pytest

from steersman.storage.store import (
    Compacted,
    CompareFailed,
    Event,
    KeyValue,
    Store,
    StoreClosed,
    Watch,
)
from steersman.storage.url import open_store


async def take(watch: Watch, count: int) -> list[Event]:
    events: list[Event] = []
    while len(events) < count:
        batch = await anext(watch)
        assert batch, "a batch is never empty"
        events += batch
    assert len(events) == count
    return events


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


async def test_a_reopened_store_is_as_it_was(durable_url: str) -> None:
    store = open_store(durable_url)
    await store.open()
    first = await store.put("/a/1", b"1")
    for key in ("/a/2", "/a/3", "/b/1"):
        await store.put(key, b"x")
    await store.put("/a/1", b"2")
    await store.delete("/a/2")
    await store.compact(first + 2)
    last = await store.delete("/b/1")
    page, log = await store.list(""), await take(store.watch("", first + 2, previous=True), 5)
    await store.close()

    store = open_store(durable_url)
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
