"""Every store against a model: the whole history in a list."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from steersman.storage.store import Compacted, CompareFailed, Event, FutureRevision, KeyValue, Page, Store, Watch
from steersman.storage.url import open_store

T = TypeVar("T")

KEYS = ["/a", "/a/1", "/a/2", "/a/é", "/a/\U0001f600", "/b", "/b/1"]
PREFIXES = ["", "/a", "/a/", "/b/", "/c/"]
STARTS = ["", "/a/1", "/a/1\0", "/a/é", "/b/15"]

keys = st.sampled_from(KEYS)
prefixes = st.sampled_from(PREFIXES)
values = st.binary(max_size=4)
# How a revision is chosen: so many before the newest (negative: ahead of it).
ages = st.integers(-1, 12)
expectations = st.sampled_from(["any", "present", "absent", "stale"])


class Write(NamedTuple):
    """A put, or with no value a deletion, that expects some state of its key."""

    key: str
    value: bytes | None
    expects: str


writes = st.builds(Write, keys, st.none() | values, expectations)


class History:
    """What a store is, said in the simplest way."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self.compacted = 0
        self.events: list[Event] = []

    def state(self, revision: int) -> dict[str, KeyValue]:
        live: dict[str, KeyValue] = {}
        for event in self.events:
            if event.kv.mod_revision > revision:
                break
            live.pop(event.kv.key, None)
            if not event.deleted:
                live[event.kv.key] = event.kv
        return live

    def refusal(self, revision: int) -> type[Exception] | None:
        """What reading at ``revision`` raises."""
        if revision < self.compacted:
            return Compacted
        return FutureRevision if revision > self.revision else None

    def write(self, key: str, value: bytes | None, expected: int | None) -> int | KeyValue | None:
        """The new revision; or, when the comparison fails, the present state."""
        current = self.state(self.revision).get(key)
        missing = value is None and current is None
        if missing or expected not in (None, current.mod_revision if current else 0):
            return current
        self.revision += 1
        created = 0 if value is None else current.create_revision if current else self.revision
        kv = KeyValue(key, value or b"", self.revision, created)
        self.events.append(Event(kv, value is None, current))
        return self.revision


class StoreMachine(RuleBasedStateMachine):
    """Drives a store and the model with the same operations."""

    url: str
    durable = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.watches: list[tuple[str, int, Watch]] = []

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(call)

    async def opened(self) -> Store:
        store = open_store(self.url.format(directory=self.directory.name))
        await store.open()
        return store

    async def revision(self) -> int:
        return await self.store.current_revision()

    @initialize()
    def start(self) -> None:
        self.store = self.run(self.opened())
        self.model = History(self.run(self.revision()))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.check_watches())
            self.run(self.store.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.directory.cleanup()

    @rule(batch=st.lists(writes, min_size=1, max_size=6))
    def write(self, batch: list[Write]) -> None:
        """All at once: they race for one commit, and are decided in call order."""

        async def call() -> list[int | BaseException]:
            calls, wanted = [], []
            for key, value, expects in batch:
                current = self.model.state(self.model.revision).get(key)
                present = current.mod_revision if current else 0
                expected = {"any": None, "present": present, "absent": 0, "stale": max(present - 1, 1)}[expects]
                if value is None:
                    calls.append(self.store.delete(key, expected))
                else:
                    calls.append(self.store.put(key, value, expected))
                wanted.append(self.model.write(key, value, expected))
            results = await asyncio.gather(*calls, return_exceptions=True)
            for result, want in zip(results, wanted, strict=True):
                if isinstance(result, CompareFailed):
                    assert result.current == want
                else:
                    assert result == want
            return results

        self.run(call())

    @rule(key=keys, age=ages)
    def get(self, key: str, age: int) -> None:
        revision = max(self.model.revision - age, 1)

        def check(found: KeyValue | None) -> None:
            assert found == self.model.state(revision).get(key)

        async def call() -> KeyValue | None:
            return await self.store.get(key, revision)

        self.read(call(), revision, check)

    @rule(prefix=prefixes, start=st.sampled_from(STARTS), limit=st.integers(0, 4), age=ages)
    def list(self, prefix: str, start: str, limit: int, age: int) -> None:
        revision = max(self.model.revision - age, 1)

        def check(page: Page) -> None:
            state = self.model.state(revision)
            wanted = [state[key] for key in sorted(state) if key.startswith(prefix) and key >= start]
            end = limit or len(wanted)
            assert page.items == wanted[:end]
            assert (page.revision, page.remaining) == (revision, len(wanted[end:]))

        async def call() -> Page:
            return await self.store.list(prefix, start=start, limit=limit, revision=revision)

        self.read(call(), revision, check)

    def read(self, call: Coroutine[Any, Any, T], revision: int, check: Callable[[T], None]) -> None:
        if refusal := self.model.refusal(revision):
            with pytest.raises(refusal):
                self.run(call)
        else:
            check(self.run(call))

    @rule(prefix=prefixes, age=ages, previous=st.booleans(), oldest=st.booleans())
    def replay(self, prefix: str, age: int, previous: bool, oldest: bool) -> None:
        start = max(self.model.compacted if oldest else self.model.revision - age, 1)

        async def call() -> None:
            watch = self.store.watch(prefix, start, previous=previous)
            if start < self.model.compacted:
                with pytest.raises(Compacted):
                    await anext(watch)
            else:
                await self.check_watch(watch, prefix, start, previous)
            watch.close()

        self.run(call())

    @precondition(lambda self: len(self.watches) < 4)
    @rule(prefix=prefixes)
    def watch(self, prefix: str) -> None:
        async def call() -> None:
            self.watches.append((prefix, self.model.revision + 1, self.store.watch(prefix)))

        self.run(call())

    async def check_watches(self) -> None:
        for prefix, start, watch in self.watches:
            await self.check_watch(watch, prefix, start, previous=False)
            watch.close()
        self.watches.clear()

    async def check_watch(self, watch: Watch, prefix: str, start: int, previous: bool) -> None:
        wanted = [
            event if previous else Event(event.kv, event.deleted)
            for event in self.model.events
            if event.kv.key.startswith(prefix) and event.kv.mod_revision >= start
        ]
        found: list[Event] = []
        while len(found) < len(wanted):
            found += await anext(watch)
        assert found == wanted

    @rule(age=ages)
    def compact(self, age: int) -> None:
        revision = max(self.model.revision - age, 1)

        if refusal := self.model.refusal(revision - 1) or self.model.refusal(revision):
            with pytest.raises(refusal):
                self.run(self.compacted(revision))
        else:
            self.run(self.compacted(revision))
            self.model.compacted = revision

    async def compacted(self, revision: int) -> None:
        await self.store.compact(revision)

    @precondition(lambda self: self.durable)
    @rule()
    def reopen(self) -> None:
        async def call() -> None:
            await self.check_watches()
            await self.store.close()
            self.store = await self.opened()

        self.run(call())

    @invariant()
    def agree_on_the_newest_revision(self) -> None:
        assert self.run(self.revision()) == self.model.revision


class MemoryMachine(StoreMachine):
    url = "memory:"


class SqliteMachine(StoreMachine):
    url = "sqlite:///{directory}/store.db"
    durable = True


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestSqlite = SqliteMachine.TestCase
TestSqlite.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
