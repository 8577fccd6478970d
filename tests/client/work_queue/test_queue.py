import asyncio

import pytest
from tests.client.work_queue.virtual_time import others, run, started

from steersman.client.work_queue import Queue, ShutDown


async def test_items_come_in_the_order_in_which_they_were_added() -> None:
    queue: Queue[str] = Queue()
    for item in ("b", "a", "c"):
        queue.add(item)

    assert [await queue.get() for _ in range(3)] == ["b", "a", "c"]


async def test_an_item_added_several_times_comes_once() -> None:
    queue: Queue[str] = Queue()
    queue.add("a")
    queue.add("a")

    assert len(queue) == 1
    queue.done(await queue.get())
    assert len(queue) == 0


async def test_an_item_added_while_it_is_processed_comes_again_when_that_is_done() -> None:
    queue: Queue[str] = Queue()
    queue.add("a")
    item = await queue.get()

    queue.add("a")
    assert len(queue) == 0
    queue.done(item)

    assert len(queue) == 1
    assert await queue.get() == "a"


def test_what_is_queued_again_goes_to_a_worker_that_waits() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        queue.add("a")
        item = await queue.get()
        waiting = started(queue.get())
        await others()

        queue.add("a")
        await others()
        assert not waiting.done()
        queue.done(item)

        assert await waiting == "a"

    run(scenario)


async def test_what_is_not_being_processed_can_not_be_done() -> None:
    queue: Queue[str] = Queue()
    queue.add("a")

    with pytest.raises(ValueError, match="'a' is not being processed"):
        queue.done("a")


async def test_a_get_for_which_an_item_is_ready_does_not_wait() -> None:
    queue: Queue[str] = Queue()
    queue.add("a")
    getting = queue.get()

    with pytest.raises(StopIteration) as ended:
        getting.send(None)

    assert ended.value.value == "a"


async def test_a_worker_that_never_has_to_wait_lets_others_run() -> None:
    queue: Queue[int] = Queue()
    ran = asyncio.Event()
    asyncio.get_running_loop().call_soon(ran.set)

    while not ran.is_set():
        queue.add(1)
        queue.done(await queue.get())


def test_getters_that_wait_get_items_in_the_order_in_which_they_asked() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        getters = [started(queue.get()) for _ in range(3)]
        await others()

        queue.add("a")
        queue.add("b")
        await others()
        assert not getters[2].done()
        queue.add("c")

        assert await asyncio.gather(*getters) == ["a", "b", "c"]

    run(scenario)


def test_who_comes_after_an_item_was_promised_to_another_has_to_wait() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        waiting = started(queue.get())
        await others()
        queue.add("a")

        newcomer = queue.get()
        assert isinstance(newcomer.send(None), asyncio.Future)
        newcomer.close()

        assert await waiting == "a"

    run(scenario)


def test_a_getter_that_is_cancelled_when_it_has_been_promised_an_item_leaves_it_to_the_next() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        cancelled, next_one = started(queue.get()), started(queue.get())
        await others()

        queue.add("a")
        cancelled.cancel()

        assert await next_one == "a"

    run(scenario)


def test_a_getter_that_is_cancelled_gets_nothing_any_more() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        cancelled, next_one = started(queue.get()), started(queue.get())
        await others()

        cancelled.cancel()
        queue.add("a")

        assert await next_one == "a"
        queue.done("a")
        queue.add("b")
        assert await queue.get() == "b"

    run(scenario)


async def test_processing_ends_with_done_whatever_comes_of_it() -> None:
    queue: Queue[str] = Queue()
    queue.add("a")

    async def fail() -> None:
        async with queue.processing() as item:
            queue.add(item)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert len(queue) == 1


async def test_a_loop_over_the_queue_ends_when_it_has_handed_out_all_after_a_shut_down() -> None:
    queue: Queue[str] = Queue()
    queue.add("a")
    queue.add("b")
    queue.shut_down()
    seen = []

    async for item in queue:
        seen.append(item)
        queue.done(item)

    assert seen == ["a", "b"]


async def test_nothing_is_taken_in_after_a_shut_down() -> None:
    queue: Queue[str] = Queue()
    queue.shut_down()
    queue.add("a")

    assert queue.shutting_down
    assert len(queue) == 0
    with pytest.raises(ShutDown):
        await queue.get()


def test_a_shut_down_ends_all_getters() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        getters = [started(queue.get()) for _ in range(3)]
        await others()

        queue.shut_down()

        assert [type(end) for end in await asyncio.gather(*getters, return_exceptions=True)] == [ShutDown] * 3

    run(scenario)


def test_after_a_shut_down_getters_wait_until_what_was_promised_to_others_is_taken() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        cancelled, heir, without = (started(queue.get()) for _ in range(3))
        await others()
        queue.add("a")
        queue.shut_down()

        newcomer = queue.get()
        assert isinstance(newcomer.send(None), asyncio.Future)
        newcomer.close()
        cancelled.cancel()

        assert await heir == "a"
        with pytest.raises(ShutDown):
            await without

    run(scenario)


def test_a_drain_ends_when_all_is_done() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        queue.add("a")
        queue.add("b")
        item = await queue.get()
        queue.add(item)

        draining = started(queue.shut_down_with_drain())
        await others()
        for remaining in ("b", "a"):
            queue.done(item)
            assert not draining.done()
            item = await queue.get()
            assert item == remaining
            await others()
        queue.done(item)

        await draining

    run(scenario)


def test_a_drain_waits_for_all_workers() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        queue.add("a")
        queue.add("b")
        items = [await queue.get(), await queue.get()]
        draining = started(queue.shut_down_with_drain())
        await others()

        queue.done(items[0])
        await others()
        assert not draining.done()
        queue.done(items[1])

        await draining

    run(scenario)


def test_a_drain_of_an_idle_queue_ends_at_once() -> None:
    run(Queue[str]().shut_down_with_drain)


def test_several_can_wait_for_a_drain() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        queue.add("a")
        item = await queue.get()
        drains = [started(queue.shut_down_with_drain()) for _ in range(2)]
        await others()

        queue.done(item)

        await asyncio.gather(*drains)

    run(scenario)


def test_a_shut_down_ends_the_waiting_for_a_drain() -> None:
    async def scenario() -> None:
        queue: Queue[str] = Queue()
        queue.add("a")
        await queue.get()
        draining = started(queue.shut_down_with_drain())
        await others()
        assert not draining.done()

        queue.shut_down()

        await draining

    run(scenario)
