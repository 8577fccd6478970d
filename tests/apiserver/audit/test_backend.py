"""How events get from requests to where they are written: waiting, buffers, order and the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.apiserver.audit.events import event

from steersman.apiserver.audit.audit_metrics import SILENCE_SECONDS, AuditMetrics
from steersman.apiserver.audit.backend import (
    BATCH,
    BLOCKING,
    BLOCKING_STRICT,
    BUFFER_BYTES,
    Backend,
    Batching,
    NotWritten,
)
from steersman.apiserver.audit.event import Body, Event
from steersman.apiserver.audit.policy import COMPLETE, RECEIVED
from steersman.apiserver.metrics import Metrics

FOREVER = 3600.0


class Notebook:
    """A sink that keeps the IDs of events, batch by batch; ``ready`` lets it go on, ``broken`` has it fail."""

    name = "notebook"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.ready, self.written = asyncio.Event(), asyncio.Condition()
        self.ready.set()
        self.broken: Exception | None = None
        self.closed = False

    async def open(self) -> None:
        """Nothing to do."""

    async def write(self, events: Sequence[Event], hurry: asyncio.Event) -> None:
        await self.ready.wait()
        if self.broken is not None:
            raise self.broken
        self.batches.append([one.audited.id.decode() for one in events])
        async with self.written:
            self.written.notify_all()

    async def close(self) -> None:
        self.closed = True

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.written:
            await self.written.wait_for(holds)


def metrics() -> AuditMetrics:
    return AuditMetrics(Metrics({}))


@asynccontextmanager
async def opened(batching: Batching, counted: AuditMetrics | None = None) -> AsyncIterator[tuple[Backend, Notebook]]:
    notebook = Notebook()
    backend = Backend(notebook, batching, counted or metrics())
    await backend.open()
    try:
        yield backend, notebook
    finally:
        await backend.close(1)


async def test_a_full_batch_is_written_at_once() -> None:
    async with opened(Batching(BATCH, max_size=3, max_wait=FOREVER)) as (backend, notebook):
        assert [backend.process(event(name)) for name in "abcd"] == [None] * 4
        await notebook.until(lambda: len(notebook.batches) == 2)

    assert notebook.batches == [["a", "b", "c"], ["d"]]


async def test_a_batch_that_is_not_full_waits_its_time() -> None:
    async with opened(Batching(BATCH, max_size=3, max_wait=0.01)) as (backend, notebook):
        backend.process(event("a"))
        await notebook.until(lambda: notebook.batches == [["a"]])
        backend.process(event("b"))
        await notebook.until(lambda: notebook.batches == [["a"], ["b"]])


async def test_what_finds_the_buffer_full_is_lost_and_counted() -> None:
    counted = metrics()
    async with opened(Batching(BATCH, buffer_size=2, max_size=10, max_wait=FOREVER), counted) as (backend, notebook):
        for name in "abcd":
            assert backend.process(event(name)) is None

    assert notebook.batches == [["a", "b"]]
    assert counted.errors.values == {("buffered",): 2}


@pytest.mark.parametrize(("mode", "expected"), [(BLOCKING, None), (BLOCKING_STRICT, False)])
async def test_buffers_are_bounded_where_requests_wait_too(mode: str, expected: bool | None) -> None:
    counted = metrics()
    async with opened(Batching(mode, buffer_size=1), counted) as (backend, notebook):
        notebook.ready.clear()
        backend.process(event("a"))
        await asyncio.sleep(0)
        backend.process(event("b"))
        full = backend.process(event("c"))
        assert (None if full is None else await full) is expected
        notebook.ready.set()

    assert notebook.batches == [["a"], ["b"]]
    assert counted.errors.values == {("buffered",): 1}


async def test_bodies_fill_a_buffer_too() -> None:
    counted = metrics()
    half = Body([bytes(1 << 20)] * (BUFFER_BYTES // 2 >> 20), b"")
    async with opened(Batching(BATCH, max_size=3, max_wait=FOREVER), counted) as (backend, notebook):
        backend.process(event("a", response_object=half))
        backend.process(event("b", request_object=half))
        backend.process(event("c", request_object=Body(b"{}", b"")))
        backend.process(event("d"))
        await notebook.until(lambda: len(notebook.batches) == 1)
        backend.process(event("e", request_object=half))

    assert notebook.batches == [["a", "b", "d"], ["e"]]
    assert counted.errors.values == {("buffered",): 1}


@pytest.mark.parametrize("mode", [BLOCKING, BLOCKING_STRICT])
async def test_an_answer_waits_until_its_event_is_written(mode: str) -> None:
    async with opened(Batching(mode)) as (backend, notebook):
        notebook.ready.clear()
        first = backend.process(event("a"))
        await asyncio.sleep(0)
        others = [backend.process(event(name)) for name in "bc"]
        await asyncio.sleep(0)
        assert first is not None
        assert not first.done()
        notebook.ready.set()

        assert await first
        assert all([await one for one in others if one is not None])

    assert notebook.batches == [["a"], ["b", "c"]]


async def test_only_a_strict_backend_has_requests_wait_before_they_begin() -> None:
    async with opened(Batching(BLOCKING)) as (backend, notebook):
        assert backend.process(event("a", RECEIVED, code=0)) is None
        waiting = backend.process(event("b", COMPLETE))
        assert waiting is not None
        await waiting
        assert notebook.batches == [["a", "b"]]
        assert backend.process(event("c", RECEIVED, code=0)) is None
        await notebook.until(lambda: notebook.batches[1:] == [["c"]])
    async with opened(Batching(BLOCKING_STRICT)) as (backend, notebook):
        waiting = backend.process(event("a", RECEIVED, code=0))
        assert waiting is not None
        assert await waiting


@pytest.mark.parametrize(("mode", "goes_on"), [(BLOCKING, True), (BLOCKING_STRICT, False)])
@pytest.mark.parametrize("failure", [NotWritten("the disk is full"), KeyError("a defect")])
async def test_a_failure_counts_and_does_not_end_it(mode: str, goes_on: bool, failure: Exception) -> None:
    counted = metrics()
    async with opened(Batching(mode), counted) as (backend, notebook):
        notebook.broken = failure
        waiting = backend.process(event("a"))
        assert waiting is not None
        assert await waiting is goes_on
        notebook.broken = None
        waiting = backend.process(event("b"))
        assert waiting is not None
        assert await waiting

    assert counted.errors.values == {("notebook",): 1}
    assert notebook.batches == [["b"]]


async def test_whoever_waited_may_leave() -> None:
    async with opened(Batching(BLOCKING)) as (backend, notebook):
        notebook.ready.clear()
        left, stays = backend.process(event("a")), backend.process(event("b"))
        assert left is not None
        assert stays is not None
        left.cancel()
        notebook.ready.set()
        assert await stays

    assert notebook.batches == [["a", "b"]]


async def test_all_that_is_queued_is_written_at_the_end() -> None:
    async with opened(Batching(BATCH, max_size=2, max_wait=FOREVER)) as (backend, notebook):
        for name in "abc":
            backend.process(event(name))

    assert notebook.batches == [["a", "b"], ["c"]]
    assert notebook.closed


async def test_the_end_does_not_wait_for_ever() -> None:
    counted = metrics()
    async with opened(Batching(BATCH, max_size=2, max_wait=FOREVER), counted) as (backend, notebook):
        notebook.ready.clear()
        for name in "abc":
            backend.process(event(name))
        await backend.close(0.01)

        assert notebook.closed
        assert counted.errors.values == {("notebook",): 3}


async def test_events_after_the_end_are_lost() -> None:
    counted = metrics()
    async with opened(Batching(BLOCKING), counted) as (backend, _):
        await backend.close(1)
        assert backend.process(event()) is None

    assert counted.errors.values == {("notebook",): 1}


def test_losses_are_told_of_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    times = iter((0.0, 1.0, SILENCE_SECONDS - 1, SILENCE_SECONDS, SILENCE_SECONDS))
    counted = AuditMetrics(Metrics({}), lambda: next(times))
    for _ in range(4):
        counted.lost("log", 2, "the disk is full")
    counted.lost("webhook", 1, "nobody there")

    assert [record.getMessage() for record in caplog.records] == [
        "audit log: 2 events lost, 2 in all: the disk is full",
        "audit log: 2 events lost, 8 in all: the disk is full",
        "audit webhook: 1 events lost, 1 in all: nobody there",
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mode": "async"}, "'async' is no audit mode: choose one of batch, blocking, blocking-strict"),
        ({"mode": BATCH, "buffer_size": 0}, "must be positive"),
        ({"mode": BATCH, "max_size": 0}, "must be positive"),
        ({"mode": BATCH, "max_wait": -1.0}, "must be positive"),
    ],
)
def test_what_cannot_be(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Batching(**fields)  # type: ignore[arg-type]
