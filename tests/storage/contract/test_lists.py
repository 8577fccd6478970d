"""What every store does: lists, in pages and at a revision."""

import asyncio
from collections.abc import Sequence

import pytest

from steersman.storage.store import (
    FutureRevision,
    KeyValue,
    Store,
)


async def put_all(store: Store, keys: Sequence[str]) -> list[int]:
    return [await store.put(key, key.encode()) for key in keys]


async def keys_of(store: Store, prefix: str, revision: int = 0) -> list[str]:
    return [kv.key for kv in (await store.list(prefix, revision=revision)).items]


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
