"""What every store does: writes that expect a revision."""

import asyncio

import pytest

from steersman.storage.store import (
    CompareFailed,
    KeyValue,
    Store,
)


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
