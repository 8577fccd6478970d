"""Metrics of queues under client-go's names, for whatever collects them.

A provider makes the metrics of each queue that has a name; a queue without a name or a provider measures nothing, and
pays for nothing. In Prometheus' naming they are:

=============================================  =================================================================
workqueue_depth                                items that need processing, and are not being processed for that
workqueue_adds_total                           items added
workqueue_queue_duration_seconds               from added to handed out
workqueue_work_duration_seconds                from handed out to done
workqueue_unfinished_work_seconds              time spent so far on all that is being processed
workqueue_longest_running_processor_seconds    time spent so far on what has been processed longest
workqueue_retries_total                        items added for later
=============================================  =================================================================
"""

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T", bound=Hashable)


class GaugeMetric(Protocol):
    """A number that goes up and down."""

    def inc(self) -> None:
        """One more."""

    def dec(self) -> None:
        """One less."""


class SettableGaugeMetric(Protocol):
    """A number that is set."""

    def set(self, value: float, /) -> None:
        """Set it to ``value``."""


class CounterMetric(Protocol):
    """A number that goes up."""

    def inc(self) -> None:
        """One more."""


class HistogramMetric(Protocol):
    """Many numbers, of which the distribution is kept."""

    def observe(self, value: float, /) -> None:
        """Take in one number."""


class MetricsProvider(Protocol):
    """Makes the metrics of the queue called ``name``. Metrics of the prometheus-client package fit as they are."""

    def new_depth_metric(self, name: str) -> GaugeMetric:
        """workqueue_depth"""

    def new_adds_metric(self, name: str) -> CounterMetric:
        """workqueue_adds_total"""

    def new_latency_metric(self, name: str) -> HistogramMetric:
        """workqueue_queue_duration_seconds"""

    def new_work_duration_metric(self, name: str) -> HistogramMetric:
        """workqueue_work_duration_seconds"""

    def new_unfinished_work_seconds_metric(self, name: str) -> SettableGaugeMetric:
        """workqueue_unfinished_work_seconds"""

    def new_longest_running_processor_seconds_metric(self, name: str) -> SettableGaugeMetric:
        """workqueue_longest_running_processor_seconds"""

    def new_retries_metric(self, name: str) -> CounterMetric:
        """workqueue_retries_total"""


class QueueMetrics(Generic[T]):
    """The metrics of one queue, and the times from which they are made; ``clock`` gives seconds."""

    def __init__(self, provider: MetricsProvider, name: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._depth = provider.new_depth_metric(name)
        self._adds = provider.new_adds_metric(name)
        self._latency = provider.new_latency_metric(name)
        self._work_duration = provider.new_work_duration_metric(name)
        self._unfinished_work_seconds = provider.new_unfinished_work_seconds_metric(name)
        self._longest_running_processor = provider.new_longest_running_processor_seconds_metric(name)
        self._retries = provider.new_retries_metric(name)
        self._add_times: dict[T, float] = {}
        self._processing_start_times: dict[T, float] = {}

    def add(self, item: T) -> None:
        """``item`` has to be processed."""
        self._adds.inc()
        self._depth.inc()
        self._add_times[item] = self._clock()

    def get(self, item: T) -> None:
        """``item`` was handed out."""
        now = self._clock()
        self._depth.dec()
        self._processing_start_times[item] = now
        added = self._add_times.pop(item, None)
        if added is not None:
            self._latency.observe(now - added)

    def done(self, item: T) -> None:
        """``item`` has been processed."""
        started = self._processing_start_times.pop(item, None)
        if started is not None:
            self._work_duration.observe(self._clock() - started)

    def retry(self) -> None:
        """Some item was added for later."""
        self._retries.inc()

    def update_unfinished_work(self) -> bool:
        """Set the metrics of what is being processed; return whether anything is."""
        now = self._clock()
        ages = [now - started for started in self._processing_start_times.values()]
        self._unfinished_work_seconds.set(sum(ages))
        self._longest_running_processor.set(max(ages, default=0.0))
        return bool(ages)
