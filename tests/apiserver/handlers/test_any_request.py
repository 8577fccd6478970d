"""Whatever a client sends, it gets an answer that says what is wrong: never a failure of the server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    DEFINITIONS,
    DEPLOYMENTS,
    THINGS,
    Client,
    config_map,
    define_things,
    deployment,
    failure,
    thing,
)

from steersman.apiserver.http.message import Response
from steersman.controlplane import ControlPlane

BODIES: dict[str, dict[str, Any]] = {
    CONFIG_MAPS: config_map("a", x="1"),
    DEPLOYMENTS: deployment("a"),
    THINGS: thing(size=1),
    "/api/v1/namespaces": {"metadata": {"name": "a"}},
    "/api/v1/namespaces/default/services": {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}},
    "/api/v1/namespaces/default/secrets": {"metadata": {"name": "a"}, "stringData": {"x": "1"}},
    "/apis/batch/v1/namespaces/default/cronjobs": {"metadata": {"name": "a"}, "spec": {"schedule": "* * * * *"}},
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings": {"metadata": {"name": "a"}, "subjects": []},
    "/apis/authorization.k8s.io/v1/subjectaccessreviews": {"spec": {"user": "x", "resourceAttributes": {}}},
    "/apis/authentication.k8s.io/v1/tokenreviews": {"spec": {"token": "x"}},
    DEFINITIONS: {"metadata": {"name": "things.example.com"}, "spec": {"names": {}, "versions": [{"name": "v1"}]}},
}
KEYS = st.sampled_from(
    [
        "metadata",
        "spec",
        "status",
        "name",
        "namespace",
        "labels",
        "annotations",
        "finalizers",
        "ownerReferences",
        "uid",
        "resourceVersion",
        "generation",
        "deletionTimestamp",
        "kind",
        "apiVersion",
        "data",
        "stringData",
        "replicas",
        "selector",
        "matchLabels",
        "matchExpressions",
        "template",
        "containers",
        "ports",
        "size",
        "any",
        "versions",
        "names",
        "subjects",
        "$patch",
        "$setElementOrder/containers",
        "op",
        "path",
        "value",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "a", "0", "v1", "x/y", "2020-01-01T00:00:00Z", "replace", "/spec", "\u0000", "é"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
            "path": st.sampled_from(
                ["", "/metadata", "/metadata/labels", "/spec", "/status", "/spec/replicas", "/x/0"]
            ),
        },
        optional={"value": JSON, "from": st.sampled_from(["", "/spec", "/metadata/name"])},
    ),
    max_size=3,
)
PATHS = st.builds(
    "{}{}".format, st.sampled_from(list(BODIES)), st.sampled_from(["", "/a", "/a/status", "/a/scale", "/a/finalize"])
)
QUERIES = st.dictionaries(
    st.sampled_from(
        [
            "limit",
            "continue",
            "resourceVersion",
            "resourceVersionMatch",
            "labelSelector",
            "fieldSelector",
            "dryRun",
            "fieldValidation",
            "pretty",
            "fieldManager",
            "propagationPolicy",
            "gracePeriodSeconds",
            "sendInitialEvents",
            "includeObject",
            "timeoutSeconds",
        ]
    ),
    st.sampled_from(["", "0", "1", "-1", "All", "Strict", "a=b", "a in (b)", "metadata.name=a", "Exact", "true", "é"]),
    max_size=2,
)
ACCEPTS = st.sampled_from(
    [
        "",
        "application/yaml",
        "text/html",
        "application/json;as=Table;g=meta.k8s.io;v=v1",
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    ]
)
PATCHES = st.one_of(
    st.tuples(st.sampled_from(["merge", "strategic-merge", "json"]), JSON), st.tuples(st.just("json"), OPERATIONS)
)


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, Any]:
    """A collection, and an object that nearly fits it: some part is replaced by anything."""
    path = draw(st.sampled_from(list(BODIES)))
    body: Any = {**BODIES[path]}
    place = body
    while True:
        key = draw(st.sampled_from(list(place)) | KEYS) if place else draw(KEYS)
        inner = place.get(key)
        if not isinstance(inner, dict) or draw(st.booleans()):
            place[key] = draw(JSON)
            return path, body
        place[key] = place = {**inner}


class World:
    """A server and the loop that it lives on, kept over all examples."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._control_plane = ControlPlane(store="memory:")
        self._runner.run(self._control_plane.start())
        self._client = Client(self._control_plane.handler)
        self.types: dict[str, dict[str, str]] = {}
        self._runner.run(self._populate())

    async def _populate(self) -> None:
        await define_things(self._client)
        for path, body in BODIES.items():
            if path != DEFINITIONS:
                made = (await self._client.create(path, body)).body
                self.types[path] = {key: made[key] for key in ("apiVersion", "kind")}

    def answered(self, *request: Any, **options: Any) -> None:
        """Send a request; a refusal has to be a Status with a reason."""
        self._runner.run(self._answered(*request, **options))

    async def _answered(self, method: str, path: str, body: Any, headers: dict[str, str], **query: str) -> None:
        answer = await self._client.answer(method, path, body, headers=headers, **query)
        if isinstance(answer, Response) and answer.status >= 400:
            code, reason, message = failure(self._client.reply(answer))
            # What kube-apiserver says of an applied configuration that is not of its schema.
            unfit = message.startswith("failed to create typed patch object (")
            assert code < 500 or unfit or "Too large resource version" in message
            assert reason or unfit

    def close(self) -> None:
        self._runner.run(self._control_plane.stop())
        self._runner.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


CHECKED = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@CHECKED
@given(request=changed(), method=st.sampled_from(["POST", "PUT"]), query=QUERIES, accept=ACCEPTS)
def test_writes(world: World, request: tuple[str, Any], method: str, query: dict[str, str], accept: str) -> None:
    path, body = request
    world.answered(method, path + ("/a" if method == "PUT" else ""), body, {"accept": accept}, **query)


@CHECKED
@given(path=PATHS, patch=PATCHES, query=QUERIES)
def test_patches(world: World, path: str, patch: tuple[str, Any], query: dict[str, str]) -> None:
    kind, body = patch
    world.answered("PATCH", path, body, {"content-type": f"application/{kind}-patch+json"}, **query)


@CHECKED
@given(
    request=changed(),
    part=st.sampled_from(["", "", "/status", "/scale"]),
    manager=st.sampled_from(["one", "kubectl"]),
    query=QUERIES,
)
def test_applies(world: World, request: tuple[str, Any], part: str, manager: str, query: dict[str, str]) -> None:
    path, body = request
    meta = body.get("metadata")
    named = {"metadata": {"name": "a", **meta}} if isinstance(meta, dict) else {}
    headers = {"content-type": "application/apply-patch+yaml"}
    whole = {**world.types.get(path, {}), **body, **named}
    world.answered("PATCH", f"{path}/a{part}", whole, headers, **{"fieldManager": manager, "force": "true", **query})


@CHECKED
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
    path=PATHS | st.text("/awpis1v%é \u0000", max_size=12).map(lambda text: f"/api/v1/{text}"),
    body=JSON,
    query=QUERIES,
    accept=ACCEPTS,
)
def test_anything(world: World, method: str, path: str, body: Any, query: dict[str, str], accept: str) -> None:
    if method == "DELETE":
        query = {**query, "dryRun": "All"}
    world.answered(method, path, body, {"accept": accept}, **query)
