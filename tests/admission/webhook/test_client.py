"""The way to a webhook: services, TLS names, connections that are kept, and who the server says it is."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.admission.webhook.front import Front, front
from tests.admission.webhook.webhook_server import WebhookServer, allow, webhook_server

from steersman.admission.selection import AdmissionOptions
from steersman.admission.webhook import webhook_client
from steersman.admission.webhook.authentication import Authentication
from steersman.admission.webhook.webhook import read_target
from steersman.admission.webhook.webhook_client import PostFailed, WebhookClient
from steersman.apimachinery.errors import ApiError
from steersman.client.config.kubeconfig import Context, Kubeconfig, User
from steersman.client.kinds import core_v1, discovery_v1

PORTS = [{"name": "https", "port": 443, "targetPort": "web"}, {"name": "other", "port": 80}]


def to_service(hooks: WebhookServer, **service: Any) -> Any:
    webhook = hooks.webhook("/hook")
    del webhook["clientConfig"]["url"]
    webhook["clientConfig"]["service"] = {"namespace": "default", "name": "hook", "path": "/hook", **service}
    return webhook


async def add_service(api: Front, **spec: Any) -> None:
    service: Any = {"metadata": {"name": "hook"}, "spec": {"ports": PORTS, **spec}}
    await api.client.resource(core_v1.SERVICES).create(service)


async def add_slice(api: Front, name: str, port: int, address: str = "127.0.0.1", ready: bool | None = None) -> None:
    conditions = {} if ready is None else {"ready": ready}
    piece: Any = {
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": "hook"}},
        "addressType": "IPv4",
        "ports": [{"name": "other", "port": 1}, {"name": "https", "port": port}],
        "endpoints": [{"addresses": [address], "conditions": conditions}],
    }
    await api.client.resource(discovery_v1.ENDPOINT_SLICES).create(piece)


async def test_a_service_resolves_to_its_endpoint_slices_under_its_own_name() -> None:
    async with front() as api, webhook_server("hook.default.svc") as hooks:
        hooks.on("/hook", lambda request: allow(request))
        await add_service(api)
        await add_slice(api, "gone", 1, ready=False)
        await add_slice(api, "here", hooks.port)
        await api.validating(to_service(hooks))

        await api.create()

    assert len(hooks.calls("/hook")) == 1
    assert hooks.headers[0]["Host"] == "hook.default.svc:443"


async def test_endpoints_count_where_there_are_no_slices() -> None:
    async with front() as api, webhook_server("hook.default.svc") as hooks:
        hooks.on("/hook", lambda request: allow(request))
        await add_service(api)
        subset: Any = {"addresses": [{"ip": "127.0.0.1"}], "ports": [{"name": "https", "port": hooks.port}]}
        await api.client.resource(core_v1.ENDPOINTS).create({"metadata": {"name": "hook"}, "subsets": [subset]})
        await api.validating(to_service(hooks))

        await api.create()

    assert len(hooks.calls("/hook")) == 1


async def test_endpoints_take_turns() -> None:
    async with front() as api, webhook_server("hook.default.svc") as one, webhook_server("hook.default.svc") as other:
        for hooks in (one, other):
            hooks.on("/hook", lambda request: allow(request))
        await add_service(api)
        await add_slice(api, "one", one.port)
        await add_slice(api, "other", other.port)
        both = to_service(one)
        both["clientConfig"]["caBundle"] = base64.b64encode(one.ca + other.ca).decode()
        await api.validating(both)

        for at in range(4):
            await api.create(f"x{at}")

    assert (len(one.requests), len(other.requests)) == (2, 2)


@pytest.mark.parametrize(
    ("spec", "service", "message"),
    [
        (None, {}, 'Post "https://hook.default.svc:443/hook?timeout=10s": service "hook" not found'),
        ({}, {"port": 8443}, 'no service port 8443 found for service "hook"'),
        ({"clusterIP": "None"}, {}, 'no endpoints available for service "hook"'),
        ({"clusterIP": "127.0.0.1", "ports": [{"port": 9}]}, {"port": 9}, "dial tcp 127.0.0.1:9: connect: connection"),
    ],
)
async def test_services_that_lead_nowhere(spec: Any, service: Any, message: str) -> None:
    async with front() as api, webhook_server("hook.default.svc") as hooks:
        if spec is not None:
            await add_service(api, **spec)
        await api.validating(to_service(hooks, **service))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.message.startswith(
        'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: '
    )
    assert message in refusal.value.message


async def test_an_external_name_is_called_under_the_services_name() -> None:
    async with front() as api, webhook_server("hook.default.svc") as hooks:
        hooks.on("/hook", lambda request: allow(request))
        await add_service(api, type="ExternalName", externalName="127.0.0.1")
        await api.validating(to_service(hooks, port=hooks.port))

        await api.create()

    assert len(hooks.calls("/hook")) == 1


async def test_connections_are_kept() -> None:
    async with front() as api, webhook_server() as hooks:
        for path in ("/a", "/b"):
            hooks.on(path, lambda request: allow(request))
        await api.mutating(hooks.webhook("/a"), hooks.webhook("/b"))

        for at in range(5):
            await api.create(f"x{at}")

    assert len(hooks.requests) == 10
    assert len(hooks.connections) == 1


KUBECONFIG = """
apiVersion: v1
kind: Config
users:
- {name: "127.0.0.1:PORT", user: {token: for-the-address}}
- {name: "*", user: {token: for-the-rest}}
"""

ADMISSION = """
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ValidatingAdmissionWebhook
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: WebhookAdmissionConfiguration
    kubeConfigFile: PATH
