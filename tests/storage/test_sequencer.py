"""Writes decided before they are committed, with commits that happen when the test says so."""

import asyncio
from collections.abc import Awaitable

import pytest

from steersman.storage.feed import Feed
from steersman.storage.memory import RevisionLog
from steersman.storage.sequencer import Batch, Sequencer
from steersman.storage.store import CompareFailed, KeyValue, StoreClosed


class SlowStore:
    """A log to which batches are committed one at a time, by hand."""

    def __init__(self) -> None:
        self.log = RevisionLog()
        self.feed = Feed(self.log)
        self.waiting: list[Batch] = []
        self.sequencer = Sequencer(self.feed, self.log.get, self.waiting.append)
        self.sequencer.start(1, {})

    async def turn(self) -> None:
        """Let what has gathered be handed over, and those wake who were told something."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def commit(self) -> None:
        batch = self.waiting.pop(0)
        for row in batch.rows:
            self.log.append(row)
        self.sequencer.committed([batch])
        await self.turn()


@pytest.fixture
async def store() -> SlowStore:
    return SlowStore()


async def failure(call: Awaitable[int]) -> CompareFailed:
    with pytest.raises(CompareFailed) as info:
        await call
    return info.value


async def test_writes_of_one_turn_of_the_loop_are_one_batch(store: SlowStore) -> None:
    store.sequencer.put("/a", b"1", None)
    store.sequencer.put("/b", b"1", None)
    await store.turn()
    store.sequencer.delete("/a", None)
    await store.turn()

    assert [[row[:5] for row in batch.rows] for batch in store.waiting] == [
        [(2, "/a", 2, 0, 0), (3, "/b", 3, 0, 0)],
        [(4, "/a", 0, 2, 1)],
    ]


async def test_nothing_is_shown_before_it_is_committed(store: SlowStore) -> None:
    watch = store.feed.watch("", 0, previous=False)
    reading = asyncio.ensure_future(anext(watch))
    writing = store.sequencer.put("/a", b"1", None)
    await store.turn()

    assert (store.sequencer.revision, writing.done(), reading.done()) == (1, False, False)
    await store.commit()
    assert (store.sequencer.revision, writing.done(), reading.done()) == (2, True, True)


async def test_a_write_refused_because_of_an_uncommitted_one_learns_it_when_that_is_committed(
    store: SlowStore,
) -> None:
    store.sequencer.put("/a", b"1", None)
    await store.turn()
    store.sequencer.put("/a", b"2", None)
    refused = store.sequencer.put("/a", b"x", 0)
    await store.turn()

    await store.commit()
    assert not refused.done()
    await store.commit()
    assert refused.done()

    assert (await failure(refused)).current == KeyValue("/a", b"2", 3, 2)


async def test_a_refused_write_learns_the_state_that_refused_it_and_no_later_one(store: SlowStore) -> None:
    refused = [store.sequencer.delete("/a", None)]
    store.sequencer.put("/a", b"1", None)
    refused.append(store.sequencer.put("/a", b"x", 0))
    store.sequencer.delete("/a", 2)
    await store.turn()
    await store.commit()

    assert [(await failure(call)).current for call in refused] == [None, KeyValue("/a", b"1", 2, 2)]


async def test_two_racing_writes_of_one_batch_cannot_both_win(store: SlowStore) -> None:
    store.sequencer.put("/a", b"1", None)
    winner, loser = (store.sequencer.put("/a", value, 2) for value in (b"2", b"3"))
    await store.turn()
    await store.commit()

    assert await winner == 3
    assert (await failure(loser)).current == KeyValue("/a", b"2", 3, 2)


async def test_a_failure_reaches_everyone_who_waits(store: SlowStore) -> None:
    done = store.sequencer.put("/a", b"1", None)
    await store.turn()
    await store.commit()
    watch = store.feed.watch("", 2, previous=False)
    waiting = [store.sequencer.put("/a", b"2", None)]
    await store.turn()
    waiting += [store.sequencer.put("/a", b"3", 0), store.sequencer.put("/b", b"4", None)]
    cancelled = store.sequencer.put("/c", b"5", None)
    cancelled.cancel()

    store.sequencer.fail("the disk is full")

    waiting.append(store.sequencer.put("/d", b"6", None))
    for call in waiting:
        with pytest.raises(StoreClosed, match="the disk is full"):
            await call
    with pytest.raises(StoreClosed, match="the disk is full"):
        await anext(watch)
    assert await done == 2
