import asyncio
import math
import time

import pytest
import uvloop
from tests.client.work_queue.virtual_time import Stuck, VirtualTimeLoop, clock, others, run

from steersman.client.work_queue import DelayingQueue, PriorityQueue

KINDS = pytest.mark.parametrize("kind", [DelayingQueue, PriorityQueue])


@KINDS
@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_no_delay_is_at_once(kind: type[DelayingQueue[str]], seconds: float) -> None:
    queue = kind()
    queue.add_after("a", seconds)

    assert len(queue) == 1


@KINDS
def test_an_item_that_waits_is_brought_forward_and_never_put_off(kind: type[DelayingQueue[str]]) -> None:
    async def scenario() -> None:
        queue = kind(clock=clock)
        queue.add_after("a", 500)
        queue.add_after("a", 5)
        queue.add_after("a", 50)

        assert await queue.get() == "a"
        assert clock() == pytest.approx(5, abs=0.002)
        queue.done("a")

        await asyncio.sleep(1000)
        assert len(queue) == 0

    run(scenario)


def test_an_item_can_be_worked_on_while_it_waits_for_a_later_time() -> None:
    async def scenario() -> None:
        queue: DelayingQueue[str] = DelayingQueue(clock=clock)
        queue.add_after("a", 100)
        queue.add("a")
        queue.done(await queue.get())

        assert await queue.get() == "a"
        assert clock() == pytest.approx(100, abs=0.002)

    run(scenario)


@KINDS
def test_an_item_that_comes_due_while_it_is_processed_comes_again(kind: type[DelayingQueue[str]]) -> None:
    async def scenario() -> None:
        queue = kind(clock=clock)
        queue.add("a")
        item = await queue.get()
        queue.add_after("a", 1)
        await asyncio.sleep(2)
        assert len(queue) == 0

        queue.done(item)

        assert await queue.get() == "a"

    run(scenario)


@KINDS
def test_infinity_does_not_come_but_can_be_brought_forward(kind: type[DelayingQueue[str]]) -> None:
    async def scenario() -> None:
        queue = kind(clock=clock)
        queue.add_after("a", math.inf)
        await asyncio.sleep(1e5)
        assert len(queue) == 0

        queue.add_after("a", 1)

        assert await queue.get() == "a"

    run(scenario)


@KINDS
def test_what_waits_is_dropped_at_a_shut_down(kind: type[DelayingQueue[str]]) -> None:
    async def scenario() -> None:
        queue = kind(clock=clock)
        queue.add_after("a", 1)
        await queue.shut_down_with_drain()
        queue.add_after("b", 1)

        await asyncio.sleep(10)

        assert len(queue) == 0

    run(scenario)


@KINDS
def test_no_timer_is_left_after_a_shut_down(kind: type[DelayingQueue[str]]) -> None:
    async def scenario() -> None:
        queue = kind(clock=clock)
        queue.add_after("a", 1)
        queue.shut_down()
        await asyncio.get_running_loop().create_future()

    loop = VirtualTimeLoop()
    with pytest.raises(Stuck), asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(scenario())
    assert loop.time() == 0


@KINDS
def test_a_clock_that_jumps_is_noticed_within_ten_seconds(kind: type[DelayingQueue[str]]) -> None:
    async def scenario() -> None:
        ahead = 0.0
        queue = kind(clock=lambda: clock() + ahead)
        queue.add_after("a", 1000)

        ahead = 1000.0

        assert await queue.get() == "a"
        assert clock() == pytest.approx(10, abs=0.002)

    run(scenario)


def test_one_timer_serves_all_items() -> None:
    async def scenario() -> None:
        queue: DelayingQueue[int] = DelayingQueue(clock=clock)
        for item in range(100):
            queue.add_after(item, 100 - item)
        await others()
        loop = asyncio.get_running_loop()

        assert len([timer for timer in loop._scheduled if not timer.cancelled()]) == 1  # type: ignore[attr-defined]

    run(scenario)


def test_delays_are_real_on_uvloop_too() -> None:
    async def scenario() -> None:
        queue: DelayingQueue[str] = DelayingQueue()
        start = time.monotonic()
        queue.add_after("b", 0.0205)
        queue.add_after("a", 0.0104)

        assert [await queue.get(), await queue.get()] == ["a", "b"]
        assert time.monotonic() - start >= 0.0205

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scenario(), 60))
