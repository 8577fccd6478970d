"""Compaction by the clock."""

import asyncio
import math
from collections.abc import AsyncIterator

import pytest

from steersman.storage.compactor import Compactor
from steersman.storage.memory import MemoryStore
from steersman.storage.store import Compacted


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[float] = asyncio.Queue()
        self._passed: asyncio.Queue[None] = asyncio.Queue()

    async def wait(self, seconds: float) -> None:
        self.asked.put_nowait(seconds)
        await self._passed.get()

    def end_interval(self) -> None:
        self._passed.put_nowait(None)

    async def pass_interval(self) -> None:
        """Until what is done at its end has been done."""
        self.end_interval()
        await self.asked.get()


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


async def test_a_revision_stays_readable_for_one_interval_and_then_goes(store: MemoryStore) -> None:
    clock = Clock()
    compactor = Compactor(store, 30.0, wait=clock.wait)
    await compactor.start()
    assert await clock.asked.get() == 30.0
    first = await store.put("/a", b"1")
    second = await store.put("/a", b"2")

    await clock.pass_interval()
    assert await store.get("/a", first) is not None

    await clock.pass_interval()
    with pytest.raises(Compacted) as failure:
        await store.get("/a", first)
    assert failure.value.compact_revision == second
    await compactor.stop()


async def test_an_idle_store_and_one_that_others_compact_are_no_trouble(store: MemoryStore) -> None:
    clock = Clock()
    compactor = Compactor(store, wait=clock.wait)
    await compactor.start()
    assert await clock.asked.get() == 300.0

    for _ in range(3):
        await clock.pass_interval()
    await store.compact(await store.put("/a", b"1"))
    for _ in range(3):
        await clock.pass_interval()

    assert await store.get("/a") is not None
    await compactor.stop()
    await compactor.stop()


async def test_it_ends_with_the_store(store: MemoryStore) -> None:
    clock = Clock()
    compactor = Compactor(store, wait=clock.wait)
    await compactor.start()
    await clock.asked.get()
    await store.close()

    clock.end_interval()
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0)

    assert clock.asked.empty()
    await compactor.stop()


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_an_interval_that_never_comes_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="positive number of seconds"):
        Compactor(MemoryStore(), seconds)
