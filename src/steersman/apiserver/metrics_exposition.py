"""Counters rendered as a page in Prometheus' text format 0.0.4, with the names and labels of kube-apiserver.

The lines are written here: a page has tens of thousands, and prometheus_client takes 15 µs for each. Its collector
gives what is known of the process.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TypeVar

from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector

from steersman.apiserver.metric_family import Observed
from steersman.apiserver.metrics import REQUEST_BUCKETS, STORE_BUCKETS, Counted

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

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

Row = TypeVar("Row", bound=tuple[str, ...])
"""The values of a series' labels."""


def render(counted: Counted) -> bytes:
    """The page, of type ``CONTENT_TYPE``."""
    ours = "".join((*_requests(counted), *_gauges(counted), *_store(counted), *_families(counted)))
    # Without a registry the collector belongs to this page alone; the encoder only wants its ``collect``.
    return ours.encode() + generate_latest(ProcessCollector(registry=None))  # type: ignore[arg-type,unused-ignore]


def _requests(counted: Counted) -> Iterator[str]:
    totals: dict[tuple[str, ...], int] = {}
    by_route: defaultdict[tuple[str, ...], list[Observed]] = defaultdict(list)
    for (verb, group, version, resource, subresource, scope, status), observed in counted.requests.items():
        route = (_VERBS.get(verb, "unknown"), "", group, version, resource, subresource, scope, "apiserver")
        series = (*route, str(status))
        totals[series] = totals.get(series, 0) + sum(observed.counts)
        by_route[route].append(observed)
    text = "Requests answered, by verb, resource, scope and HTTP status."
    yield from _family("apiserver_request_total", "counter", text, (*_REQUEST_LABELS, "code"), totals)
    text = "Time from a request's arrival to its answer."
    yield from _histogram("apiserver_request_duration_seconds", text, _REQUEST_LABELS, REQUEST_BUCKETS, by_route)


def _gauges(counted: Counted) -> Iterator[str]:
    kinds = {("readOnly",): counted.in_flight.read_only, ("mutating",): counted.in_flight.mutating}
    text = "Requests being handled now."
    yield from _family("apiserver_current_inflight_requests", "gauge", text, ("request_kind",), kinds)
    watches = {("WATCH", *resource, "apiserver"): number for resource, number in counted.watches.items()}
    text, labels = "Watches that are open now.", ("verb", *_RESOURCE_LABELS, "component")
    yield from _family("apiserver_longrunning_requests", "gauge", text, labels, watches)
    text = "Events sent to watchers."
    yield from _family("apiserver_watch_events_total", "counter", text, _RESOURCE_LABELS, counted.watch_events)
    text, objects = "Objects in storage.", counted.objects
    short = {(str(resource),): number for resource, number in objects.items()}
    yield from _family("apiserver_storage_objects", "gauge", text, ("resource",), short)
    yield from _family("apiserver_resource_objects", "gauge", text, ("group", "resource"), objects)
    info = tuple(counted.build_info.get(field, "") for field in _BUILD_INFO)
    text = "Version of the server."
    yield from _family("kubernetes_build_info", "gauge", text, tuple(_BUILD_INFO.values()), {info: 1})


def _store(counted: Counted) -> Iterator[str]:
    labels = ("operation", "type")
    totals = {key: sum(observed.counts) for key, observed in counted.store.items()}
    yield from _family("etcd_requests_total", "counter", "Requests to the store.", labels, totals)
    durations = {key: [observed] for key, observed in counted.store.items()}
    text = "Time that requests to the store took."
    yield from _histogram("etcd_request_duration_seconds", text, labels, STORE_BUCKETS, durations)


def _families(counted: Counted) -> Iterator[str]:
    for counter in counted.counters:
        yield from _family(counter.name, "counter", counter.text, counter.labels, dict(counter.values))
    for histogram in counted.histograms:
        parts = {row: (observed,) for row, observed in dict(histogram.values).items()}
        yield from _histogram(histogram.name, histogram.text, histogram.labels, histogram.bounds, parts)
    for gauge, values in counted.gauges:
        yield from _family(gauge.name, "gauge", gauge.text, gauge.labels, values)


def _head(name: str, kind: str, text: str) -> str:
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n"


def _family(name: str, kind: str, text: str, labels: Sequence[str], values: Mapping[Row, float]) -> Iterator[str]:
    yield _head(name, kind, text)
    for row, value in values.items():
        yield f"{name}{{{_pairs(labels, row)}}} {value}\n"


def _histogram(
    name: str,
    text: str,
    labels: Sequence[str],
    bounds: Sequence[float],
    observed: Mapping[Row, Iterable[Observed]],
) -> Iterator[str]:
    """Our counts are by bucket; a page has in each bucket all that is below it too."""
    yield _head(name, "histogram", text)
    limits = (*(f"{bound:g}" for bound in bounds), "+Inf")
    for row, parts in observed.items():
        pairs, parts = _pairs(labels, row), list(parts)
        running = list(accumulate(sum(counts) for counts in zip(*(part.counts for part in parts), strict=True)))
        for limit, number in zip(limits, running, strict=True):
            yield f'{name}_bucket{{{pairs},le="{limit}"}} {number}\n'
        yield f"{name}_sum{{{pairs}}} {sum(part.total for part in parts)}\n{name}_count{{{pairs}}} {running[-1]}\n"


def _pairs(labels: Sequence[str], values: Sequence[str]) -> str:
    return ",".join(f'{label}="{_escaped(value)}"' for label, value in zip(labels, values, strict=True))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
