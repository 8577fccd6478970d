"""Objects that wait for their initializers: hidden from kubectl, and what our command line does with them."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from tests.cli.commands import Steersman, run
from tests.cli.manifests import SETTINGS, WEB
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl

from steersman.client import ApiResource, Client
from steersman.client.api_resource import DICTS
from steersman.client.config import Overrides, load_config

CONFIGURATION = """
apiVersion: admissionregistration.k8s.io/v1alpha1
kind: InitializerConfiguration
metadata: {name: sidecars}
initializers:
- name: envoy.initializer.example.com
  rules: [{apiGroups: ["*"], apiVersions: ["*"], resources: [deployments]}]
- name: second.initializer.example.com
  rules: [{apiGroups: ["*"], apiVersions: ["*"], resources: [deployments]}]
- name: left.initializer.example.com
  commutes: true
  rules: [{apiGroups: ["*"], apiVersions: ["*"], resources: [secrets]}]
- name: right.initializer.example.com
  commutes: true
  rules: [{apiGroups: ["*"], apiVersions: ["*"], resources: [secrets]}]
- name: last.initializer.example.com
  rules: [{apiGroups: ["*"], apiVersions: ["*"], resources: [secrets]}]
"""


@pytest.fixture(scope="module")
def initializing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server on which Deployments wait for initializers that nobody runs."""
    flags = ("--enable-admission-plugins=Initializers", "--runtime-config=admissionregistration.k8s.io/v1alpha1=true")
    server = ServerProcess(tmp_path_factory.mktemp("server"), flags)
    server.start()
    steersman = Steersman(server)
    steersman("create", "-f", "-", stdin=CONFIGURATION)
    yield server
    server.end()


@pytest.fixture
def shop(initializing_server: ServerProcess, request: pytest.FixtureRequest) -> Steersman:
    """In a namespace of its own, with one Deployment that waits."""
    name = request.node.name.replace("_", "-").partition("[")[0]
    assert initializing_server.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})[0] == 201
    steersman = Steersman(initializing_server, name)
    steersman("apply", "-f", "-", "--include-uninitialized", stdin=WEB)
    return steersman


def test_an_uninitialized_object_is_hidden_unless_asked_for(shop: Steersman) -> None:
    kubectl = Kubectl(bundled_kubectl(), shop.server, shop.namespace)
    assert kubectl("get", "deploy", "-o", "name") == shop("get", "deploy", "-o", "name") == ""
    assert shop.run("get", "deploy", "web").code == 1
    assert shop("get", "deploy", "-o", "name", "--include-uninitialized") == "deployment.apps/web\n"
    assert shop("get", "deploy", "--include-uninitialized").splitlines()[1].startswith("web ")
    assert shop("get", "deploy/web", "-o", "name", "--include-uninitialized") == "deployment.apps/web\n"


def test_it_is_listed_with_whom_it_waits_for(shop: Steersman) -> None:
    header, line = shop("initializers").splitlines()
    assert header.split() == ["NAMESPACE", "KIND/NAME", "PENDING", "AGE", "WAITING-ON", "RESULT"]
    names = "envoy.initializer.example.com,second.initializer.example.com"
    namespace, name, pending, _, waiting_on, result = line.split()
    assert (namespace, name, pending) == (shop.namespace, "deployment.apps/web", names)
    assert (waiting_on, result) == ("envoy.initializer.example.com", "<none>")
    assert line.split()[0] in shop("initializers", "-A", "deployments,configmaps", "--no-headers")
    assert shop.run("initializers", "configmaps") == (0, "", "No objects wait for initializers\n")
    assert shop.run("initializers", "nonsense").code == 1


def test_its_description_says_whom_it_waits_for(shop: Steersman) -> None:
    said = shop("describe", "deploy", "web", "--include-uninitialized")
    (line,) = (line for line in said.splitlines() if line.startswith("Waiting For:"))
    assert (
        line.split(":")[1].strip() == "initializer envoy.initializer.example.com, then second.initializer.example.com"
    )


def test_it_waits_for_all_that_commute(shop: Steersman) -> None:
    shop("create", "secret", "generic", "password", "--from-literal=a=b", "--include-uninitialized")

    _, line = shop("initializers", "secrets").splitlines()
    said = shop("describe", "secret", "password", "--include-uninitialized")

    together = ("left.initializer.example.com", "right.initializer.example.com")
    assert line.split()[4] == ",".join(together)
    assert f"initializer {' and '.join(together)}, then last.initializer.example.com\n" in said


