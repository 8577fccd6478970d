"""Discovery documents, compared with those of kube-apiserver (kubernetes/kubernetes, api/discovery)."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apiserver.discovery import Discovery, PathIndex
from steersman.apiserver.discovery.resources import storage_version_hash
from steersman.apiserver.http.message import Request, Response
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources

Get = Callable[..., Request]

V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
V2_BETA = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
CHANGES = ["get", "patch", "update"]


@pytest.fixture
def discovery(served: ServedResources) -> Discovery:
    return Discovery(served, lambda: "127.0.0.1:6443")


def body(answer: Response) -> Any:
    assert isinstance(answer.body, bytes)
    return orjson.loads(answer.body)


def test_core_versions(discovery: Discovery, get: Get) -> None:
    assert body(discovery.handle(get("/api"))) == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}],
    }


def test_groups(discovery: Discovery, get: Get) -> None:
    found = body(discovery.handle(get("/apis/")))

    assert (found["kind"], found["apiVersion"]) == ("APIGroupList", "v1")
    assert [group["name"] for group in found["groups"]] == ["apps", "authentication.k8s.io", "example.com"]
    assert found["groups"][2] == {
        "name": "example.com",
        "versions": [{"groupVersion": "example.com/v1", "version": "v1"}],
        "preferredVersion": {"groupVersion": "example.com/v1", "version": "v1"},
    }


def test_a_group(discovery: Discovery, get: Get) -> None:
    version = {"groupVersion": "apps/v1", "version": "v1"}

    assert body(discovery.handle(get("/apis/apps"))) == {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": "apps",
        "versions": [version],
        "preferredVersion": version,
    }


def test_resources_of_a_version(discovery: Discovery, get: Get) -> None:
    assert body(discovery.handle(get("/apis/apps/v1"))) == {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": "apps/v1",
        "resources": [
            {
                "name": "deployments",
                "singularName": "deployment",
                "namespaced": True,
                "kind": "Deployment",
                "verbs": ALL,
                "shortNames": ["deploy"],
                "categories": ["all"],
                "storageVersionHash": "8aSe+NMegvE=",
            },
            {
                "name": "deployments/scale",
                "singularName": "",
                "namespaced": True,
                "group": "autoscaling",
                "version": "v1",
                "kind": "Scale",
                "verbs": CHANGES,
            },
            {
                "name": "deployments/status",
                "singularName": "",
                "namespaced": True,
                "kind": "Deployment",
                "verbs": CHANGES,
            },
        ],
    }


def test_resources_of_the_core_group_have_no_api_version(discovery: Discovery, get: Get) -> None:
    found = body(discovery.handle(get("/api/v1")))

    assert "apiVersion" not in found
    assert (found["groupVersion"], [one["name"] for one in found["resources"]]) == ("v1", ["nodes"])


def test_what_is_not_stored_has_no_storage_version(discovery: Discovery, get: Get) -> None:
    assert body(discovery.handle(get("/apis/authentication.k8s.io/v1")))["resources"] == [
        {
            "name": "tokenreviews",
            "singularName": "tokenreview",
            "namespaced": False,
            "kind": "TokenReview",
            "verbs": ["create"],
        }
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (GroupVersionKind("", "v1", "ConfigMap"), "qFsyl6wFWjQ="),
        (GroupVersionKind("", "v1", "Pod"), "xPOwRZ+Yhw8="),
        (GroupVersionKind("apps", "v1", "ReplicaSet"), "P1RzHs8/mWQ="),
    ],
)
def test_storage_version_hash_is_that_of_kube_apiserver(kind: GroupVersionKind, expected: str) -> None:
    assert storage_version_hash(kind) == expected


def test_aggregated_groups(discovery: Discovery, get: Get) -> None:
    answer = discovery.handle(get("/apis", accept=f"{V2},application/json"))

    found = body(answer)
    assert answer.content_type == V2.encode()
    assert (found["kind"], found["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    assert [group["metadata"]["name"] for group in found["items"]] == ["apps", "authentication.k8s.io", "example.com"]
    assert found["items"][0]["versions"] == [
        {
            "version": "v1",
            "resources": [
                {
                    "resource": "deployments",
                    "responseKind": {"group": "", "version": "", "kind": "Deployment"},
                    "scope": "Namespaced",
                    "singularResource": "deployment",
                    "verbs": ALL,
                    "shortNames": ["deploy"],
                    "categories": ["all"],
                    "subresources": [
                        {
                            "subresource": "scale",
                            "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
                            "verbs": CHANGES,
                        },
                        {
                            "subresource": "status",
                            "responseKind": {"group": "", "version": "", "kind": "Deployment"},
                            "verbs": CHANGES,
                        },
                    ],
                }
            ],
            "freshness": "Current",
        }
    ]


def test_aggregated_custom_resources_name_their_kind_in_full(discovery: Discovery, get: Get) -> None:
    (group,) = (
        one
        for one in body(discovery.handle(get("/apis", accept=V2)))["items"]
        if one["metadata"]["name"] == "example.com"
    )
    kind = {"group": "example.com", "version": "v1", "kind": "Database"}

    (resource,) = group["versions"][0]["resources"]

    assert resource["responseKind"] == resource["subresources"][0]["responseKind"] == kind


def test_aggregated_core_group_stands_alone(discovery: Discovery, get: Get) -> None:
    (group,) = body(discovery.handle(get("/api", accept=V2)))["items"]

    assert group["metadata"] == {}
    assert group["versions"][0]["resources"][0]["scope"] == "Cluster"


@pytest.mark.parametrize(
    ("path", "accept", "form"),
    [
        ("/apis", "", "plain"),
        ("/apis", "*/*", "plain"),
        ("/apis", "application/json, */*", "plain"),
        ("/apis", f"{V2},application/json", "v2"),
        ("/apis", f"{V2};profile=nopeer,application/json", "v2"),
        ("/apis", f"{V2_BETA},application/json", "v2beta1"),
        ("/apis", f"{V2},{V2_BETA},application/json", "v2"),
        ("/apis", f"application/json,{V2}", "plain"),
        ("/apis", f"application/json;q=0.5,{V2}", "v2"),
        ("/apis", "application/json;as=APIGroupDiscoveryList;v=v3;g=apidiscovery.k8s.io,application/json", "plain"),
        ("/apis", "application/vnd.kubernetes.protobuf,application/json", "plain"),
        ("/api", V2, "v2"),
        ("/apis/apps/v1", f"{V2},application/json", "plain"),
    ],
)
def test_the_client_chooses_the_form(discovery: Discovery, get: Get, path: str, accept: str, form: str) -> None:
    answer = discovery.handle(get(path, accept=accept))

    version = body(answer).get("apiVersion", "").removeprefix("apidiscovery.k8s.io/")
    assert (version if "APIGroupDiscoveryList" in body(answer)["kind"] else "plain") == form
    assert (b"Vary", b"Accept") in answer.headers


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/apis", "application/vnd.kubernetes.protobuf"),
        ("/apis", "application/json;as=Table;v=v1;g=meta.k8s.io"),
        ("/apis/apps", V2),
        ("/apis/apps/v1", "application/json;q=0"),
    ],
)
def test_forms_that_we_have_not_are_refused(discovery: Discovery, get: Get, path: str, accept: str) -> None:
    with pytest.raises(ApiError) as refused:
        discovery.handle(get(path, accept=accept))
    assert (refused.value.code, refused.value.reason) == (406, "NotAcceptable")


@pytest.mark.parametrize("accept", ["application/json", V2])
def test_a_client_that_knows_it_gets_304(discovery: Discovery, get: Get, accept: str) -> None:
    first = discovery.handle(get("/apis", accept=accept))

    again = discovery.handle(get("/apis", accept=accept, if_none_match=dict(first.headers)[b"ETag"].decode()))

    assert (again.status, again.body, again.content_type) == (304, b"", first.content_type)


@pytest.mark.parametrize(
    "path", ["/apis/none", "/apis/apps/v9", "/api/v2", "/apis//v1", "/apis/apps/v1/more", "/apis/none/v1"]
)
def test_what_is_not_served_is_not_found(discovery: Discovery, get: Get, path: str) -> None:
    with pytest.raises(ApiError) as missing:
        discovery.handle(get(path))
    assert (missing.value.code, missing.value.reason) == (404, "NotFound")


def test_only_reads(discovery: Discovery, get: Get) -> None:
    with pytest.raises(ApiError) as refused:
        discovery.handle(get("/apis", method="POST"))
    assert refused.value.code == 405


def test_what_changes_is_seen_at_once(
    served: ServedResources, databases: Resource, discovery: Discovery, get: Get
) -> None:
    before = discovery.handle(get("/apis", accept=V2))
    assert discovery.handle(get("/apis", accept=V2)) is before

    served.uninstall([databases])

    after = discovery.handle(get("/apis", accept=V2))
    assert b"example.com" not in bytes(after.body)  # type: ignore[arg-type]
    assert dict(after.headers)[b"ETag"] != dict(before.headers)[b"ETag"]
    with pytest.raises(ApiError):
        discovery.handle(get("/apis/example.com"))


def test_the_root_lists_routes_and_served_versions(served: ServedResources, get: Get) -> None:
    routes = dict.fromkeys(("/", "/healthz", "/healthz/", "/version"), lambda request: Response(200))

    paths = body(PathIndex(served, routes).handle(get("/")))["paths"]

    assert {"/healthz", "/version", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/apis/example.com/v1"} <= {
        *paths
    }
    assert paths == sorted({*paths})
