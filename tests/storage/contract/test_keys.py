"""What every store does: reading and writing single keys."""

import asyncio

import pytest

from steersman.storage.store import (
    KeyValue,
    Store,
)


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

    assert [kv.key for kv in (await store.list("/a/")).items] == [key]


async def test_a_key_that_is_no_text_is_refused_and_harms_no_other_write(store: Store) -> None:
    neighbour = store.put("/a", b"1")

    with pytest.raises(ValueError):
        await store.put("/\ud800", b"1")

    assert (await store.get("/a", await neighbour)) is not None
