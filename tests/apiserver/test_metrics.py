from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from steersman.apimachinery.group_version import GroupResource, GroupVersionResource
from steersman.apiserver.http.message import Request
from steersman.apiserver.metrics import MAX_SERIES, Metrics
from steersman.apiserver.request_info import RequestInfo
from steersman.apiserver.version import version_info

Get = Callable[..., Request]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]

LIST_PODS = RequestInfo("list", "/api/v1/namespaces/a/pods", True, "", "v1", "a", "pods")
PODS = GroupVersionResource("", "v1", "pods")
LIST_LABELS = {
    "verb": "LIST",
    "dry_run": "",
    "group": "",
    "version": "v1",
    "resource": "pods",
    "subresource": "",
    "scope": "namespace",
    "component": "apiserver",
}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version_info(37))


async def page(metrics: Metrics, get: Get) -> Samples:
    answer = await metrics.handle(get("/metrics"))
    assert answer.content_type.startswith(b"text/plain; version=0.0.4")
    assert isinstance(answer.body, bytes)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def test_requests_are_counted_by_code(metrics: Metrics, get: Get) -> None:
    for status in (200, 200, 410):
        metrics.observe(LIST_PODS, status, 0.03)

    samples = await page(metrics, get)

    assert value(samples, "apiserver_request_total", **LIST_LABELS, code="200") == 2
    assert value(samples, "apiserver_request_total", **LIST_LABELS, code="410") == 1


async def test_durations_are_summed_over_codes(metrics: Metrics, get: Get) -> None:
    for status, seconds in ((200, 0.005), (404, 0.006), (200, 100.0)):
        metrics.observe(LIST_PODS, status, seconds)

    samples = await page(metrics, get)

    name = "apiserver_request_duration_seconds"
    buckets = {"0.005": 1, "0.025": 2, "1": 2, "60": 2, "+Inf": 3}
    assert {le: value(samples, f"{name}_bucket", **LIST_LABELS, le=le) for le in buckets} == buckets
    assert value(samples, f"{name}_count", **LIST_LABELS) == 3
    assert value(samples, f"{name}_sum", **LIST_LABELS) == pytest.approx(100.011)


@pytest.mark.parametrize(
    ("info", "verb", "scope"),
    [
        (RequestInfo("get", "", True, "", "v1", "a", "pods", "", "p"), "GET", "resource"),
        (RequestInfo("create", "", True, "", "v1", "a", "pods"), "POST", "resource"),
        (RequestInfo("watch", "", True, "", "v1", "", "pods"), "WATCH", "cluster"),
        (RequestInfo("get", "/healthz"), "GET", ""),
        (RequestInfo("brew", "/pot"), "unknown", ""),
    ],
)
async def test_labels_of_a_request(metrics: Metrics, get: Get, info: RequestInfo, verb: str, scope: str) -> None:
    metrics.observe(info, 200, 0.1)

    samples = await page(metrics, get)

    (labels,) = (dict(labels) for name, labels in samples if name == "apiserver_request_total")
    assert (labels["verb"], labels["scope"]) == (verb, scope)


async def test_made_up_resources_do_not_fill_the_memory(metrics: Metrics, get: Get) -> None:
    for number in range(MAX_SERIES + 10):
        metrics.observe(RequestInfo("get", "", True, "", "v1", "", f"r{number}"), 404, 0.1)

    answer = await metrics.handle(get("/metrics"))

    assert bytes(answer.body).count(b"\napiserver_request_total{") == MAX_SERIES + 1  # type: ignore[arg-type]


async def test_gauges_show_what_is_now(metrics: Metrics, get: Get) -> None:
    metrics.in_flight.read_only += 2
    metrics.watches[PODS] += 3
    metrics.watch_events[PODS] += 7
    metrics.sources.objects = lambda: {GroupResource("apps", "deployments"): 5}
    metrics.observe_store("get", "pods", 0.001)

    samples = await page(metrics, get)

    pods = {"group": "", "version": "v1", "resource": "pods"}
    assert value(samples, "apiserver_current_inflight_requests", request_kind="readOnly") == 2
    assert value(samples, "apiserver_longrunning_requests", **pods, verb="WATCH", component="apiserver") == 3
    assert value(samples, "apiserver_watch_events_total", **pods) == 7
    assert value(samples, "apiserver_storage_objects", resource="deployments.apps") == 5
    assert value(samples, "apiserver_resource_objects", group="apps", resource="deployments") == 5
    assert value(samples, "etcd_requests_total", operation="get", type="pods") == 1
    assert value(samples, "etcd_request_duration_seconds_count", operation="get", type="pods") == 1


async def test_tells_the_build_and_the_process(metrics: Metrics, get: Get) -> None:
    samples = await page(metrics, get)

    (info,) = (dict(labels) for name, labels in samples if name == "kubernetes_build_info")
    assert (info["major"], info["minor"]) == ("1", "37")
    assert value(samples, "process_resident_memory_bytes") > 0


async def test_labels_cannot_break_the_page(metrics: Metrics, get: Get) -> None:
    name = 'a"} 1\n\\b'
    metrics.observe(RequestInfo("get", "", True, "", "v1", "", name), 404, 0.1)

    samples = await page(metrics, get)

    assert [dict(labels)["resource"] for kind, labels in samples if kind == "apiserver_request_total"] == [name]


async def test_servers_count_apart(metrics: Metrics, get: Get) -> None:
    metrics.observe(LIST_PODS, 200, 0.1)

    samples = await page(Metrics(version_info(37)), get)

    assert not [name for name, _ in samples if name == "apiserver_request_total"]
