"""Documents of the whole catalog: every minor version of Kubernetes, with all that it can serve turned on."""

from collections.abc import Callable
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog, RuntimeConfig
from steersman.apiserver.http.message import Request
from steersman.apiserver.openapi import OpenAPI
from steersman.apiserver.registry.resource import CreateCall, Object
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.version import version_info

Get = Callable[..., Request]

REVIEWS = [GroupKind("authentication.k8s.io", "TokenReview"), GroupKind("authorization.k8s.io", "SubjectAccessReview")]
MINORS = (7, 13, 20, 25, 30, 37)


async def unanswered(call: CreateCall) -> Object:
    raise NotImplementedError


def serve(minor: int, runtime_config: str) -> OpenAPI:
    catalog = Catalog(minor)
    facts = catalog.resources(RuntimeConfig.parse(runtime_config))
    served = ServedResources()
    served.install(builtin_resources(facts, Definitions(catalog), dict.fromkeys(REVIEWS, unanswered)))
    return OpenAPI(served, version_info(minor))


@pytest.mark.parametrize("minor", MINORS)
async def test_v2_is_closed(minor: int, get: Get, documents: Any) -> None:
    document = documents.body(await serve(minor, "api/all=true").handle(get("/openapi/v2")))

    assert documents.dangling(document) == set()
    ids = [operation["operationId"] for _, _, operation in documents.operations(document)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("minor", MINORS)
async def test_v3_is_closed(minor: int, get: Get, documents: Any) -> None:
    openapi = serve(minor, "api/all=true")

    for path in documents.body(await openapi.handle(get("/openapi/v3")))["paths"]:
        document = documents.body(await openapi.handle(get(f"/openapi/v3/{path}")))
        assert documents.dangling(document) == set(), path


@pytest.mark.parametrize("minor", MINORS)
async def test_protobuf_takes_every_keyword(minor: int, get: Get) -> None:
    accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

    answer = await serve(minor, "api/all=true").handle(get("/openapi/v2", accept=accept))

    assert bytes(answer.body).startswith(b"\x0a\x032.0")  # type: ignore[arg-type]


async def test_every_kind_is_found_by_its_tag(get: Get, documents: Any) -> None:
    """kubectl finds the schema of what it sends by the tag that stands in the operation."""
    document = documents.body(await serve(37, "").handle(get("/openapi/v2")))
    tags = [
        tuple(sorted(tag.items()))
        for schema in document["definitions"].values()
        for tag in schema.get("x-kubernetes-group-version-kind", ())
    ]

    wanted = {
        tuple(sorted(operation["x-kubernetes-group-version-kind"].items()))
        for _, _, operation in documents.operations(document)
        if "x-kubernetes-group-version-kind" in operation
    }

    assert wanted <= set(tags)
