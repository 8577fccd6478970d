"""Counters rendered as a page that Prometheus reads, with the names and labels of kube-apiserver."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from steersman.apiserver.metrics import REQUEST_BUCKETS, STORE_BUCKETS, Counted, Observed

_VERBS = {
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETECOLLECTION",
    "head": "HEAD",
    "post": "POST",
    "put": "PUT",
}
"""RequestInfo's verbs as the ``verb`` label has them; any other is ``unknown``."""

_REQUEST_LABELS = ("verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component")
_RESOURCE_LABELS = ("group", "version", "resource")
_BUILD_INFO = {
    "major": "major",
    "minor": "minor",
    "gitVersion": "git_version",
    "gitCommit": "git_commit",
    "gitTreeState": "git_tree_state",
    "buildDate": "build_date",
    "goVersion": "go_version",
    "compiler": "compiler",
    "platform": "platform",
}
"""Fields of /version that kubernetes_build_info has, and its names for them."""


def render(counted: Counted, accept: str) -> tuple[bytes, str]:
    """The page and its content type, in the form that the Accept header asks for."""
    encode, content_type = choose_encoder(accept)
    return encode(_Page(counted)), content_type


class _Page(Collector):
    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def collect(self) -> Iterator[Metric]:
        yield from _requests(self._counted)
        yield from _gauges(self._counted)
        yield from _store(self._counted)
        yield from ProcessCollector(registry=None).collect()


def _requests(counted: Counted) -> Iterator[Metric]:
    total = CounterMetricFamily(
        "apiserver_request",
        "Requests answered, by verb, resource, scope and HTTP status.",
        labels=(*_REQUEST_LABELS, "code"),
    )
    by_route: defaultdict[tuple[str, ...], list[Observed]] = defaultdict(list)
    for (verb, group, version, resource, subresource, scope, status), observed in counted.requests.items():
        route = (_VERBS.get(verb, "unknown"), "", group, version, resource, subresource, scope, "apiserver")
        total.add_metric((*route, str(status)), sum(observed.counts))
        by_route[route].append(observed)
    yield total
    durations = HistogramMetricFamily(
        "apiserver_request_duration_seconds", "Time from a request's arrival to its answer.", labels=_REQUEST_LABELS
    )
    for labels, parts in by_route.items():
        _add_histogram(durations, labels, REQUEST_BUCKETS, parts)
    yield durations


def _gauges(counted: Counted) -> Iterator[Metric]:
    yield _gauge(
        "apiserver_current_inflight_requests",
        "Requests being handled now.",
        ("request_kind",),
        {("readOnly",): counted.in_flight.read_only, ("mutating",): counted.in_flight.mutating},
    )
    yield _gauge(
        "apiserver_longrunning_requests",
        "Watches that are open now.",
        ("verb", *_RESOURCE_LABELS, "component"),
        {("WATCH", *resource, "apiserver"): number for resource, number in counted.watches.items()},
    )
    events = CounterMetricFamily("apiserver_watch_events", "Events sent to watchers.", labels=_RESOURCE_LABELS)
    for resource, number in counted.watch_events.items():
        events.add_metric(resource, number)
    yield events
    objects = counted.objects.items()
    yield _gauge(
        "apiserver_storage_objects",
        "Objects in storage.",
        ("resource",),
        {(str(resource),): number for resource, number in objects},
    )
    yield _gauge("apiserver_resource_objects", "Objects in storage.", ("group", "resource"), dict(objects))
    info = {label: counted.build_info.get(field, "") for field, label in _BUILD_INFO.items()}
    yield _gauge("kubernetes_build_info", "Version of the server.", tuple(info), {tuple(info.values()): 1})


def _store(counted: Counted) -> Iterator[Metric]:
    requests = CounterMetricFamily("etcd_requests", "Requests to the store.", labels=("operation", "type"))
    durations = HistogramMetricFamily(
        "etcd_request_duration_seconds", "Time that requests to the store took.", labels=("operation", "type")
    )
    for key, observed in counted.store.items():
        requests.add_metric(key, sum(observed.counts))
        _add_histogram(durations, key, STORE_BUCKETS, [observed])
    yield requests
    yield durations
    if counted.store_bytes is not None:
        size = GaugeMetricFamily("apiserver_storage_size_bytes", "Size of the store.", labels=("storage_cluster_id",))
        size.add_metric(("",), counted.store_bytes)
        yield size


def _gauge(name: str, text: str, labels: Sequence[str], values: Mapping[tuple[str, ...], int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for row, value in values.items():
        family.add_metric(row, value)
    return family


def _add_histogram(
    family: HistogramMetricFamily, labels: Sequence[str], bounds: Sequence[float], parts: Iterable[Observed]
) -> None:
    """Add the sum of ``parts``, whose counts are by bucket, in the form of a page: each bucket has all below it."""
    parts = list(parts)
    running, buckets = 0, []
    for bound, counts in zip((*bounds, float("inf")), zip(*(part.counts for part in parts), strict=True), strict=True):
        running += sum(counts)
        buckets.append(("+Inf" if bound == float("inf") else f"{bound:g}", running))
    family.add_metric(labels, buckets=buckets, sum_value=sum(part.total for part in parts))
