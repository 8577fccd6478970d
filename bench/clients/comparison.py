"""Measure the client libraries one after the other on one server, which gets more objects from turn to turn."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from bench.accounting import Meter
from bench.clients.contenders import CONTENDERS, Contender
from bench.clients.watched_process import Cost, TookTooLong, WatchedProcess, watched_process
from bench.config_map import COLLECTION, config_map, data
from bench.failure import BenchmarkFailed
from bench.groups import FOREIGN_SHARE, Run
from bench.load import drive
from bench.objects import LIMIT, name_of, stored
from bench.server import Server


async def clients(run: Run) -> None:
    """Each client syncs all objects; as long as there are few, each of them is updated while it watches."""
    if not run.wants("clients"):
        return
    there = 0
    async with run.fresh_server() as server:
        for objects in run.scale.client_objects:
            await add(server, there, objects, run.scale.connections)
            there = objects
            for contender in CONTENDERS:
                if objects <= contender.most:
                    await Turn(run, server, contender, objects).take()


async def add(server: Server, there: int, objects: int, connections: int) -> None:
    """Create what lacks to ``objects`` when ``there`` are some; afterwards a list has to have them all."""
    ask = server.endpoint.request
    requests = (ask("POST", COLLECTION, config_map(name_of(index))) for index in range(there, objects))
    await drive(server, connections, requests, lambda r: r.expect(201), LIMIT * max(1, (objects - there) / 20_000))
    await stored(server, objects)


class Turn:
    """One client's turn with ``objects`` stored."""

    def __init__(self, run: Run, server: Server, contender: Contender, objects: int) -> None:
        self._run, self._server, self._contender, self._objects = run, server, contender, objects
        self._events = objects if objects <= run.scale.client_events else 0
        self._edition = f"{contender.distribution}-{objects}-"
        self._key = f"clients.{contender.distribution}.{objects}"

    async def take(self) -> None:
        """Note what the client needs; nothing from where it becomes too slow."""
        arguments = ["--kubeconfig", self._server.kubeconfig, "--edition", self._edition]
        arguments += ["--objects", str(self._objects), "--events", str(self._events)]
        with TemporaryDirectory(prefix="steersman-bench-") as directory:
            async with watched_process(self._contender.module, arguments, Path(directory)) as client:
                try:
                    await self._sync(client)
                    if self._events:
                        await self._update(client)
                except TookTooLong as failure:
                    self._run.say(f"  ! {failure}; left out")

    async def _sync(self, client: WatchedProcess) -> None:
        meter = Meter(self._server.pid)
        client.begin("sync")
        (synced,), cost = await client.answered("synced", self._contender.limit)
        self._watch_out(meter, cost)
        self._note("wall", cost.wall)
        self._note("cpu", cost.cpu)
        self._note("peak", client.peak)
        self._expect("synced", synced, self._objects)
        self._note("read", (await self._read(client, 0)).cpu * 1e6 / self._objects)

    async def _update(self, client: WatchedProcess) -> None:
        meter = Meter(self._server.pid)
        client.begin()
        await drive(
            self._server, self._run.scale.connections, self._puts(), lambda r: r.expect(200), self._contender.limit
        )
        (seen,), cost = await client.answered("events", self._contender.limit)
        self._watch_out(meter, cost)
        self._expect("saw events of", seen, self._events)
        await self._read(client, self._events)
        self._note("event_cpu", cost.cpu * 1e6 / self._events)
        self._note("event_rate", self._events / cost.wall)

    def _puts(self) -> Iterator[bytes]:
        for index in range(self._events):
            body = orjson.loads(config_map(name_of(index)))
            body["data"] = data(name_of(index), self._edition)
            yield self._server.endpoint.request("PUT", f"{COLLECTION}/{name_of(index)}", orjson.dumps(body))

    async def _read(self, client: WatchedProcess, updated: int) -> Cost:
        """Have it look into every object; all have to be there, ``updated`` of them as the updates left them."""
        client.begin("read")
        (objects, of_edition), cost = await client.answered("read", self._contender.limit)
        self._expect("has", objects, self._objects)
        self._expect("has new editions of", of_edition, updated)
        return cost

    def _expect(self, what: str, found: int, expected: int) -> None:
        if found != expected:
            raise BenchmarkFailed(f"{self._contender.label} {what} {found:,} objects instead of {expected:,}")

    def _note(self, figure: str, value: float) -> None:
        self._run.note(f"{self._key}.{figure}", value)

    def _watch_out(self, meter: Meter, cost: Cost) -> None:
        usage = meter.read()
        share = (usage.others - cost.cpu) / usage.wall
        if share > FOREIGN_SHARE:
            self._run.say(f"  ! {self._key}: other processes used {share:.0%} of a core meanwhile; it is disturbed")


async def work_queue(run: Run) -> None:
    """Our work queue alone, in a process of its own."""
    if not run.wants("work-queue"):
        return
    items = run.scale.queue_items
    with TemporaryDirectory(prefix="steersman-bench-") as directory:
        async with watched_process("bench.clients.with_work_queue", [str(items)], Path(directory)) as queue:
            for order in ("cycle", "fill"):
                queue.begin(order)
                _, cost = await queue.answered(order, LIMIT)
                run.note(f"work-queue.{order}.cpu", cost.cpu * 1e6 / items)
                run.note(f"work-queue.{order}.rate", items / cost.wall)
