"""Closed-loop load: requests over a fixed number of connections, one in flight on each."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.accounting import Meter, Usage
from bench.client import Connection, Response
from bench.failure import BenchmarkFailed
from bench.percentile import percentile
from bench.server import Server


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load of ``requests`` took; ``latencies`` in seconds, ascending."""

    usage: Usage
    requests: int
    latencies: list[float]

    @property
    def cpu_us(self) -> float:
        """The server's CPU, in microseconds per request."""
        return self.usage.server * 1e6 / self.requests

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.usage.wall

    def latency_ms(self, percent: float) -> float:
        return percentile(self.latencies, percent) * 1e3


@contextmanager
def without_collector() -> Iterator[None]:
    """Python's garbage collector is off in this process meanwhile: its pauses are not the server's latency."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def within(seconds: float, what: str, *work: "asyncio.Future[None] | asyncio.Task[None]") -> None:
    """Wait for ``work``; raises BenchmarkFailed after ``seconds``, and what the work raises at once."""
    try:
        done, pending = await asyncio.wait(work, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in work:
            task.cancel()
    for task in done:
        task.result()
    if pending:
        raise BenchmarkFailed(f"{what} took longer than {seconds:g} s")


async def drive(
    server: Server,
    connections: int,
    requests: Iterable[bytes],
    check: Callable[[Response], object],
    limit: float,
) -> Outcome:
    """Send all ``requests``; ``check`` raises BenchmarkFailed for an answer that is not right.

    A request is made (taken from the iterable) before its clock starts.
    """
    queue, latencies = iter(requests), list[float]()

    async def work(connection: Connection) -> None:
        for request in queue:
            began = time.perf_counter()
            response = await connection.exchange(request)
            latencies.append(time.perf_counter() - began)
            check(response)

    async with server.endpoint.connections([None] * connections) as opened:
        with without_collector():
            meter = Meter(server.pid)
            await within(limit, "a load", *(asyncio.ensure_future(work(connection)) for connection in opened))
            usage = meter.read()
    return Outcome(usage, len(latencies), sorted(latencies))
