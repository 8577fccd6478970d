"""Pacing, with a clock that stands still unless it is moved."""

import asyncio
from typing import Any

import pytest

from steersman.storage.watch_cache.flusher import BURST, SEND_COST, SENDS_PER_TURN, Flusher


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Receiver:
    def __init__(self) -> None:
        self.got: list[Any] = []

    def deliver(self, frame: Any) -> None:
        self.got.append(frame)


class Channel:
    def __init__(self, flusher: Flusher, receivers: int) -> None:
        self.flusher = flusher
        self.receivers = [Receiver() for _ in range(receivers)]
        self.sealed = asyncio.Event()

    def seal(self) -> None:
        self.sealed.set()
        self.flusher.push("frame", self.receivers)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_lone_event_goes_out_in_the_next_turn(clock: Clock) -> None:
    flusher = Flusher(clock)
    channel = Channel(flusher, 5)

    flusher.dirty(channel)
    assert not channel.sealed.is_set()
    await turns(1)

    assert [receiver.got for receiver in channel.receivers] == [["frame"]] * 5


async def test_once_the_credit_is_spent_events_gather_but_not_for_ever(clock: Clock) -> None:
    flusher = Flusher(clock)
    spending = Channel(flusher, round(BURST / SEND_COST) + 50)
    flusher.dirty(spending)
    await turns(2 + len(spending.receivers) // SENDS_PER_TURN)
    assert spending.receivers[-1].got == ["frame"]
    one, other = Channel(flusher, 1), Channel(flusher, 1)

    flusher.dirty(one)
    await turns(20)
    flusher.dirty(other)
    assert not one.sealed.is_set()

    await one.sealed.wait()
    assert other.sealed.is_set()


async def test_credit_comes_back_with_time(clock: Clock) -> None:
    flusher = Flusher(clock)
    spending = Channel(flusher, round(BURST / SEND_COST) + 50)
    flusher.dirty(spending)
    await turns(2 + len(spending.receivers) // SENDS_PER_TURN)
    channel = Channel(flusher, 1)

    clock.now += 1
    flusher.dirty(channel)
    await turns(1)

    assert channel.sealed.is_set()


async def test_many_receivers_leave_turns_to_others_and_keep_the_order(clock: Clock) -> None:
    flusher = Flusher(clock)
    receivers = [Receiver() for _ in range(2 * SENDS_PER_TURN)]
    flusher.push("first", receivers)
    flusher.push("second", receivers)
    await turns(1)
    assert sum(len(receiver.got) for receiver in receivers) == SENDS_PER_TURN

    await turns(5)

    assert all(receiver.got == ["first", "second"] for receiver in receivers)