"""


async def test_users_of_the_admission_configurations_kubeconfig_are_shown(tmp_path: Path) -> None:
    async with webhook_server() as hooks, webhook_server() as other:
        kubeconfig, admission = tmp_path / "kubeconfig", tmp_path / "admission.yaml"
        kubeconfig.write_text(KUBECONFIG.replace("PORT", str(hooks.port)))
        admission.write_text(ADMISSION.replace("PATH", str(kubeconfig)))
        for one in (hooks, other):
            one.on("/hook", lambda request: allow(request))
        async with front(AdmissionOptions(configuration=admission)) as api:
            await api.validating(hooks.webhook("/hook"), name="a")
            await api.validating(other.webhook("/hook"), name="b")

            await api.create()

    assert hooks.headers[0]["Authorization"] == "Bearer for-the-address"
    assert other.headers[0]["Authorization"] == "Bearer for-the-rest"


USERS = ("exact.ns.svc:443", "*.ns.svc:443", "plain.other.svc", "*.other.svc", "*.example.com:8443", "a.example.com")


@pytest.mark.parametrize(
    ("host", "user"),
    [
        ("exact.ns.svc:443", "exact.ns.svc:443"),
        ("x.ns.svc:443", "*.ns.svc:443"),
        ("plain.other.svc:443", "plain.other.svc"),
        ("x.other.svc:443", "*.other.svc"),
        ("x.y.example.com:8443", "*.example.com:8443"),
        ("a.example.com:443", "a.example.com"),
        # Without the port only where it is that of HTTPS.
        ("a.example.com:9443", "*"),
        ("elsewhere:443", "*"),
    ],
)
@pytest.mark.parametrize("fallback", ["*", "current", "anonymous"])
async def test_which_user_a_host_is_shown(host: str, user: str, fallback: str) -> None:
    users = {name: User(token=f"token-of-{name}") for name in (*USERS, "me")}
    if fallback == "*":
        users["*"] = User(token="token-of-*")
    contexts, current = ({"here": Context("c", "me")}, "here") if fallback == "current" else ({}, "")
    authentication = Authentication(Kubeconfig({}, users, contexts, current))
    target = read_target({"url": f"https://{host}/"})

    shown = await authentication.config(target, f"https://{host}").credentials.headers()

    named = {"*": user, "current": "me", "anonymous": ""}[fallback] if user == "*" else user
    assert shown.get("Authorization") == (f"Bearer token-of-{named}" if named else None)


@pytest.mark.parametrize(
    ("configuration", "problem"),
    [
        ({"kind": "Other"}, "its configuration must be a WebhookAdmissionConfiguration of apiVersion"),
        ({"kubeConfigFile": "relative"}, 'kubeConfigFile: Invalid value: "relative": must be an absolute file path'),
        ({"kubeConfigFile": "/no/such/file"}, "kubeConfigFile: /no/such/file: cannot be read"),
        ({"kubeconfig": "/x"}, 'unknown field "kubeconfig"'),
    ],
)
def test_a_wrong_configuration_keeps_the_server_from_starting(configuration: Any, problem: str) -> None:
    good = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "WebhookAdmissionConfiguration"}

    with pytest.raises(ValueError, match=r"^Plugin: ") as error:
        Authentication.from_configuration("Plugin", {**good, **configuration})

    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("config", "authority", "path"),
    [
        ({"url": "https://example.com"}, "example.com", "/"),
        ({"url": "https://example.com:443/a/b"}, "example.com", "/a/b"),
        ({"url": "https://[::1]:8443/a%20b"}, "[::1]:8443", "/a%20b"),
        ({"service": {"namespace": "n", "name": "s"}}, "s.n.svc:443", "/"),
        ({"service": {"namespace": "n", "name": "s", "port": 8443, "path": "x"}}, "s.n.svc:8443", "/x"),
    ],
)
def test_targets(config: Any, authority: str, path: str) -> None:
    target = read_target(config)

    assert (target.authority, target.path) == (authority, path)


class NoServices:
    async def resolve(self, namespace: str, name: str, port: int) -> tuple[str, int]:
        raise AssertionError("no service was asked for")


def soon() -> float:
    return asyncio.get_running_loop().time() + 10


async def answered(http: web.Request) -> web.Response:
    return web.Response(text=(await http.text()).upper())


async def test_a_closed_client_has_no_connections_and_makes_none() -> None:
    client = WebhookClient(NoServices(), Authentication())
    async with webhook_server(handler=answered) as hooks:
        target = read_target(hooks.webhook("/hook")["clientConfig"])
        assert await client.post(target, b"a", soon()) == b"A"

        await client.close()

        with pytest.raises(PostFailed, match="the server is stopping"):
            await client.post(target, b"a", soon())


async def test_of_too_many_addresses_the_one_not_called_for_longest_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_client, "MAX_CONNECTIONS", 2)
    client = WebhookClient(NoServices(), Authentication())
    async with webhook_server() as one, webhook_server() as two, webhook_server() as three:
        for hooks in (one, two, one, three, one, two):
            hooks.on("/hook", lambda request: allow(request))
            target = read_target(hooks.webhook("/hook")["clientConfig"])
            await client.post(target, b'{"request": {"uid": "x"}}', soon())
        await client.close()

    # The second had to make way for the third.
    assert [len(hooks.connections) for hooks in (one, two, three)] == [1, 2, 1]
