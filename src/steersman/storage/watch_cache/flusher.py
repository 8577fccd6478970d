"""When frames go out: at once while there is little to do, in batches under load.

Sending costs CPU per watcher, however small the frame. A token bucket, in seconds of CPU, allows that cost a share of
the time. While there is credit a flush follows its event within the same turn of the loop, without any timer; once
the credit is spent, events gather until it is earned back, but never longer than a bounded delay.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any, Protocol

SHARE = 0.15
"""The share of the time that flushes may take while each is small."""
BURST = 0.004
"""The credit, in seconds, that is saved up while there is nothing to do."""
SEND_COST = 10e-6
"""What one send over TLS costs; transports do part of it after ``send`` has returned, where it cannot be measured."""
DELAY, DELAY_PER_SEND, MAX_DELAY = 0.005, 0.000_05, 0.050
"""The longest wait, in seconds: the first, or the second for each watcher of the last flush; never above the third."""
SENDS_PER_TURN = 32
"""After so many sends the loop gets its turn: a request beside 1,000 watchers, or large frames, waits little."""


class Receiver(Protocol):
    """One watcher, to the flusher."""

    def deliver(self, frame: Any) -> None: ...


class Sealable(Protocol):
    """Something that gathers events, and at ``seal`` hands them to :meth:`Flusher.push`."""

    def seal(self) -> None: ...


class Flusher:
    """Paces the channels of one watch cache together, for they share one CPU."""

    __slots__ = ("_clock", "_credit", "_dirty", "_earned_at", "_sends", "_ticking", "_turning", "_work")

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._dirty: list[Sealable] = []
        self._work: deque[tuple[Any, Iterator[Receiver]]] = deque()
        self._ticking = self._turning = False
        self._credit, self._earned_at = BURST, clock()
        self._sends = 0

    def dirty(self, channel: Sealable) -> None:
        """A channel has its first pending event: it is sealed when the next flush is due."""
        self._dirty.append(channel)
        if not self._ticking:
            self._ticking = True
            delay = self._delay()
            loop = asyncio.get_running_loop()
            if delay > 0:
                loop.call_later(delay, self._tick)
            else:
                loop.call_soon(self._tick)

    def push(self, frame: Any, receivers: Iterable[Receiver]) -> None:
        """Send a frame to these receivers, after all that was pushed before."""
        self._work.append((frame, iter(receivers)))
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _delay(self) -> float:
        now = self._clock()
        self._credit = min(BURST, self._credit + SHARE * (now - self._earned_at))
        self._earned_at = now
        longest = min(MAX_DELAY, max(DELAY, DELAY_PER_SEND * self._sends))
        self._credit = max(self._credit, -SHARE * longest)
        return -self._credit / SHARE

    def _tick(self) -> None:
        if self._turning:
            # The last flush is still going on: what comes meanwhile joins the next.
            asyncio.get_running_loop().call_soon(self._tick)
            return
        self._ticking, self._turning = False, True
        self._sends = 0
        channels, self._dirty = self._dirty, []
        for channel in channels:
            channel.seal()
        self._turn()

    def _turn(self) -> None:
        began, sends, work = self._clock(), 0, self._work
        while work and sends < SENDS_PER_TURN:
            frame, receivers = work[0]
            for receiver in receivers:
                receiver.deliver(frame)
                sends += 1
                if sends == SENDS_PER_TURN:
                    break
            else:
                work.popleft()
        self._sends += sends
        self._credit -= max(self._clock() - began, sends * SEND_COST)
        self._turning = bool(work)
        if work:
            asyncio.get_running_loop().call_soon(self._turn)
