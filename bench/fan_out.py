"""Watch fan-out: creates while many watch, every event at every watcher counted."""

import asyncio
import time
from array import array
from dataclasses import dataclass

import orjson

from bench.accounting import Meter, Usage
from bench.client import Connection, LineSink
from bench.config_map import COLLECTION, config_map
from bench.failure import BenchmarkFailed
from bench.load import Outcome, within, without_collector
from bench.server import Server

LIMIT = 60.0
"""Seconds that a fan-out may take beyond what its pace makes of it."""

_PREFIX, _DIGITS = "event-", 6
_MARK = b'"name":"' + _PREFIX.encode()


@dataclass(frozen=True, slots=True)
class Plan:
    """``creates`` over ``connections`` while ``watchers`` watch; ``pace`` a second, 0 for as fast as it goes."""

    watchers: int
    creates: int
    connections: int
    pace: float = 0


class Arrivals:
    """Notes when each watcher gets each event. ``sent`` has the time each create was sent, to be filled in."""

    def __init__(self, plan: Plan) -> None:
        self.sent = [0.0] * plan.creates
        self.latencies = array("d")
        self.complete = asyncio.get_running_loop().create_future()
        self._expected = plan.watchers * plan.creates
        self._seen = [bytearray(plan.creates) for _ in range(plan.watchers)]
        self._last_version = 0

    def sink(self, watcher: int) -> LineSink:
        """What takes the lines that ``watcher`` gets. The first watcher reads each event in full."""
        seen, sent, latencies = self._seen[watcher], self.sent, self.latencies
        look = self._look if watcher == 0 else None

        def take(lines: list[bytes]) -> None:
            now = time.perf_counter()
            for line in lines:
                at = line.find(_MARK) + len(_MARK)
                if at < len(_MARK) or not line.startswith(b'{"type":"ADDED"'):
                    self._fail(f"not an ADDED event: {line[:300]!r}")
                    return
                index = int(line[at : at + _DIGITS])
                if seen[index]:
                    self._fail(f"watcher {watcher} got event {index} twice")
                    return
                seen[index] = 1
                latencies.append(now - sent[index])
                if look is not None:
                    look(line, index)
            if len(latencies) == self._expected and not self.complete.done():
                self.complete.set_result(None)

        return take

    def _look(self, line: bytes, index: int) -> None:
        item = orjson.loads(line)["object"]
        version = int(item["metadata"]["resourceVersion"])
        if item["data"] != orjson.loads(config_map(event_name(index)))["data"]:
            self._fail(f"event {index} has not what was created")
        if version <= self._last_version:
            self._fail(f"event {index} came out of order")
        self._last_version = version

    def _fail(self, message: str) -> None:
        if not self.complete.done():
            self.complete.set_exception(BenchmarkFailed(message))

    @property
    def missing(self) -> int:
        return self._expected - len(self.latencies)


def event_name(index: int) -> str:
    return f"{_PREFIX}{index:0{_DIGITS}d}"


async def fan_out(server: Server, plan: Plan) -> Outcome:
    """Create while all watch, until every watcher has every event; an Outcome whose requests are delivered events."""
    arrivals = Arrivals(plan)
    await _watchable(server)
    version = orjson.loads((await server.endpoint.ask("GET", f"{COLLECTION}?limit=1")).expect(200).body)
    watch = server.endpoint.request(
        "GET", f"{COLLECTION}?watch=true&resourceVersion={version['metadata']['resourceVersion']}"
    )
    creates = [
        server.endpoint.request("POST", COLLECTION, config_map(event_name(index))) for index in range(plan.creates)
    ]
    sinks: list[LineSink | None] = [arrivals.sink(watcher) for watcher in range(plan.watchers)]
    async with server.endpoint.connections(sinks) as watchers:
        for answer in await asyncio.gather(*(connection.exchange(watch) for connection in watchers)):
            answer.expect(200)
        async with server.endpoint.connections([None] * plan.connections) as creators:
            with without_collector():
                usage = await _measure(server, plan, arrivals, creators, creates)
    return Outcome(usage, len(arrivals.latencies), sorted(arrivals.latencies))


async def _measure(
    server: Server, plan: Plan, arrivals: Arrivals, creators: list[Connection], creates: list[bytes]
) -> Usage:
    queue = iter(range(plan.creates))
    meter = Meter(server.pid)
    began = time.perf_counter()

    async def work(connection: Connection) -> None:
        for index in queue:
            if plan.pace:
                await asyncio.sleep(max(0.0, began + index / plan.pace - time.perf_counter()))
            arrivals.sent[index] = time.perf_counter()
            (await connection.exchange(creates[index])).expect(201)

    limit = LIMIT + (plan.creates / plan.pace if plan.pace else 0)
    tasks = [asyncio.ensure_future(work(connection)) for connection in creators]
    try:
        await within(limit, f"{plan.watchers:,} watchers", *tasks, arrivals.complete)
    except BenchmarkFailed as failure:
        raise BenchmarkFailed(f"{failure} ({arrivals.missing:,} events missing)") from None
    return meter.read()


async def _watchable(server: Server) -> None:
    """One object exists and is listed, so that the resource's cache is there before anything is measured."""
    (await server.endpoint.ask("POST", COLLECTION, config_map("before"))).expect(201)
    (await server.endpoint.ask("GET", COLLECTION)).expect(200)
