"""What OpenAPI tells of subresources that are done rather than read."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.apis.core_resources import core

from steersman.apiserver.http.message import Connection, Request, Response
from steersman.apiserver.openapi import OpenAPI
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.version import version_info

PODS = "/api/v1/namespaces/{namespace}/pods/{name}"


def openapi(minor: int) -> Callable[..., Awaitable[Any]]:
    served = ServedResources()
    served.install(core(minor))
    service = OpenAPI(served, version_info(minor))

    async def read(path: str, accept: str = "") -> Any:
        return await service.handle(
            Request("GET", path, "", {b"accept": accept.encode()} if accept else {}, b"", Connection())
        )

    return read


@pytest.mark.parametrize("document", ["/openapi/v2", "/openapi/v3/api/v1"])
@pytest.mark.parametrize("minor", [7, 21, 37])
async def test_openapi_is_closed(minor: int, document: str, documents: Any) -> None:
    found = documents.body(await openapi(minor)(document))

    assert documents.dangling(found) == set()
    ids = [operation["operationId"] for _, _, operation in documents.operations(found)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("minor", [7, 21, 37])
async def test_the_protobuf_form_has_each_method(minor: int) -> None:
    answer: Response = await openapi(minor)("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")

    assert answer.status == 200
    assert isinstance(answer.body, bytes)
    assert b"connectCoreV1HeadNodeProxyWithPath" in answer.body


async def test_openapi_names_them_as_kube_apiserver_does(documents: Any) -> None:
    found = documents.body(await openapi(37)("/openapi/v2"))
    named = {(path, method): operation for path, method, operation in documents.operations(found)}

    def told(path: str, method: str) -> tuple[str, str, str]:
        operation = named[path, method]
        kind = operation["x-kubernetes-group-version-kind"]["kind"]
        return operation["operationId"], operation["x-kubernetes-action"], kind

    assert told(f"{PODS}/binding", "post") == ("createCoreV1NamespacedPodBinding", "post", "Binding")
    assert told(f"{PODS}/eviction", "post") == ("createCoreV1NamespacedPodEviction", "post", "Eviction")
    assert told(f"{PODS}/exec", "get") == ("connectCoreV1GetNamespacedPodExec", "connect", "PodExecOptions")
    assert told(f"{PODS}/log", "get") == ("readCoreV1NamespacedPodLog", "get", "Pod")
    assert told("/api/v1/nodes/{name}/proxy/{path}", "put") == (
        "connectCoreV1PutNodeProxyWithPath",
        "connect",
        "NodeProxyOptions",
    )
    assert told("/api/v1/namespaces/{namespace}/bindings", "post") == (
        "createCoreV1NamespacedBinding",
        "post",
        "Binding",
    )
    assert not any("/token/" in path or path.endswith("}/") for path, _ in named)


async def test_parameters_of_connections(documents: Any) -> None:
    found = documents.body(await openapi(37)("/openapi/v2"))
    named = {(path, method): operation for path, method, operation in documents.operations(found)}

    def parameters(path: str) -> dict[str, tuple[str, str]]:
        return {one["name"]: (one["in"], one["type"]) for one in named[path, "get"]["parameters"]}

    assert parameters(f"{PODS}/exec")["command"] == ("query", "string")
    assert parameters(f"{PODS}/exec")["tty"] == ("query", "boolean")
    assert parameters(f"{PODS}/portforward") == {"ports": ("query", "integer")}
    assert parameters(f"{PODS}/log")["tailLines"] == ("query", "integer")
    behind = named[f"{PODS}/proxy/{{path}}", "get"]["parameters"]
    assert [(one["name"], one["in"], one.get("required", False)) for one in behind] == [
        ("path", "path", True),
        ("path", "query", False),
    ]
    assert named[f"{PODS}/exec", "post"]["responses"]["200"]["schema"] == {"type": "string"}
    assert "text/plain" in named[f"{PODS}/log", "get"]["produces"]
