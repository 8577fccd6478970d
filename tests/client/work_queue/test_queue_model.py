"""Queues with several workers, of which any is cancelled at any point: nothing is lost, nothing done twice at once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.client.work_queue.virtual_time import clock, run

from steersman.client.work_queue import DelayingQueue, PriorityQueue, RateLimitingQueue, ShutDown

ITEMS = st.sampled_from("abcd")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), ITEMS, st.just(0.0)),
        st.tuples(st.just("add_after"), ITEMS, st.floats(0, 3)),
        st.tuples(st.just("add_rate_limited"), ITEMS, st.just(0.0)),
        st.tuples(st.just("cancel"), st.sampled_from("0123"), st.just(0.0)),
        st.tuples(st.just("give_up"), ITEMS, st.just(0.0)),
        st.tuples(st.just("sleep"), st.just(""), st.sampled_from([0.0, 0.0, 0.1, 1.0, 5.0])),
    ),
    max_size=60,
)


@dataclass
class Workshop:
    """A queue and its workers; an event is numbered when it happens."""

    queue: RateLimitingQueue[str]
    numbers: "count[int]" = field(default_factory=count)
    active: Counter[str] = field(default_factory=Counter)
    last_added: dict[str, int] = field(default_factory=dict)
    last_started: dict[str, int] = field(default_factory=dict)
    workers: list["asyncio.Task[None]"] = field(default_factory=list)

    async def work(self) -> None:
        while True:
            try:
                async with self.queue.processing() as item:
                    self.active[item] += 1
                    assert self.active[item] == 1
                    self.last_started[item] = next(self.numbers)
                    try:
                        await asyncio.sleep(0.3)
                    finally:
                        self.active[item] -= 1
            except ShutDown:
                return

    def hire(self) -> None:
        self.workers.append(asyncio.get_running_loop().create_task(self.work()))

    async def step(self, action: str, subject: str, seconds: float) -> None:
        if action == "sleep":
            await asyncio.sleep(seconds)
        elif action == "cancel":
            self.workers[int(subject) % len(self.workers)].cancel()
            self.hire()
        elif action == "give_up":
            self.queue.forget(subject)
        else:
            self.last_added[subject] = next(self.numbers)
            if action == "add_after":
                self.queue.add_after(subject, seconds)
            else:
                getattr(self.queue, action)(subject)


@pytest.mark.parametrize("kind", [RateLimitingQueue, PriorityQueue])
@given(workers=st.integers(1, 4), steps=STEPS)
@settings(max_examples=120, deadline=None)
def test_all_that_is_added_is_worked_on_later_and_by_one_worker_at_a_time(
    kind: Callable[..., RateLimitingQueue[str]], workers: int, steps: list[tuple[str, str, float]]
) -> None:
    async def scenario() -> None:
        workshop = Workshop(kind(clock=clock))
        for _ in range(workers):
            workshop.hire()

        for step in steps:
            await workshop.step(*step)
        await asyncio.sleep(2000)
        await workshop.queue.shut_down_with_drain()

        ends = await asyncio.gather(*workshop.workers, return_exceptions=True)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends)
        assert {item for item, at in workshop.last_added.items() if workshop.last_started.get(item, -1) < at} == set()
        assert len(workshop.queue) == 0

    run(scenario)


@given(delays=st.lists(st.tuples(ITEMS, st.floats(0.01, 50)), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_an_item_comes_when_the_earliest_of_its_times_has_come_and_not_before(delays: list[tuple[str, float]]) -> None:
    async def scenario() -> None:
        queue: DelayingQueue[str] = DelayingQueue(clock=clock)
        earliest: dict[str, float] = {}
        for item, seconds in delays:
            queue.add_after(item, seconds)
            earliest[item] = min(seconds, earliest.get(item, seconds))

        came = {}
        for _ in earliest:
            item = await queue.get()
            came[item] = clock()

        assert [earliest[item] for item in came] == sorted(earliest.values())
        for item, at in came.items():
            assert earliest[item] <= at <= earliest[item] + 0.002

    run(scenario)
