"""A small world that is served: two built-in kinds, one that is not stored, and a custom resource."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.table import ColumnSet
from steersman.apiserver.http.message import Connection, Request
from steersman.apiserver.registry.resource import Definition, Resource, StoredKind, Strategy, Subresource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.watch_cache import Codec

Get = Callable[..., Request]

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
BUILTIN: Mapping[str, dict[str, Any]] = {
    META + "ObjectMeta": {"type": "object", "properties": {"name": {"type": "string"}}},
    "io.k8s.api.apps.v1.Deployment": {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"$ref": f"#/definitions/{META}ObjectMeta"},
            "spec": {"$ref": "#/definitions/io.k8s.api.apps.v1.DeploymentSpec", "default": {}},
        },
        "x-kubernetes-group-version-kind": [{"group": "apps", "kind": "Deployment", "version": "v1"}],
    },
    "io.k8s.api.apps.v1.DeploymentSpec": {
        "type": "object",
        "required": ["replicas"],
        "properties": {
            "containers": {
                "type": "array",
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                "x-kubernetes-patch-merge-key": "name",
                "x-kubernetes-patch-strategy": "merge",
            },
            "maxSurge": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
            "replicas": {"type": "integer", "format": "int32", "default": 1},
        },
    },
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
    "io.k8s.api.core.v1.Node": {"type": "object", "properties": {"$ref": {"type": "string"}}},
    "io.k8s.api.authentication.v1.TokenReview": {"type": "object"},
}
DATABASE: Mapping[str, Any] = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["engine", "note"],
            "properties": {
                "engine": {"type": "string", "enum": ["mysql", "postgres"], "default": "postgres"},
                "note": {"type": "string", "nullable": True},
                "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "template": {
                    "type": "object",
                    "x-kubernetes-embedded-resource": True,
                    "properties": {"data": {"type": "string"}},
                },
                "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}},
            },
        },
    },
}
CHANGES = ("get", "patch", "update")


def part(name: str, kind: GroupVersionKind) -> Subresource:
    """A subresource whose body is the whole object."""
    return Subresource(name, kind, CHANGES, read=lambda parent: parent, write=lambda parent, body: body)


def resolve(ref: str) -> Mapping[str, Any]:
    return BUILTIN[ref.removeprefix("#/definitions/")]


def no_reference(ref: str) -> Mapping[str, Any]:
    raise LookupError(ref)


def stored(kind: GroupVersionKind, namespaced: bool) -> StoredKind:
    return StoredKind(f"/registry/{kind.kind}/", kind, namespaced, Codec(kind.api_version, kind.kind))


def builtin(group: str, version: str, kind: str, plural: str, package: str, **more: Any) -> Resource:
    gvk = GroupVersionKind(group, version, kind)
    name = f"{package}.{kind}"
    facts: dict[str, Any] = {"namespaced": True, "stored": stored(gvk, more.get("namespaced", True)), **more}
    return Resource(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        singular=kind.lower(),
        list_kind=f"{kind}List",
        definition=Definition(name, lambda: BUILTIN[name], resolve),
        strategy=Strategy(),
        columns=ColumnSet.default,
        **facts,
    )


@pytest.fixture
def deployments() -> Resource:
    kind = GroupVersionKind("apps", "v1", "Deployment")
    scale = GroupVersionKind("autoscaling", "v1", "Scale")
    return builtin(
        "apps",
        "v1",
        "Deployment",
        "deployments",
        "io.k8s.api.apps.v1",
        short_names=("deploy",),
        categories=("all",),
        subresources={
            "status": part("status", kind),
            "scale": part("scale", scale),
        },
    )


@pytest.fixture
def nodes() -> Resource:
    return builtin("", "v1", "Node", "nodes", "io.k8s.api.core.v1", namespaced=False)


@pytest.fixture
def token_reviews() -> Resource:
    return builtin(
        "authentication.k8s.io",
        "v1",
        "TokenReview",
        "tokenreviews",
        "io.k8s.api.authentication.v1",
        namespaced=False,
        stored=None,
        verbs=("create",),
    )


@pytest.fixture
def databases() -> Resource:
    kind = GroupVersionKind("example.com", "v1", "Database")
    return Resource(
        group="example.com",
        version="v1",
        plural="databases",
        kind="Database",
        namespaced=True,
        singular="database",
        list_kind="DatabaseList",
        definition=Definition("com.example.v1.Database", lambda: DATABASE, no_reference),
        stored=stored(kind, namespaced=True),
        strategy=Strategy(),
        columns=ColumnSet.default,
        short_names=("db",),
        subresources={"status": part("status", kind)},
        custom=True,
        strategic_merge=False,
    )


@pytest.fixture
def served(deployments: Resource, nodes: Resource, token_reviews: Resource, databases: Resource) -> ServedResources:
    """All of them, in the order of discovery."""
    served = ServedResources()
    served.install([nodes, deployments, token_reviews, databases])
    return served


@pytest.fixture
def get() -> Get:
    """Make a request: ``get(path, query, accept=…, if_none_match=…)``."""

    def make(path: str, query: str = "", method: str = "GET", **headers: str) -> Request:
        fields = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        return Request(method, path, query, fields, b"", Connection())

    return make
