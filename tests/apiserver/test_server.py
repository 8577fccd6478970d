"""Which paths there are, which methods they take, and who may use them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    THINGS,
    Client,
    config_map,
    define_things,
    failure,
    serving,
)

from steersman.apiserver.http.message import PeerCertificate
from steersman.controlplane import ControlPlane

NOT_FOUND = (404, "NotFound", "the server could not find the requested resource")
NOT_ALLOWED = (405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving() as client:
        await define_things(client)
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/unknown",
        "/api/v2",
        "/api/v2/pods",
        "/api/v1/unknown",
        "/api/v1/namespaces/default/unknown/a",
        "/apis/unknown.example.com/v1/things",
        "/apis/example.com/v2/things",
        "/apis/example.com/v1/others",
        "/api//v1/configmaps",
        "/api/v1//configmaps",
        "/api/v1/configmaps/a",
        "/apis/example.com/v1/things/a",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/namespaces/default/nodes/a",
        "/api/v1/namespaces/default/namespaces/kube-system",
        "/api/v1/watch",
        f"{CONFIG_MAPS}/a/status",
    ],
)
async def test_paths_that_there_are_not(api: Client, path: str) -> None:
    assert failure(await api.get(path)) == NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/configmaps"),
        ("DELETE", "/api/v1/configmaps"),
        ("POST", f"{CONFIG_MAPS}/a"),
        ("PUT", CONFIG_MAPS),
        ("PATCH", CONFIG_MAPS),
        ("OPTIONS", CONFIG_MAPS),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ],
)
async def test_methods_that_a_path_does_not_take(api: Client, method: str, path: str) -> None:
    assert failure(await api.call(method, path, {})) == NOT_ALLOWED


async def test_custom_resources_name_the_verb(api: Client) -> None:
    message = 'update is not supported on resources of kind "things.example.com"'

    assert failure(await api.update(THINGS, {})) == (405, "MethodNotAllowed", message)


@pytest.mark.parametrize("path", ["/api/v1/namespaces/default", "/api/v1/namespaces/default/status", f"{CONFIG_MAPS}/"])
async def test_head_is_get_without_a_body(api: Client, path: str) -> None:
    assert (await api.call("HEAD", path)).status == 200


async def test_a_trailing_slash_makes_no_difference(api: Client) -> None:
    await api.made(f"{CONFIG_MAPS}/", config_map("a"))

    assert (await api.get(f"{CONFIG_MAPS}/a/")).status == 200
    assert (await api.get("/api/v1/")).body["kind"] == "APIResourceList"


async def test_a_query_has_an_end(api: Client) -> None:
    assert failure(await api.get(f"{CONFIG_MAPS}?{'a=b&' * 100}"))[:2] == (400, "BadRequest")


async def test_requests_are_counted_by_what_they_ask(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))
    await api.get(f"{CONFIG_MAPS}/a")

    page = (await api.get("/metrics")).body

    [line] = [
        one
        for one in page.splitlines()
        if one.startswith("apiserver_request_total") and 'verb="POST"' in one and 'resource="configmaps"' in one
    ]
    assert 'code="201"' in line
    assert "apiserver_current_inflight_requests" in page
    assert 'resource="configmaps"' in next(
        one for one in page.splitlines() if one.startswith("apiserver_storage_objects") and "configmaps" in one
    )


@pytest.fixture
async def users(tmp_path: Path) -> AsyncIterator[dict[str, Client]]:
    """Clients with a token: one without rights, and one whom nobody knows; and one without credentials."""
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("secret,jane,7\n")
    tokens.chmod(0o600)
    async with ControlPlane(store="memory:", token_auth_file=tokens) as control_plane:
        yield {
            "jane": Client(control_plane.handler, None, token="secret"),
            "stranger": Client(control_plane.handler, None, token="guess"),
            "nobody": Client(control_plane.handler, None),
            "guest": Client(control_plane.handler, PeerCertificate("guest", ())),
        }


@pytest.mark.parametrize("who", ["stranger", "nobody"])
@pytest.mark.parametrize("path", [CONFIG_MAPS, "/api", "/version", "/unknown"])
async def test_nothing_is_answered_to_strangers(users: dict[str, Client], who: str, path: str) -> None:
    assert failure(await users[who].get(path)) == (401, "Unauthorized", "Unauthorized")


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        (
            "GET",
            CONFIG_MAPS,
            'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" '
            'in the namespace "default"',
        ),
        (
            "GET",
            "/apis/apps/v1/deployments",
            'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" '
            "at the cluster scope",
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/web/scale",
            'deployments.apps "web" is forbidden: User "jane" cannot patch resource "deployments/scale" in API group '
            '"apps" in the namespace "a"',
        ),
        (
            "GET",
            f"{CONFIG_MAPS}?watch=1&fieldSelector=metadata.name%3Da",
            'configmaps "a" is forbidden: User "jane" cannot watch resource "configmaps" in API group "" '
            'in the namespace "default"',
        ),
        ("GET", "/metrics", 'forbidden: User "jane" cannot get path "/metrics"'),
        ("POST", "/version", 'forbidden: User "jane" cannot post path "/version"'),
    ],
)
async def test_a_user_without_rights(users: dict[str, Client], method: str, path: str, refusal: str) -> None:
    assert failure(await users["jane"].call(method, path, {})) == (403, "Forbidden", refusal)


@pytest.mark.parametrize("path", ["/version", "/api", "/apis", "/api/v1", "/apis/apps/v1", "/healthz", "/openapi/v2"])
async def test_every_user_may_discover(users: dict[str, Client], path: str) -> None:
    for who in ("jane", "guest"):
        assert (await users[who].get(path)).status == 200


async def test_every_user_may_ask_who_they_are(users: dict[str, Client]) -> None:
    reply = await users["jane"].create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})

    assert reply.body["status"]["userInfo"] == {"username": "jane", "uid": "7", "groups": ["system:authenticated"]}


async def test_each_request_is_logged_without_what_may_be_secret(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="steersman.apiserver.server"):
        await api.get(f"{CONFIG_MAPS}/missing", headers={"authorization": "Bearer secret"}, token="secret")

    assert "GET /api/v1/namespaces/default/configmaps/missing 404" in caplog.text
    assert "user=admin" in caplog.text
    assert "secret" not in caplog.text


async def test_what_the_store_did_is_counted(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("counted"))
    await api.patch(f"{CONFIG_MAPS}/counted", {"data": {"a": "b"}})
    await api.delete(f"{CONFIG_MAPS}/counted")

    page = (await api.get("/metrics")).body

    for operation in ("create", "update", "delete"):
        labels = f'operation="{operation}",type="configmaps"'
        assert f"etcd_request_duration_seconds_count{{{labels}}} 1" in page