def test_it_can_be_changed(shop: Steersman) -> None:
    flag = "--include-uninitialized"
    assert shop("label", "deploy", "web", "a=b", flag) == "deployment.apps/web labeled\n"
    assert shop("annotate", "deploy", "--all", "a=b", flag) == "deployment.apps/web annotated\n"
    assert shop("set", "image", "deploy/web", "c=nginx:2", flag) == "deployment.apps/web image updated\n"
    assert shop("apply", "-f", "-", flag, stdin=WEB) == "deployment.apps/web configured\n"
    edited = shop.edit("s/replicas: 2/replicas: 3/", "edit", "deploy", "web", flag)
    assert edited == (0, "deployment.apps/web edited\n", "")
    edited = shop.edit("s/replicas: 2/replicas: 3/", "apply", "edit-last-applied", "deploy", "web", flag)
    assert edited == (0, "deployment.apps/web edited\n", "")
    assert "replicas: 3" in shop("apply", "view-last-applied", "deploy", "web", flag)
    assert shop.run("label", "deploy", "web", "a=c").code == 1


def test_it_is_deleted_by_name_or_with_all_when_asked_for(shop: Steersman) -> None:
    shop("create", "deployment", "other", "--image=nginx", "--include-uninitialized")
    assert shop("delete", "deploy", "--all") == "No resources found\n"
    assert shop("delete", "deploy", "other").startswith('deployment.apps "other" deleted')
    assert shop("delete", "deploy", "--all", "--include-uninitialized").startswith('deployment.apps "web" deleted')
    assert shop.run("initializers").out == ""


class _Recorder(BaseHTTPRequestHandler):
    """Answers with a small API of ConfigMaps, and remembers what was asked."""

    seen: ClassVar[list[tuple[str, str, list[str]]]]

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        if size:
            self.rfile.read(size)
        self.seen.append((self.command, parts.path, parse_qs(parts.query).get("includeUninitialized", [])))
        body = orjson.dumps(_OBJECT if self.command == "POST" else _RESPONSES.get(parts.path, _OBJECT))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer


_OBJECT = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "default", "uid": "1", "resourceVersion": "1"},
}
_VERBS = ["create", "delete", "get", "list", "patch", "watch"]
_RESPONSES = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {
                "name": "configmaps",
                "shortNames": ["cm"],
                "singularName": "configmap",
                "namespaced": True,
                "kind": "ConfigMap",
                "verbs": _VERBS,
            }
        ],
    },
    "/api/v1/namespaces/default/configmaps": {
        "apiVersion": "v1",
        "kind": "ConfigMapList",
        "metadata": {"resourceVersion": "1"},
        "items": [_OBJECT],
    },
}


@pytest.fixture
def recorded() -> Iterator[tuple[str, list[tuple[str, str, list[str]]]]]:
    """The URL of a server, and what it was asked."""

    class Recorder(_Recorder):
        seen: ClassVar[list[tuple[str, str, list[str]]]] = []

    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", Recorder.seen
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("is_asked_for", [True, False])
@pytest.mark.parametrize(
    ("command", "method"),
    [
        ("get cm", "GET"),
        ("get cm settings", "GET"),
        ("get cm -o yaml", "GET"),
        ("describe cm settings --no-show-events", "GET"),
        ("apply -f FILE", "GET"),
        ("create -f FILE", "POST"),
        ("annotate cm settings a=b", "GET"),
        ("label cm --all a=b", "GET"),
        ("delete cm --all --no-wait", "GET"),
    ],
)
def test_the_flag_is_a_parameter_of_requests(
    recorded: tuple[str, list[tuple[str, str, list[str]]]],
    tmp_path: Path,
    command: str,
    method: str,
    is_asked_for: bool,
) -> None:
    url, seen = recorded
    (tmp_path / "manifest.yaml").write_text(SETTINGS)
    args = command.replace("FILE", str(tmp_path / "manifest.yaml")).split()
    flag = ["--include-uninitialized"] if is_asked_for else []
    done = run([*args, *flag, "--server", url], KUBECONFIG="", HOME="/nonexistent")
    assert done.code == 0, done
    asked = [one for one in seen if one[0] == method and "/configmaps" in one[1]]
    assert asked[0][2] == (["true"] if is_asked_for else [])


async def test_the_client_sees_such_objects_when_asked(shop: Steersman) -> None:
    deployments = ApiResource("apps", "v1", "deployments", "Deployment", True, DICTS)
    async with Client(load_config(shop.server.kubeconfig, Overrides(namespace=shop.namespace))) as client:
        plain = client.resource(deployments)
        assert len(await plain.list()) == 0
        assert len(await plain.list(include_uninitialized=True)) == 1
        assert (await plain.get("web", include_uninitialized=True))["metadata"]["initializers"]["pending"]
        async with asyncio.timeout(10), plain.watch(include_uninitialized=True) as events:
            event = await anext(events)
            assert (event.type, event.object["metadata"]["name"]) == ("ADDED", "web")
        await plain.delete_collection()
        assert len(await plain.list(include_uninitialized=True)) == 1
        await plain.delete_collection(include_uninitialized=True)
        assert len(await plain.list(include_uninitialized=True)) == 0
