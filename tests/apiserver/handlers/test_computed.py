"""Kinds that are not stored: their objects are found out when somebody asks for them."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import METADATA, METADATA_LIST, TABLE, Client, failure

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.table import AGE, NAME, Column, ColumnSet
from steersman.apiserver.admission import AdmissionChain, ChainMetrics
from steersman.apiserver.authentication.client_certificate import ClientCertificate
from steersman.apiserver.authentication.required import RequiredAuthentication
from steersman.apiserver.authorization import AlwaysAllow
from steersman.apiserver.discovery import Discovery
from steersman.apiserver.handlers.call import Backend
from steersman.apiserver.handlers.negotiation import DECODERS
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.resource import Definition, Object, Resource, Strategy
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.server import ApiServer
from steersman.storage.memory import MemoryStore
from steersman.storage.watch_cache import WatchCache

KIND = GroupVersionKind("test.example.com", "v1", "Gauge")
GAUGES = "/apis/test.example.com/v1/gauges"
IN_SPACE = "/apis/test.example.com/v1/namespaces/{}/gauges"
COLUMNS = ColumnSet((NAME, Column("Value", "integer", lambda obj, now: obj["status"]["value"]), AGE))


class Gauges:
    """Objects that are others at each look."""

    def __init__(self) -> None:
        self.looks = 0

    def read(self) -> list[Object]:
        self.looks += 1
        places = (("z", "south", "b"), ("a", "north", "a"), ("m", "south", "b"))
        return [
            {"metadata": {"name": name, "namespace": space, "labels": {"side": side}}, "status": {"value": self.looks}}
            for name, space, side in places
        ]


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    store = MemoryStore()
    await store.open()
    cache = WatchCache(store)
    await cache.start()
    metrics, served = Metrics({}), ServedResources()
    gauges = Resource(
        group=KIND.group,
        version=KIND.version,
        plural="gauges",
        kind=KIND.kind,
        namespaced=True,
        singular="gauge",
        list_kind="GaugeList",
        definition=Definition("com.example.test.v1.Gauge", lambda: {"type": "object"}, lambda ref: {}),
        stored=None,
        strategy=Strategy(),
        columns=lambda: COLUMNS,
        verbs=("get", "list"),
        computed=Gauges().read,
    )
    served.install([gauges])
    sources = Sources(now=lambda: "2026-01-01T00:00:00Z", uid=lambda: "1", random=lambda below: 0)
    lifecycle = Lifecycle(store, cache, AdmissionChain(ChainMetrics(metrics)), sources, metrics)
    backend = Backend(store, cache, lifecycle, metrics, time.time, DECODERS)
    discovery = Discovery(served, lambda: "")
    everybody = RequiredAuthentication(ClientCertificate())
    yield Client(ApiServer(served, backend, everybody, AlwaysAllow(), {"/apis/": discovery.handle}).handle)
    await cache.stop()
    await store.close()


async def test_a_list_is_what_there_is_now_in_the_order_in_which_it_is_found_out(api: Client) -> None:
    first, second = (await api.get(GAUGES)).body, (await api.get(GAUGES)).body

    assert (first["kind"], first["apiVersion"], first["metadata"]) == (
        "GaugeList",
        "test.example.com/v1",
        {"resourceVersion": "1"},
    )
    assert first["items"][0] == {
        "apiVersion": "test.example.com/v1",
        "kind": "Gauge",
        "metadata": {"name": "z", "namespace": "south", "labels": {"side": "b"}},
        "status": {"value": 1},
    }
    assert [one["metadata"]["name"] for one in first["items"]] == ["z", "a", "m"]
    assert [one["status"]["value"] for one in (*first["items"], *second["items"])] == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("path", "query", "names"),
    [
        (GAUGES, {"labelSelector": "side=b"}, ["z", "m"]),
        (GAUGES, {"labelSelector": "side notin (b)"}, ["a"]),
        (GAUGES, {"fieldSelector": "metadata.name=m"}, ["m"]),
        (GAUGES, {"fieldSelector": "metadata.namespace!=south"}, ["a"]),
        (GAUGES, {"labelSelector": "side=b", "fieldSelector": "metadata.name=a"}, []),
        (IN_SPACE.format("south"), {}, ["z", "m"]),
        (IN_SPACE.format("west"), {}, []),
        (GAUGES, {"limit": "1"}, ["z", "a", "m"]),
        (GAUGES, {"resourceVersion": "0"}, ["z", "a", "m"]),
    ],
)
async def test_selectors_and_namespaces_pick(api: Client, path: str, query: Any, names: list[str]) -> None:
    assert await api.names(path, **query) == names


async def test_one_object(api: Client) -> None:
    found = await api.get(f"{IN_SPACE.format('north')}/a")
    other = await api.get(f"{IN_SPACE.format('south')}/a")

    assert (found.body["kind"], found.body["metadata"]["name"]) == ("Gauge", "a")
    assert failure(other) == (404, "NotFound", 'gauges.test.example.com "a" not found')


async def test_tables_and_metadata_alone(api: Client) -> None:
    table = (await api.get(GAUGES, accept=TABLE)).body
    single = (await api.get(f"{IN_SPACE.format('north')}/a", accept=TABLE)).body
    metadata = (await api.get(GAUGES, accept=METADATA_LIST)).body
    one = (await api.get(f"{IN_SPACE.format('north')}/a", accept=METADATA)).body

    assert [row["cells"] for row in table["rows"]] == [[name, 1, "<unknown>"] for name in ("z", "a", "m")]
    assert [row["cells"] for row in single["rows"]] == [["a", 2, "<unknown>"]]
    assert (metadata["kind"], len(metadata["items"])) == ("PartialObjectMetadataList", 3)
    assert (one["kind"], one["metadata"]["labels"]) == ("PartialObjectMetadata", {"side": "a"})


async def test_other_forms(api: Client) -> None:
    yaml = await api.get(f"{IN_SPACE.format('north')}/a", accept="application/yaml")
    listed = await api.get(GAUGES, accept="application/yaml")
    protobuf = await api.get(GAUGES, accept="application/vnd.kubernetes.protobuf,application/json")
    refused = await api.get(GAUGES, accept="application/vnd.kubernetes.protobuf")

    assert yaml.body.startswith("apiVersion: test.example.com/v1\nkind: Gauge\n")
    assert "kind: GaugeList" in listed.body
    assert (protobuf.status, protobuf.content_type) == (200, "application/json")
    assert refused.status == 406


@pytest.mark.parametrize("query", [{"labelSelector": "a b"}, {"fieldSelector": "status.value=1"}])
async def test_what_cannot_be_asked_is_refused(api: Client, query: dict[str, str]) -> None:
    assert (await api.get(GAUGES, **query)).status == 400


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", GAUGES, {"watch": "1"}),
        ("POST", IN_SPACE.format("north"), {}),
        ("PUT", f"{IN_SPACE.format('north')}/a", {}),
        ("DELETE", f"{IN_SPACE.format('north')}/a", {}),
        ("DELETE", IN_SPACE.format("north"), {}),
    ],
)
async def test_they_can_be_read_and_nothing_else(api: Client, method: str, path: str, query: Any) -> None:
    assert (await api.call(method, path, {}, **query)).status == 405


async def test_discovery_tells_what_can_be_done(api: Client) -> None:
    (gauges,) = (await api.get("/apis/test.example.com/v1")).body["resources"]

    assert (gauges["name"], gauges["verbs"]) == ("gauges", ["get", "list"])
    assert "storageVersionHash" not in gauges
