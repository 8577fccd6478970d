"""Writers, a bad line, and an informer: whatever happens, cache and handlers end up with what the server has."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.client.informer.cluster import running_cluster
from tests.client.informer.faulty_line import FaultyLine

from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ListWatch, SharedInformer, Timing, wait_for_cache_sync

NAMES = st.sampled_from(["a", "b", "c", "d"])
QUIET_TURNS = 10_000
"""How often the event loop may turn until all has arrived: many times what it takes."""

VALUES = st.sampled_from(["red", "green", "blue"])


class Witness:
    """A handler that checks that what it is told of each object makes sense."""

    def __init__(self) -> None:
        self.state: dict[str, CachedObject] = {}
        self.versions: dict[str, int] = {}
        self.wrong: list[str] = []

    def on_add(self, obj: CachedObject, is_in_initial_list: bool, /) -> None:
        self._check(obj.key not in self.state, f"{obj!r} was added twice")
        self._set(obj)

    def on_update(self, old: CachedObject, new: CachedObject, /) -> None:
        # Equal, not the same: a list that repeats a state brings another copy of it, which is no news to be told.
        self._check(self.state.get(new.key) == old, f"{new!r} was updated from a state that was not told")
        self._set(new)

    def on_delete(self, obj: CachedObject | DeletedFinalStateUnknown, /) -> None:
        self._check(obj.key in self.state, f"{obj.key} was deleted and not there")
        last = self.state.pop(obj.key, None)
        if isinstance(obj, DeletedFinalStateUnknown):
            self._check(obj.object == last, f"the tombstone of {obj.key} has another state than the last one")

    def _set(self, obj: CachedObject) -> None:
        version = int(obj.resource_version)
        self._check(version >= self.versions.get(obj.key, 0), f"{obj!r} went back")
        self.versions[obj.key] = version
        self.state[obj.key] = obj

    def _check(self, right: bool, message: str) -> None:
        if not right:
            self.wrong.append(message)


def value(obj: CachedObject) -> list[str]:
    return [obj["data"]["value"]]


class InformerModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.names: set[str] = set()
        self.clock = 0.0

    async def _sleep(self, seconds: float) -> None:
        self.clock += seconds
        await asyncio.sleep(0)

    @initialize(watch_list=st.booleans(), page_size=st.sampled_from([0, 1, 2]), there=st.sets(NAMES))
    def start(self, watch_list: bool, page_size: int, there: set[str]) -> None:
        self.runner.run(self._start(watch_list, page_size, there))

    async def _start(self, watch_list: bool, page_size: int, there: set[str]) -> None:
        self.cluster = await self.stack.enter_async_context(running_cluster())
        for name in there:
            await self.cluster.create(name, "red")
        self.names = set(there)
        list_watch = ListWatch(self.cluster.config_maps, namespace="default", page_size=page_size)
        self.line = FaultyLine(list_watch)
        self.informer = SharedInformer(
            self.line,
            resync_period=1.0,
            indexers={"value": value},
            use_watch_list=watch_list,
            # No pause takes time, so that resyncs come all the time.
            timing=Timing(lambda: self.clock, self._sleep, lambda: 0.0),
        )
        self.witnesses = [Witness()]
        self.registrations = [self.informer.add_event_handler(self.witnesses[0])]
        await self.stack.enter_async_context(self.informer)

    @rule(name=NAMES, value=VALUES)
    def write(self, name: str, value: str) -> None:
        send = self.cluster.update if name in self.names else self.cluster.create
        self.runner.run(send(name, value))
        self.names.add(name)

    @precondition(lambda self: self.names)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        self.names.remove(name)
        self.runner.run(self.cluster.delete(name))

    @rule(after=st.integers(0, 2000), garble=st.booleans())
    def cut(self, after: int, garble: bool) -> None:
        self.line.cut(after, garble=garble)

    @rule(watches=st.integers(0, 2), lists=st.integers(0, 1))
    def expire(self, watches: int, lists: int) -> None:
        self.line.expired, self.line.expired_lists = watches, lists

    @rule(turns=st.integers(1, 30))
    def let_others_run(self, turns: int) -> None:
        async def wait() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.runner.run(wait())

    @precondition(lambda self: len(self.witnesses) < 3)
    @rule()
    def add_a_handler(self) -> None:
        async def add() -> None:
            self.witnesses.append(Witness())
            self.registrations.append(self.informer.add_event_handler(self.witnesses[-1]))

        self.runner.run(add())

    @rule()
    def be_quiet(self) -> None:
        """Let everything arrive, and compare."""
        self.runner.run(self._quiet())

    async def _quiet(self) -> None:
        self.line.bytes_until_cut, self.line.expired, self.line.expired_lists = None, 0, 0
        await wait_for_cache_sync(self.informer, *self.registrations, timeout=5)
        _, objects = await self.cluster.list()
        server = {obj.key: obj.resource_version for obj in objects}
        for _ in range(QUIET_TURNS):
            if all(versions == server for versions in self._versions()):
                break
            await asyncio.sleep(0)
        assert self._versions() == [server] * (1 + len(self.witnesses))
        assert [witness.wrong for witness in self.witnesses] == [[]] * len(self.witnesses)
        for obj in objects:
            found = self.informer.indexer.by_index("value", value(obj)[0])
            assert obj in found
        assert sum(len(self.informer.indexer.by_index("value", one)) for one in ("red", "green", "blue")) == len(
            objects
        )

    def _versions(self) -> list[dict[str, str]]:
        held = {obj.key: obj for obj in self.informer.indexer.list()}
        return [
            {key: obj.resource_version for key, obj in state.items()}
            for state in (held, *(witness.state for witness in self.witnesses))
        ]

    def teardown(self) -> None:
        async def end() -> None:
            async with self.stack:
                if hasattr(self, "informer"):
                    await self._quiet()

        with self.runner:
            self.runner.run(end())


InformerModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestInformerModel = InformerModel.TestCase
