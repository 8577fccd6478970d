from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.admission.plugin_server import configured, pod, serving

from steersman.admission.initial_resources import percentile
from steersman.admission.prometheus_usage import expression
from steersman.admission.usage_source import UsageQuery, repository
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.kinds import apiextensions_v1, core_v1

PLUGIN = "InitialResources"
ANNOTATION = "kubernetes.io/initial-resources"
POD_METRICS = ApiResource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", True, DICTS)
Answer = Callable[[str], Any]


class Prometheus:
    """Answers range queries with the samples that ``answer`` has for an expression, or with a response."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[tuple[str, int]] = []
        """Expressions, and over how many days."""

    async def handle(self, http: web.Request) -> web.StreamResponse:
        query = http.query
        self.asked.append((query["query"], (int(query["end"]) - int(query["start"])) // 86_400))
        found = self.answer(query["query"])
        if isinstance(found, web.Response):
            return found
        values = [[at, str(value)] for at, value in enumerate(found)]
        result = [{"metric": {}, "values": values[::2]}, {"metric": {}, "values": values[1::2]}]
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": result}})


@asynccontextmanager
async def prometheus(answer: Answer) -> AsyncIterator[tuple[Prometheus, str]]:
    made = Prometheus(answer)
    app = web.Application()
    app.router.add_get("/api/v1/query_range", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield made, f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def estimating(answer: Answer, directory: Path, **more: Any) -> AsyncIterator[tuple[Client, Prometheus]]:
    async with prometheus(answer) as (made, url):
        configuration = configured(directory, PLUGIN, {"prometheus": {"url": url}, **more})
        async with serving(PLUGIN, configuration=configuration) as client:
            yield client, made


def used(cpu: Any = (), memory: Any = ()) -> Answer:
    return lambda query: cpu if "cpu" in query else memory


async def create(client: Client, name: str = "web", **container: Any) -> Any:
    written = {"name": "web", "image": "nginx:1", **container}
    return await client.resource(core_v1.PODS).create(pod(name, containers=[written]))


def requests(made: Any) -> Any:
    return (made["spec"]["containers"][0].get("resources") or {}).get("requests")


def told(made: Any) -> str:
    return str((made["metadata"].get("annotations") or {}).get(ANNOTATION, ""))


CENTS = [at / 100 for at in range(1, 101)]
MEBIBYTES = [at * 2**20 for at in range(1, 101)]


async def test_a_container_asks_for_what_its_image_took(tmp_path: Path) -> None:
    async with estimating(used(CENTS, MEBIBYTES), tmp_path) as (client, made):
        created = await create(client)

    assert requests(created) == {"cpu": "900m", "memory": str(90 * 2**20)}
    assert told(created) == "Initial Resources plugin set: cpu, memory request for container web"
    assert made.asked == [
        (
            'rate(container_cpu_usage_seconds_total{image="nginx:1",container!="",namespace="default"}[5m])',
            7,
        ),
        ('container_memory_working_set_bytes{image="nginx:1",container!="",namespace="default"}', 7),
    ]


@pytest.mark.parametrize(
    ("resources", "expected", "annotation"),
    [
        ({"requests": {"cpu": "1", "memory": "1Gi"}}, {"cpu": "1", "memory": "1Gi"}, ""),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, {"cpu": "1", "memory": "1Gi"}, ""),
        ({"requests": {"cpu": "1"}}, {"cpu": "1", "memory": str(90 * 2**20)}, "memory request for container web"),
        ({"limits": {"memory": "1Gi"}}, {"cpu": "900m", "memory": "1Gi"}, "cpu request for container web"),
    ],
)
async def test_what_it_says_itself_stays(tmp_path: Path, resources: Any, expected: Any, annotation: str) -> None:
    async with estimating(used(CENTS, MEBIBYTES), tmp_path) as (client, _):
        created = await create(client, resources=resources)

    assert requests(created) == expected
    assert told(created).removeprefix("Initial Resources plugin set: ") == annotation


async def test_it_is_looked_further_until_there_are_enough_samples(tmp_path: Path) -> None:
    def answer(query: str) -> Any:
        if "cpu" not in query or "namespace=" in query:
            return [4.0] * 29 if "cpu" in query else []
        return [0.2] * 29 if "=~" not in query else [0.3] * 30

    async with estimating(answer, tmp_path) as (client, made):
        created = await create(client)

    assert requests(created) == {"cpu": "300m"}
    anywhere = 'rate(container_cpu_usage_seconds_total{image="nginx:1",container!=""}[5m])'
    any_tag = 'rate(container_cpu_usage_seconds_total{image=~"nginx([:@].*)?",container!=""}[5m])'
    assert made.asked[1][1] == 30
    assert made.asked[2:5] == [(anywhere, 7), (anywhere, 30), (any_tag, 30)]


async def test_a_few_are_better_than_none(tmp_path: Path) -> None:
    async with estimating(used([1.5], []), tmp_path) as (client, _):
        created = await create(client)

    assert requests(created) == {"cpu": "1500m"}


async def test_other_namespaces_may_be_left_out(tmp_path: Path) -> None:
    def answer(query: str) -> Any:
        return [] if "namespace=" in query else [1.0] * 30

    async with estimating(answer, tmp_path, namespaceOnly=True) as (client, made):
        created = await create(client)

    assert requests(created) is None
    assert all("namespace=" in query for query, _ in made.asked)


async def test_the_percentile_can_be_set(tmp_path: Path) -> None:
    async with estimating(used(CENTS), tmp_path, percentile=50) as (client, _):
        assert requests(await create(client)) == {"cpu": "500m"}


async def test_an_estimate_holds_for_a_while(tmp_path: Path) -> None:
    async with estimating(used(CENTS, MEBIBYTES), tmp_path) as (client, made):
        for name in ("a", "b", "c"):
            assert requests(await create(client, name)) is not None

    assert len(made.asked) == 2


@pytest.mark.parametrize(
    "response",
    [
        {"status": 503},
        {"text": "no"},
        {"text": '{"status": "error", "error": "too long"}', "status": 422},
        {"text": '{"status": "success", "data": {"result": [{"values": [["a"]]}]}}'},
    ],
    ids=["unavailable", "no JSON", "error", "wrong shape"],
)
async def test_a_source_that_cannot_tell_keeps_nobody_out(tmp_path: Path, response: Any) -> None:
    async with estimating(lambda _: web.Response(**response), tmp_path) as (client, _):
        created = await create(client)

    assert requests(created) is None
    assert told(created) == ""


async def test_samples_that_are_no_numbers_do_not_count(tmp_path: Path) -> None:
    async with estimating(used([*["NaN"] * 50, "+Inf", 1]), tmp_path) as (client, _):
        assert requests(await create(client)) == {"cpu": "1"}


async def test_without_prometheus_the_stored_pod_metrics_are_asked() -> None:
    async with serving(PLUGIN) as client:
        await serve_pod_metrics(client)
        metrics = client.resource(POD_METRICS)
        for name, cpu, timestamp in (
            ("old", "8", "2001-01-01T00:00:00Z"),
            ("new", "250m", ""),
            ("newer", "100m", ""),
        ):
            await create(client, name)
            usage = [{"name": "web", "usage": {"cpu": cpu, "memory": "10Mi"}}, {"name": "x", "usage": {"cpu": "9"}}]
            told = {"timestamp": timestamp} if timestamp else {}
            await metrics.create({"metadata": {"name": name}, "containers": usage, **told})

        same = await create(client, "same", image="nginx:1")
        # Estimates hold for a while: this one is of another image, whose other tags are known.
        tagged = await create(client, "tagged", image="nginx:2")
        unknown = await create(client, "unknown", image="redis:1")

    assert [requests(one) for one in (same, unknown)] == [None, None]
    assert requests(tagged) == {"cpu": "250m", "memory": str(10 * 2**20)}


async def serve_pod_metrics(client: Client) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    definition: Any = {
        "metadata": {
            "name": "pods.metrics.k8s.io",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": "metrics.k8s.io",
            "scope": "Namespaced",
            "names": {"plural": "pods", "singular": "podmetrics", "kind": "PodMetrics", "listKind": "PodMetricsList"},
            "versions": [
                {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}},
            ],
        },
    }
    definitions = client.resource(apiextensions_v1.CUSTOM_RESOURCE_DEFINITIONS)
    await definitions.create(definition)
    async with definitions.watch(field_selector="metadata.name=pods.metrics.k8s.io") as events:
        async for event in events:
            status: Any = event.object.get("status") or {}
            if any(one["type"] == "Established" for one in status.get("conditions") or ()):
                return


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"source": "x"}, 'unknown field "source"'),
        ({"percentile": 0}, "percentile: must be between 1 and 100"),
        ({"namespaceOnly": "yes"}, "namespaceOnly: must be true or false"),
        ({"prometheus": {}}, "prometheus: must be {url: URL} or {kubeConfigFile: PATH}"),
        ({"prometheus": {"url": "ftp://x"}}, "prometheus: must be {url: URL} or {kubeConfigFile: PATH}"),
        ({"prometheus": {"kubeConfigFile": "/nowhere/at/all"}}, "prometheus.kubeConfigFile: "),
    ],
)
async def test_a_configuration_that_is_wrong_is_refused(tmp_path: Path, configuration: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"^InitialResources: ") as raised:
        async with serving(PLUGIN, configuration=configured(tmp_path, PLUGIN, configuration)):
            pass

    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", "nginx"),
        ("nginx:1", "nginx"),
        ("registry:5000/nginx", "registry:5000/nginx"),
        ("registry:5000/nginx:1@sha256:abc", "registry:5000/nginx"),
        ("nginx@sha256:abc", "nginx"),
    ],
)
def test_the_repository_of_an_image(image: str, expected: str) -> None:
    assert repository(image) == expected


def test_an_image_cannot_end_its_selector() -> None:
    asked = expression(UsageQuery("memory", 'a"}b', True, None, 7))

    assert asked == 'container_memory_working_set_bytes{image="a\\"}b",container!=""}'


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 2), (90, 3), (100, 3)])
def test_percentiles(percent: int, expected: float) -> None:
    assert percentile([3, 1, 2], percent) == expected
