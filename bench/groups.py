"""Which rows are measured together on one server. Each group starts a server of its own with an empty store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import objects
from bench.accounting import Meter, Usage, memory_mib
from bench.fan_out import Plan, fan_out
from bench.load import Outcome
from bench.percentile import percentile
from bench.scale import Scale
from bench.server import Server, running
from bench.table import Figure

FOREIGN_SHARE = 0.1
"""More CPU of other processes than this share of a core, and a figure is reported as disturbed."""


@dataclass(slots=True)
class Run:
    """One run: what is asked for, and the figures so far, by the key of their row."""

    scale: Scale
    chosen: Collection[str]
    parent: Path
    say: Callable[[str], None]
    figures: dict[str, Figure] = field(default_factory=dict)

    def wants(self, *groups: str) -> bool:
        return any(group in self.chosen for group in groups)

    def note(self, key: str, value: float, usage: Usage | None = None) -> None:
        self.figures[key] = Figure(value, usage.client / usage.wall if usage is not None else None)
        self.say(f"  {key} {value:,.3f}")

    def watch_out(self, group: str, usage: Usage) -> None:
        """Tell when something else kept the machine busy."""
        if usage.others > usage.wall * FOREIGN_SHARE:
            share = usage.others / usage.wall
            self.say(f"  ! {group}: other processes used {share:.0%} of a core meanwhile; the figure is disturbed")

    @asynccontextmanager
    async def fresh_server(self, *flags: str) -> AsyncIterator[Server]:
        """A server, started with ``flags``, with an empty store and our namespace."""
        with TemporaryDirectory(prefix="steersman-bench-", dir=self.parent) as directory:
            async with running(Path(directory), *flags) as server:
                await objects.make_namespace(server)
                yield server


async def start(run: Run) -> None:
    """Start twice on one data directory; memory and idle CPU on the first server, which nobody has used."""
    if not run.wants("start", "memory", "idle"):
        return
    with TemporaryDirectory(prefix="steersman-bench-", dir=run.parent) as directory:
        async with running(Path(directory)) as server:
            run.note("memory.ready", memory_mib(server.pid))
            run.note("start.cold", server.start)
            if run.wants("idle"):
                await asyncio.sleep(run.scale.settle)
                meter = Meter(server.pid)
                await asyncio.sleep(run.scale.idle)
                usage = meter.read()
                run.watch_out("idle", usage)
                run.note("idle.cpu", usage.server / usage.wall * 100)
        async with running(Path(directory)) as server:
            run.note("start.warm", server.start)


async def many_requests(run: Run) -> None:
    """Create all objects, then read them in every way, then update them."""
    lists = ("list", "list-consistent", "list-pages", "list-gzip")
    if not run.wants("create", "stored", "get", "update", *lists):
        return
    scale = run.scale
    async with run.fresh_server() as server:
        outcome = await objects.create(server, scale.objects, scale.connections)
        _note_requests(run, "create", outcome)
        run.note("create.rate", outcome.rate, outcome.usage)
        await _note_memory(run, "stored", server)
        if run.wants("get"):
            outcome = await objects.get(server, scale.objects, scale.gets, scale.connections)
            _note_requests(run, "get", outcome)
        await _note_lists(run, server)
        if run.wants("update"):
            _note_requests(run, "update", await objects.update(server, scale.objects, scale.connections))


def _note_requests(run: Run, group: str, outcome: Outcome) -> None:
    run.watch_out(group, outcome.usage)
    run.note(f"{group}.cpu", outcome.cpu_us, outcome.usage)
    run.note(f"{group}.p50", outcome.latency_ms(50), outcome.usage)
    run.note(f"{group}.p99", outcome.latency_ms(99), outcome.usage)


async def _note_memory(run: Run, group: str, server: Server) -> None:
    await asyncio.sleep(run.scale.settle)
    run.note(f"{group}.memory", memory_mib(server.pid))
    run.note(f"{group}.peak", memory_mib(server.pid, "VmHWM"))


async def _note_lists(run: Run, server: Server) -> None:
    count = run.scale.objects
    ways = {
        "list": objects.Lists(server, count, "resourceVersion=0"),
        "list-consistent": objects.Lists(server, count),
        "list-pages": objects.Lists(server, count, page=run.scale.page),
        "list-gzip": objects.Lists(server, count, "resourceVersion=0", gzip=True),
    }
    for group, way in ways.items():
        if run.wants(group):
            usage, firsts = await way.run(run.scale.lists)
            run.watch_out(group, usage)
            run.note(f"{group}.cpu", usage.server * 1e3 / run.scale.lists, usage)
            run.note(f"{group}.first", percentile(firsts, 50) * 1e3, usage)


async def watches(run: Run) -> None:
    """The three fan-outs, each on a server of its own."""
    scale = run.scale
    plans = {
        "watch-few": Plan(scale.few_watchers, scale.creates_to_few, scale.connections),
        "watch-many": Plan(scale.many_watchers, scale.creates_to_many, scale.connections),
        "watch-paced": Plan(scale.few_watchers, scale.paced_creates, scale.connections, scale.pace),
    }
    for group, plan in plans.items():
        if run.wants(group):
            async with run.fresh_server() as server:
                _note_requests(run, group, await fan_out(server, plan))


async def very_many_objects(run: Run) -> None:
    """Memory with the large number of objects, each created through the API."""
    if run.wants("stored-many") and run.scale.many_objects:
        async with run.fresh_server() as server:
            await objects.create(server, run.scale.many_objects, run.scale.connections)
            await _note_memory(run, "stored-many", server)


GROUPS: tuple[Callable[[Run], Awaitable[None]], ...] = (start, many_requests, watches, very_many_objects)
