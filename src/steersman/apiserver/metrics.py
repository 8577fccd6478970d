"""Counters of one server, and ``/metrics`` in Prometheus' text form, under kube-apiserver's names.

Counting is on the path of every request, so it is one dictionary look-up and two additions; all else waits until the
page is read, Prometheus' library too.
"""

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from steersman.apimachinery.group_version import GroupResource, GroupVersionResource
from steersman.apiserver.document import require_read
from steersman.apiserver.http.message import Request, Response
from steersman.apiserver.metric_family import Counter, Gauge, Histogram, Observed, Row
from steersman.apiserver.request_info import RequestInfo

REQUEST_BUCKETS = (
    *(0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0),
    *(3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0),
)
"""Upper bounds in seconds of apiserver_request_duration_seconds."""

STORE_BUCKETS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Upper bounds in seconds of etcd_request_duration_seconds, which has the store's requests whatever the store."""

MAX_SERIES = 5000
"""Label sets kept apart. A client can make up resources without end; those past the limit are counted in one set."""

RequestKey = tuple[str, str, str, str, str, str, int]
"""verb, group, version, resource, subresource (as in RequestInfo), scope, HTTP status"""


class StoreKey(NamedTuple):
    """``operation`` is get, list, create, update or delete; ``type`` the resource, such as ``deployments.apps``."""

    operation: str
    type: str


class InFlight(Struct):
    """Requests being handled now; the server counts up and down. Watches are in ``Metrics.watches`` alone."""

    read_only: int = 0
    mutating: int = 0


class Sources(Struct):
    """What is read when the page is asked for, rather than counted; each is called on the event loop."""

    objects: Callable[[], Mapping[GroupResource, int]] = field(default=dict)
    """Objects in storage."""


class Counted(Struct, frozen=True):
    """All that a page shows, copied from the counters at one moment (durations go on being counted)."""

    build_info: Mapping[str, str]
    in_flight: InFlight
    watches: Mapping[GroupVersionResource, int]
    watch_events: Mapping[GroupVersionResource, int]
    objects: Mapping[GroupResource, int]
    requests: Mapping[RequestKey, Observed]
    store: Mapping[StoreKey, Observed]
    counters: Sequence[Counter] = ()
    histograms: Sequence[Histogram] = ()
    gauges: Sequence[tuple[Gauge, Mapping[Row, float]]] = ()


class Metrics:
    """What one server has counted. The attributes are counted in directly by whoever serves, watches and stores."""

    def __init__(self, build_info: Mapping[str, str], executor: Executor | None = None) -> None:
        """``build_info`` is the body of ``/version``; the page is rendered in ``executor``, or asyncio's own."""
        self.in_flight = InFlight()
        self.sources = Sources()
        self.watches: defaultdict[GroupVersionResource, int] = defaultdict(int)
        """Watches that are open now."""
        self.watch_events: defaultdict[GroupVersionResource, int] = defaultdict(int)
        """Events that have been sent to watchers."""
        self._build_info, self._executor = build_info, executor
        self._requests: dict[RequestKey, Observed] = {}
        self._store: dict[StoreKey, Observed] = {}
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._gauges: dict[str, Gauge] = {}

    def counter(self, name: str, text: str, labels: Sequence[str]) -> Counter:
        """The counter of this name on the page; it is made when first asked for."""
        return self._counters.setdefault(name, Counter(name, text, labels))

    def histogram(self, name: str, text: str, labels: Sequence[str], bounds: Sequence[float]) -> Histogram:
        """The histogram of this name on the page; it is made when first asked for."""
        return self._histograms.setdefault(name, Histogram(name, text, labels, bounds))

    def gauge(self, name: str, text: str, labels: Sequence[str], read: Callable[[], Mapping[Row, float]]) -> None:
        """Put a gauge on the page, in the place of one of this name; ``read`` is called on the event loop."""
        self._gauges[name] = Gauge(name, text, labels, read)

    def observe(self, info: RequestInfo, status: int, seconds: float) -> None:
        """Count a request that has been answered with HTTP ``status`` after ``seconds``."""
        if info.name or info.verb == "create":
            scope = "resource"
        elif info.namespace:
            scope = "namespace"
        else:
            scope = "cluster" if info.is_resource else ""
        key = (info.verb, info.group, info.version, info.resource, info.subresource, scope, status)
        observed = self._requests.get(key)
        if observed is None:
            observed = self._new_series(key)
        observed.counts[bisect_left(REQUEST_BUCKETS, seconds)] += 1
        observed.total += seconds

    def observe_store(self, operation: str, resource: str, seconds: float) -> None:
        """Count a request to the store; names as in :class:`StoreKey`."""
        key = StoreKey(operation, resource)
        observed = self._store.get(key)
        if observed is None:
            if len(self._store) >= MAX_SERIES:
                key = StoreKey(operation, "")
            observed = self._store.setdefault(key, Observed(len(STORE_BUCKETS)))
        observed.counts[bisect_left(STORE_BUCKETS, seconds)] += 1
        observed.total += seconds

    def _new_series(self, key: RequestKey) -> Observed:
        if len(self._requests) >= MAX_SERIES:
            key = ("", "", "", "", "", "", 0)
        return self._requests.setdefault(key, Observed(len(REQUEST_BUCKETS)))

    async def handle(self, request: Request) -> Response:
        """``/metrics``; raises 405 for anything but a read."""
        require_read(request)
        from steersman.apiserver.metrics_exposition import CONTENT_TYPE, render

        counted = Counted(
            build_info=self._build_info,
            in_flight=replace(self.in_flight),
            watches=dict(self.watches),
            watch_events=dict(self.watch_events),
            objects=dict(self.sources.objects()),
            requests=dict(self._requests),
            store=dict(self._store),
            counters=tuple(self._counters.values()),
            histograms=tuple(self._histograms.values()),
            gauges=[(gauge, dict(gauge.read())) for gauge in self._gauges.values()],
        )
        body = await asyncio.get_running_loop().run_in_executor(self._executor, render, counted)
        return Response(200, body, CONTENT_TYPE)
