import asyncio

import pytest
from tests.client.work_queue.virtual_time import clock, run

from steersman.client.work_queue import ItemExponentialFailureRateLimiter, PriorityQueue

Got = list[tuple[str, int]]


async def all_of(queue: PriorityQueue[str]) -> Got:
    return [await queue.get_with_priority() for _ in range(len(queue))]


async def test_higher_priority_comes_first_and_first_in_first_out_within() -> None:
    queue: PriorityQueue[str] = PriorityQueue()
    queue.add_with("low", "low too", priority=-10)
    queue.add("normal")
    queue.add_with("high", priority=1)
    queue.add("normal too")

    assert await all_of(queue) == [("high", 1), ("normal", 0), ("normal too", 0), ("low", -10), ("low too", -10)]


async def test_a_later_add_raises_the_priority_to_the_end_of_the_higher_one() -> None:
    queue: PriorityQueue[str] = PriorityQueue()
    queue.add_with("a", priority=1)
    queue.add_with("b", priority=2)
    queue.add_with("a", priority=2)

    assert await all_of(queue) == [("b", 2), ("a", 2)]


async def test_a_later_add_does_not_lower_the_priority() -> None:
    queue: PriorityQueue[str] = PriorityQueue()
    queue.add_with("a", priority=1)
    queue.add("b")
    queue.add("a")

    assert await all_of(queue) == [("a", 1), ("b", 0)]


async def test_what_is_added_while_it_is_processed_comes_again_with_the_highest_priority_it_was_given() -> None:
    queue: PriorityQueue[str] = PriorityQueue()
    queue.add("a")
    queue.add("b")
    item = await queue.get()
    queue.add_with("a", priority=3)
    queue.add_with("a", priority=5)
    queue.add("a")
    assert len(queue) == 1

    queue.done(item)

    assert await all_of(queue) == [("a", 5), ("b", 0)]


def test_what_has_waited_comes_by_its_priority_too() -> None:
    async def scenario() -> None:
        queue: PriorityQueue[str] = PriorityQueue(clock=clock)
        queue.add_with("late and high", priority=5, after=2)
        queue.add_with("soon and low", priority=-5, after=1)
        queue.add_with("soon and raised", after=1)
        queue.add_with("soon and raised", priority=7, after=9)
        await asyncio.sleep(3)
        queue.add("now")

        assert await all_of(queue) == [("soon and raised", 7), ("late and high", 5), ("now", 0), ("soon and low", -5)]

    run(scenario)


def test_an_add_without_delay_ends_the_waiting() -> None:
    async def scenario() -> None:
        queue: PriorityQueue[str] = PriorityQueue(clock=clock)
        queue.add_with("a", priority=2, after=100)
        queue.add("a")

        assert await all_of(queue) == [("a", 2)]
        queue.done("a")
        await asyncio.sleep(200)
        assert len(queue) == 0

    run(scenario)


def test_what_is_queued_does_not_begin_to_wait() -> None:
    async def scenario() -> None:
        queue: PriorityQueue[str] = PriorityQueue(clock=clock)
        queue.add("a")
        queue.add_with("a", priority=1, after=10)

        assert await all_of(queue) == [("a", 1)]
        queue.done("a")
        await asyncio.sleep(20)
        assert len(queue) == 0

    run(scenario)


@pytest.mark.parametrize(("after", "comes"), [(0.0, 4.0), (1.0, 1.0), (9.0, 4.0)])
def test_of_a_delay_and_the_rate_limiters_the_sooner_counts(after: float, comes: float) -> None:
    async def scenario() -> None:
        queue = PriorityQueue(ItemExponentialFailureRateLimiter[str](4.0, 60.0), clock=clock)
        queue.add_with("a", after=after, rate_limited=True)

        await queue.get()

        assert clock() == pytest.approx(comes, abs=0.002)
        assert queue.num_requeues("a") == 1

    run(scenario)


async def test_nothing_is_taken_in_and_no_failure_counted_after_a_shut_down() -> None:
    queue: PriorityQueue[str] = PriorityQueue()
    queue.shut_down()
    queue.add_with("a", rate_limited=True)

    assert queue.num_requeues("a") == 0
    assert len(queue) == 0


async def test_many_changes_of_one_items_priority_leave_nothing_behind() -> None:
    queue: PriorityQueue[str] = PriorityQueue()
    queue.add_with("other", priority=10**6)
    for priority in range(1000):
        queue.add_with("a", priority=priority)

    assert await all_of(queue) == [("other", 10**6), ("a", 999)]
