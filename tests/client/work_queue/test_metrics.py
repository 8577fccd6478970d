import asyncio
from collections import defaultdict

import prometheus_client
import pytest
from tests.client.work_queue.virtual_time import Stuck, clock, run

from steersman.client.work_queue import DelayingQueue, PriorityQueue, Queue, RateLimitingQueue


class Recorder:
    """Remembers what was measured, by metric."""

    def __init__(self) -> None:
        self.count: dict[str, int] = defaultdict(int)
        self.observed: dict[str, list[float]] = defaultdict(list)
        self.value: dict[str, float] = {}

    def metric(self, metric: str, queue: str) -> "RecordedMetric":
        return RecordedMetric(self, f"{queue} {metric}")

    def new_depth_metric(self, name: str) -> "RecordedMetric":
        return self.metric("depth", name)

    def new_adds_metric(self, name: str) -> "RecordedMetric":
        return self.metric("adds", name)

    def new_latency_metric(self, name: str) -> "RecordedMetric":
        return self.metric("latency", name)

    def new_work_duration_metric(self, name: str) -> "RecordedMetric":
        return self.metric("work", name)

    def new_unfinished_work_seconds_metric(self, name: str) -> "RecordedMetric":
        return self.metric("unfinished", name)

    def new_longest_running_processor_seconds_metric(self, name: str) -> "RecordedMetric":
        return self.metric("longest", name)

    def new_retries_metric(self, name: str) -> "RecordedMetric":
        return self.metric("retries", name)


class RecordedMetric:
    def __init__(self, recorder: Recorder, key: str) -> None:
        self.recorder = recorder
        self.key = key

    def inc(self) -> None:
        self.recorder.count[self.key] += 1

    def dec(self) -> None:
        self.recorder.count[self.key] -= 1

    def set(self, value: float) -> None:
        self.recorder.value[self.key] = value

    def observe(self, value: float) -> None:
        self.recorder.observed[self.key].append(value)


@pytest.mark.parametrize("kind", [Queue, DelayingQueue, RateLimitingQueue, PriorityQueue])
def test_an_item_is_measured_on_its_way(kind: type[Queue[str]]) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        queue = kind(name="q", metrics_provider=recorder, clock=clock)

        queue.add("a")
        queue.add("a")
        assert recorder.count == {"q adds": 1, "q depth": 1}

        await asyncio.sleep(3)
        item = await queue.get()
        assert recorder.count["q depth"] == 0
        assert recorder.observed["q latency"] == pytest.approx([3])

        queue.add("a")
        assert recorder.count == {"q adds": 2, "q depth": 1}

        await asyncio.sleep(2)
        queue.done(item)
        assert recorder.observed["q work"] == pytest.approx([2])
        await queue.get()
        assert recorder.observed["q latency"] == pytest.approx([3, 2])

    run(scenario)


def test_unfinished_work_is_measured_while_there_is_any() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        queue: Queue[str] = Queue(name="q", metrics_provider=recorder, clock=clock)
        queue.add("a")
        queue.add("b")

        await queue.get()
        await asyncio.sleep(4)
        await queue.get()
        await asyncio.sleep(2.1)
        assert recorder.value["q longest"] == pytest.approx(6, abs=0.01)
        assert recorder.value["q unfinished"] == pytest.approx(8, abs=0.01)

        queue.done("a")
        queue.done("b")
        await asyncio.sleep(1)
        assert recorder.value == {"q longest": 0, "q unfinished": 0}

        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck):
        run(scenario)


@pytest.mark.parametrize("kind", [DelayingQueue, PriorityQueue])
def test_what_is_added_for_later_is_a_retry_and_an_add_when_it_comes(kind: type[DelayingQueue[str]]) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        queue = kind(name="q", metrics_provider=recorder, clock=clock)

        queue.add_after("a", 1)
        assert recorder.count == {"q retries": 1}

        await asyncio.sleep(2)
        assert recorder.count == {"q retries": 1, "q adds": 1, "q depth": 1}

    run(scenario)


def test_a_prioritys_delay_is_a_retry() -> None:
    async def scenario() -> None:
        recorder = Recorder()
        queue: PriorityQueue[str] = PriorityQueue(name="q", metrics_provider=recorder, clock=clock)

        queue.add_with("a", priority=1, after=1)
        queue.add_with("b", priority=1)

        assert recorder.count == {"q retries": 1, "q adds": 1, "q depth": 1}

    run(scenario)


async def test_a_queue_without_a_name_has_no_metrics() -> None:
    recorder = Recorder()
    queue: Queue[str] = Queue(metrics_provider=recorder)
    queue.add("a")
    queue.done(await queue.get())

    assert not recorder.count


async def test_prometheus_metrics_fit_as_they_are() -> None:
    registry = prometheus_client.CollectorRegistry()
    gauges = {
        name: prometheus_client.Gauge(name, name, ["name"], registry=registry)
        for name in ("depth", "unfinished", "longest")
    }
    counters = {
        name: prometheus_client.Counter(name, name, ["name"], registry=registry) for name in ("adds", "retries")
    }
    histograms = {
        name: prometheus_client.Histogram(name, name, ["name"], registry=registry) for name in ("latency", "work")
    }

    class Provider:
        def new_depth_metric(self, name: str) -> prometheus_client.Gauge:
            return gauges["depth"].labels(name)

        def new_adds_metric(self, name: str) -> prometheus_client.Counter:
            return counters["adds"].labels(name)

        def new_latency_metric(self, name: str) -> prometheus_client.Histogram:
            return histograms["latency"].labels(name)

        def new_work_duration_metric(self, name: str) -> prometheus_client.Histogram:
            return histograms["work"].labels(name)

        def new_unfinished_work_seconds_metric(self, name: str) -> prometheus_client.Gauge:
            return gauges["unfinished"].labels(name)

        def new_longest_running_processor_seconds_metric(self, name: str) -> prometheus_client.Gauge:
            return gauges["longest"].labels(name)

        def new_retries_metric(self, name: str) -> prometheus_client.Counter:
            return counters["retries"].labels(name)

    queue: Queue[str] = Queue(name="q", metrics_provider=Provider())
    queue.add("a")
    queue.add("b")
    queue.done(await queue.get())

    assert registry.get_sample_value("depth", {"name": "q"}) == 1
    assert registry.get_sample_value("adds_total", {"name": "q"}) == 2
    assert registry.get_sample_value("work_count", {"name": "q"}) == 1
