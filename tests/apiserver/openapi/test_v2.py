from collections.abc import Callable
from typing import Any

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.http.message import Request
from steersman.apiserver.openapi import OpenAPI
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources

Get = Callable[..., Request]

PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
PROTOBUF_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
DATABASE = [{"group": "example.com", "kind": "Database", "version": "v1"}]


@pytest.fixture
async def document(openapi: OpenAPI, get: Get, documents: Any) -> Any:
    return documents.body(await openapi.handle(get("/openapi/v2")))


async def test_is_closed(document: Any, documents: Any) -> None:
    assert document["swagger"] == "2.0"
    assert documents.dangling(document) == set()


async def test_operations_are_named_once(document: Any, documents: Any) -> None:
    ids = [operation["operationId"] for _, _, operation in documents.operations(document)]

    assert len(ids) == len(set(ids))


async def test_the_definitions_of_a_custom_resource(document: Any) -> None:
    definitions = document["definitions"]
    database, listed = definitions["com.example.v1.Database"], definitions["com.example.v1.DatabaseList"]

    assert database["x-kubernetes-group-version-kind"] == DATABASE
    assert database["required"] == ["spec"]
    assert database["properties"]["metadata"] == {"$ref": f"#/definitions/{META}ObjectMeta"}
    assert database["properties"]["apiVersion"] == {"type": "string"}
    assert database["properties"]["spec"]["required"] == ["engine"]
    assert listed == {
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": "#/definitions/com.example.v1.Database"}},
            "metadata": {"$ref": f"#/definitions/{META}ListMeta"},
        },
        "x-kubernetes-group-version-kind": [{**DATABASE[0], "kind": "DatabaseList"}],
    }


async def test_definitions_of_built_in_kinds_are_the_catalogs(document: Any) -> None:
    spec = document["definitions"]["io.k8s.api.apps.v1.DeploymentSpec"]

    assert spec["properties"]["containers"]["x-kubernetes-patch-merge-key"] == "name"
    assert spec["properties"]["replicas"] == {"type": "integer", "format": "int32"}
    assert document["definitions"][META + "ObjectMeta"]["properties"] == {"name": {"type": "string"}}


@pytest.mark.parametrize("name", ["ListMeta", "ObjectMeta", "Status", "DeleteOptions", "WatchEvent", "Patch"])
async def test_meta_definitions_are_always_there(document: Any, name: str) -> None:
    assert META + name in document["definitions"]


async def test_kubectl_finds_what_a_patch_can_do(document: Any) -> None:
    patch = document["paths"]["/apis/example.com/v1/namespaces/{namespace}/databases/{name}"]["patch"]

    assert patch["x-kubernetes-group-version-kind"] == DATABASE[0]
    assert patch["x-kubernetes-action"] == "patch"
    assert patch["consumes"] == [
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/apply-patch+yaml",
    ]
    assert {one.get("name") for one in patch["parameters"]} >= {"dryRun", "fieldValidation"}
    assert patch["responses"]["200"]["schema"] == {"$ref": "#/definitions/com.example.v1.Database"}


async def test_a_scale_is_a_scale(document: Any) -> None:
    path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"
    update = document["paths"][path]["put"]
    scale = {"$ref": "#/definitions/io.k8s.api.autoscaling.v1.Scale"}

    assert update["parameters"][0] == {"name": "body", "in": "body", "schema": scale, "required": True}
    assert update["responses"]["201"] == {"description": "Created", "schema": scale}
    assert update["x-kubernetes-group-version-kind"]["kind"] == "Scale"


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (PROTOBUF_ASKED, PROTOBUF),
        (PROTOBUF, PROTOBUF),
        (f"application/json;q=0.9,{PROTOBUF_ASKED}", PROTOBUF),
        (f"application/json,{PROTOBUF_ASKED}", "application/json"),
    ],
)
async def test_the_client_chooses_the_form(openapi: OpenAPI, get: Get, accept: str, given: str) -> None:
    answer = await openapi.handle(get("/openapi/v2", accept=accept))

    assert answer.content_type == given.encode()
    assert (b"Vary", b"Accept") in answer.headers


async def test_other_forms_are_refused(openapi: OpenAPI, get: Get) -> None:
    with pytest.raises(ApiError) as refused:
        await openapi.handle(get("/openapi/v2", accept="text/html"))
    assert refused.value.code == 406


@pytest.mark.parametrize("accept", ["application/json", PROTOBUF])
async def test_a_client_that_knows_it_gets_304(openapi: OpenAPI, get: Get, accept: str) -> None:
    first = await openapi.handle(get("/openapi/v2", accept=accept))

    etag = dict(first.headers)[b"ETag"].decode()
    again = await openapi.handle(get("/openapi/v2", accept=accept, if_none_match=etag))

    assert (again.status, again.content_type) == (304, first.content_type)


async def test_what_changes_is_seen_at_once(
    openapi: OpenAPI, served: ServedResources, databases: Resource, get: Get
) -> None:
    before = await openapi.handle(get("/openapi/v2"))

    served.uninstall([databases])
    without = await openapi.handle(get("/openapi/v2"))
    served.install([databases])
    after = await openapi.handle(get("/openapi/v2"))

    assert b"com.example.v1.Database" not in bytes(without.body)  # type: ignore[arg-type]
    assert after.body == before.body
