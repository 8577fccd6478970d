import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.http.message import Request
from steersman.apiserver.openapi import OpenAPI
from steersman.apiserver.registry.resource import Definition, Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.version import version_info

Get = Callable[..., Request]

GROUP_VERSIONS = ["api/v1", "apis/apps/v1", "apis/authentication.k8s.io/v1", "apis/example.com/v1"]
META = "io.k8s.apimachinery.pkg.apis.meta.v1."


@pytest.fixture
async def index(openapi: OpenAPI, get: Get, documents: Any) -> Any:
    return documents.body(await openapi.handle(get("/openapi/v3")))["paths"]


async def test_the_index_lists_what_is_served(index: Any) -> None:
    assert sorted(index) == GROUP_VERSIONS
    url = index["apis/apps/v1"]["serverRelativeURL"]
    assert url.startswith("/openapi/v3/apis/apps/v1?hash=")


@pytest.mark.parametrize("path", GROUP_VERSIONS)
async def test_each_document_is_closed(openapi: OpenAPI, get: Get, documents: Any, path: str) -> None:
    document = documents.body(await openapi.handle(get(f"/openapi/v3/{path}")))

    assert document["openapi"] == "3.0.0"
    assert documents.dangling(document) == set()


async def test_a_document_of_its_hash_is_kept_for_ever(openapi: OpenAPI, index: Any, get: Get) -> None:
    path, _, query = index["apis/apps/v1"]["serverRelativeURL"].partition("?")

    answer = await openapi.handle(get(path, query))

    headers = dict(answer.headers)
    assert (answer.status, headers[b"Cache-Control"]) == (200, b"public, immutable")
    assert headers[b"ETag"] == b'"%b"' % query.removeprefix("hash=").encode()
    assert b"Expires" in headers


async def test_another_hash_leads_to_the_current_one(openapi: OpenAPI, index: Any, get: Get) -> None:
    answer = await openapi.handle(get("/openapi/v3/apis/apps/v1", "hash=OLD"))

    assert answer.status == 301
    assert dict(answer.headers)[b"Location"].decode() == index["apis/apps/v1"]["serverRelativeURL"]


async def test_without_a_hash_the_client_asks_again(openapi: OpenAPI, get: Get) -> None:
    answer = await openapi.handle(get("/openapi/v3/apis/apps/v1"))

    assert b"Cache-Control" not in dict(answer.headers)


async def test_only_what_changed_gets_another_hash(
    openapi: OpenAPI, served: ServedResources, databases: Resource, index: Any, get: Get, documents: Any
) -> None:
    def schema() -> dict[str, Any]:
        return {"type": "object", "properties": {"spec": {"type": "string"}}}

    changed = Definition(databases.definition.name, schema, databases.definition.resolve)
    served.install([replace(databases, definition=changed)])

    after = documents.body(await openapi.handle(get("/openapi/v3")))["paths"]

    assert [path for path in after if after[path] != index[path]] == ["apis/example.com/v1"]


async def test_a_custom_resource_document(openapi: OpenAPI, get: Get, documents: Any) -> None:
    document = documents.body(await openapi.handle(get("/openapi/v3/apis/example.com/v1")))
    spec = document["components"]["schemas"]["com.example.v1.Database"]["properties"]["spec"]["properties"]

    assert spec["engine"] == {"type": "string", "enum": ["mysql", "postgres"], "default": "postgres"}
    assert spec["note"] == {"type": "string", "nullable": True}
    assert spec["port"]["anyOf"] == [{"type": "integer"}, {"type": "string"}]


async def test_kubectl_explain_finds_kind_and_schema(openapi: OpenAPI, get: Get, documents: Any) -> None:
    document = documents.body(await openapi.handle(get("/openapi/v3/apis/apps/v1")))

    kind = document["paths"]["/apis/apps/v1/deployments"]["get"]["x-kubernetes-group-version-kind"]
    tagged = [
        name
        for name, schema in document["components"]["schemas"].items()
        if kind in schema.get("x-kubernetes-group-version-kind", ())
    ]
    assert tagged == ["io.k8s.api.apps.v1.Deployment"]


async def test_a_body_and_an_answer(openapi: OpenAPI, get: Get, documents: Any) -> None:
    document = documents.body(await openapi.handle(get("/openapi/v3/apis/apps/v1")))
    item = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    deployment = {"schema": {"$ref": "#/components/schemas/io.k8s.api.apps.v1.Deployment"}}

    assert item["put"]["requestBody"] == {"content": {"*/*": deployment}, "required": True}
    assert item["put"]["responses"]["200"]["content"]["application/json"] == deployment
    assert "application/strategic-merge-patch+json" in item["patch"]["requestBody"]["content"]
    assert "fieldValidation" in {one.get("name") for one in item["patch"]["parameters"]}


async def test_meta_definitions_need_no_built_in_kinds(databases: Resource, get: Get, documents: Any) -> None:
    served = ServedResources()
    served.install([databases])
    openapi = OpenAPI(served, version_info(37))

    document = documents.body(await openapi.handle(get("/openapi/v3/apis/example.com/v1")))

    assert documents.dangling(document) == set()
    assert "ownerReferences" in document["components"]["schemas"][META + "ObjectMeta"]["properties"]


@pytest.mark.parametrize(
    ("path", "accept", "code"),
    [
        ("/openapi/v3/apis/none/v1", "", 404),
        ("/openapi/v3/apis//v1", "", 404),
        ("/openapi/v3/apis/apps", "", 404),
        ("/openapi/v3/version", "", 404),
        ("/openapi/v4", "", 404),
        ("/openapi/v2/more", "", 404),
        ("/openapi/v3", "text/html", 406),
        ("/openapi/v3/apis/apps/v1", "application/com.github.proto-openapi.spec.v3@v1.0+protobuf", 406),
    ],
)
async def test_what_we_have_not_is_refused(openapi: OpenAPI, get: Get, path: str, accept: str, code: int) -> None:
    with pytest.raises(ApiError) as refused:
        await openapi.handle(get(path, accept=accept))
    assert refused.value.code == code


async def test_only_reads(openapi: OpenAPI, get: Get) -> None:
    with pytest.raises(ApiError) as refused:
        await openapi.handle(get("/openapi/v3", method="PUT"))
    assert refused.value.code == 405


async def test_one_build_serves_all_who_wait(served: ServedResources, databases: Resource, get: Get) -> None:
    loads = []

    def load() -> dict[str, Any]:
        loads.append(1)
        return {"type": "object"}

    counted = Definition(databases.definition.name, load, databases.definition.resolve)
    served.install([replace(databases, definition=counted)])
    openapi = OpenAPI(served, version_info(37))
    request = get("/openapi/v3/apis/example.com/v1")

    answers = await asyncio.gather(*(openapi.handle(request) for _ in range(5)))

    assert len({answer.body for answer in answers}) == 1
    assert len(loads) == 1


async def test_a_failed_build_is_tried_again(served: ServedResources, databases: Resource, get: Get) -> None:
    failures = [KeyError("for now")]

    def load() -> dict[str, Any]:
        if failures:
            raise failures.pop()
        return {"type": "object"}

    broken = Definition(databases.definition.name, load, databases.definition.resolve)
    served.install([replace(databases, definition=broken)])
    openapi = OpenAPI(served, version_info(37))

    with pytest.raises(KeyError):
        await openapi.handle(get("/openapi/v3/apis/example.com/v1"))

    assert (await openapi.handle(get("/openapi/v3/apis/example.com/v1"))).status == 200
