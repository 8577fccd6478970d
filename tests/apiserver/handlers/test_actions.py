"""Subresources that are done rather than read: what is asked for, who may, what they are told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apis.protobuf.message_strategy import body as protobuf_body
from tests.apis.protobuf.message_strategy import sized, tagged
from tests.apiserver.api_client import METADATA, TABLE, Client, causes, failure
from tests.apiserver.pods import PODS, SUCCESS, WEB, binding, pod, serving_pods

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CONNECT, CREATE, Attributes
from steersman.controlplane.authorization import AuthorizationOptions

SERVICES = "/api/v1/namespaces/default/services"
NODES = "/api/v1/nodes"
NOBODY_THERE = "this server runs no containers and has no kubelet to ask"


class Recorder:
    """An admission plugin that remembers what it was asked about, and refuses what ``refuses`` names."""

    name = "Recorder"
    operations = frozenset((CREATE, CONNECT))
    resources = frozenset(GroupResource("", plural) for plural in ("pods", "bindings", "services", "nodes"))

    def __init__(self) -> None:
        self.seen: list[Attributes] = []
        self.refuses = ""
        self.settled: list[bool] = []

    def admit(self, attributes: Attributes) -> None:
        attributes.on_settled.append(self.settle)
        attributes.warnings.append("looked at")

    async def settle(self, is_done: bool) -> None:
        self.settled.append(is_done)

    def validate(self, attributes: Attributes) -> None:
        self.seen.append(attributes)
        if attributes.subresource and attributes.subresource == self.refuses:
            raise forbidden(attributes.group_resource, attributes.name, "not so")

    def last(self) -> tuple[str, str, str, str]:
        found = self.seen[-1]
        return found.operation, found.resource.plural, found.subresource, found.name


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def api(recorder: Recorder) -> AsyncIterator[Client]:
    async with serving_pods(admission=AdmissionOptions(control=("AlwaysAdmit",), extra=[recorder])) as client:
        yield client


async def on_a_node(api: Client, **spec: Any) -> None:
    """A Pod that is bound to a node, and the node."""
    await api.made(NODES, {"metadata": {"name": "n"}})
    await api.made(PODS, pod(nodeName="n", **spec))


# What has a body.


async def test_admission_sees_the_body(api: Client, recorder: Recorder) -> None:
    await api.made(PODS, pod())

    reply = await api.create(f"{WEB}/binding", binding(), dryRun="All")

    assert (reply.status, reply.warnings) == (201, ['299 - "looked at"'])
    assert recorder.last() == (CREATE, "pods", "binding", "web")
    seen = recorder.seen[-1]
    assert seen.object == {
        "apiVersion": "v1",
        "kind": "Binding",
        **binding(namespace="default"),
    }
    assert (seen.old_object, seen.namespace, seen.dry_run) == (None, "default", True)
    assert recorder.settled[-1] is True


async def test_a_kind_that_is_an_action(api: Client, recorder: Recorder) -> None:
    await api.made(PODS, pod())

    assert await api.made("/api/v1/namespaces/default/bindings", binding()) == SUCCESS
    assert recorder.last() == (CREATE, "bindings", "", "web")


async def test_what_admission_refuses_is_not_done(api: Client, recorder: Recorder) -> None:
    await api.made(PODS, pod())
    recorder.refuses = "binding"

    refused = await api.create(f"{WEB}/binding", binding())

    assert failure(refused) == (403, "Forbidden", 'pods "web" is forbidden: not so')
    assert "nodeName" not in (await api.get(WEB)).body["spec"]
    assert recorder.settled[-1] is False


async def test_what_fails_is_settled_so(api: Client, recorder: Recorder) -> None:
    assert (await api.create(f"{WEB}/binding", binding())).status == 404
    assert recorder.settled == [False]


@pytest.mark.parametrize(
    ("body", "query", "status", "message"),
    [
        (b"{", {}, 400, "the object provided is unrecognized (must be of type Binding)"),
        ([], {}, 400, "it is not a JSON object"),
        ({**binding(), "kind": "Eviction"}, {}, 400, "(Eviction) does not match the expected kind (Binding)"),
        ({**binding(), "apiVersion": "v2"}, {}, 400, "does not match the expected API version (v1)"),
        (binding(namespace="other"), {}, 400, "does not match the namespace sent on the request"),
        ({**binding(), "target": 7}, {}, 400, "cannot be handled as a Binding: json: cannot unmarshal number"),
        ({**binding(), "more": 7}, {"fieldValidation": "Strict"}, 400, 'unknown field "more"'),
        (binding(), {"fieldValidation": "?"}, 422, "fieldValidation"),
        (binding(), {"dryRun": "?"}, 422, "dryRun"),
    ],
)
async def test_bodies_that_are_refused(api: Client, body: Any, query: Any, status: int, message: str) -> None:
    await api.made(PODS, pod())

    refused = await api.create(f"{WEB}/binding", body, **query)

    assert failure(refused)[0] == status
    assert message in refused.body["message"]


async def test_unknown_fields_are_warned_of(api: Client, recorder: Recorder) -> None:
    await api.made(PODS, pod())

    reply = await api.create(f"{WEB}/binding", {**binding(), "more": 7})

    assert reply.warnings == ['299 - "unknown field \\"more\\""', '299 - "looked at"']
    assert "more" not in (recorder.seen[-1].object or {})


async def test_a_client_that_takes_no_json_is_told_before_anything_is_done(api: Client) -> None:
    await api.made(PODS, pod())

    refused = await api.create(f"{WEB}/binding", binding(), accept="text/html")

    assert refused.status == 406
    assert "nodeName" not in (await api.get(WEB)).body["spec"]


async def test_protobuf_in(api: Client) -> None:
    """What kube-scheduler sends."""
    await api.made(PODS, pod())
    target = text(1, "Node") + text(3, "one")
    body = protobuf_body("v1", "Binding", sized_part(1, text(1, "web")) + sized_part(2, target))

    reply = await api.create(f"{WEB}/binding", body, content_type="application/vnd.kubernetes.protobuf")

    assert (reply.status, reply.body) == (201, SUCCESS)
    assert (await api.get(WEB)).body["spec"]["nodeName"] == "one"


def sized_part(number: int, content: bytes) -> bytes:
    """A field that is a message, in protobuf."""
    return tagged(number, 2, sized(content))


def text(number: int, value: str) -> bytes:
    return sized_part(number, value.encode())


async def test_yaml_both_ways(api: Client) -> None:
    await api.made(PODS, pod())
    body = b"metadata: {name: web}\ntarget: {name: one}\n"

    reply = await api.create(f"{WEB}/binding", body, content_type="application/yaml", accept="application/yaml")

    assert reply.status == 201
    assert "status: Success" in reply.body


@pytest.mark.parametrize("accept", [TABLE, METADATA, f"{TABLE}, application/json"])
async def test_success_has_one_form(api: Client, accept: str) -> None:
    await api.made(PODS, pod())

    assert (await api.create(f"{WEB}/binding", binding(), accept=accept)).body == SUCCESS


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{WEB}/binding", 405),
        ("PUT", f"{WEB}/eviction", 405),
        ("DELETE", f"{WEB}/exec", 405),
        ("POST", f"{WEB}/log", 405),
        ("OPTIONS", f"{WEB}/proxy", 405),
        ("GET", "/api/v1/namespaces/default/bindings", 405),
        ("POST", f"{WEB}/binding/more", 404),
        ("GET", f"{WEB}/log/more", 404),
        ("GET", f"{WEB}/exec/more", 404),
        ("GET", f"{WEB}/status/more", 404),
        ("POST", "/api/v1/pods/web/binding", 404),
        ("POST", f"{WEB}/token", 404),
        ("POST", "/api/v1/namespaces/default/services/web/exec", 404),
    ],
)
async def test_ways_that_do_not_exist(api: Client, method: str, path: str, status: int) -> None:
    await api.made(PODS, pod())

    assert (await api.call(method, path, binding())).status == status


# What connects.


async def test_admission_sees_the_options_of_a_connection(api: Client, recorder: Recorder) -> None:
    await api.made(PODS, pod())

    query = "command=ls&command=-l&stdin=true&stdout=1&tty=false&container=main&kind=x&unknown=y&dryRun=All"
    await api.create(f"{WEB}/exec?{query}", None)

    assert recorder.last() == (CONNECT, "pods", "exec", "web")
    seen = recorder.seen[-1]
    assert seen.object == {
        "kind": "PodExecOptions",
        "apiVersion": "v1",
        "command": ["ls", "-l"],
        "stdin": True,
        "stdout": True,
        "tty": False,
        "container": "main",
    }
    assert (seen.old_object, seen.options, seen.dry_run) == (None, {}, False)


@pytest.mark.parametrize(
    ("path", "kind", "options"),
    [
        (f"{WEB}/attach?stderr=1", "PodAttachOptions", {"stderr": True}),
        (f"{WEB}/portforward?ports=80&ports=443", "PodPortForwardOptions", {"ports": [80, 443]}),
        (f"{WEB}/proxy", "PodProxyOptions", {"path": ""}),
        (f"{WEB}/proxy/a/b/?path=x", "PodProxyOptions", {"path": "/a/b/"}),
        (f"{SERVICES}/web/proxy/", "ServiceProxyOptions", {"path": "/"}),
        (f"{NODES}/n/proxy/stats", "NodeProxyOptions", {"path": "/stats"}),
    ],
)
async def test_kinds_of_connections(api: Client, recorder: Recorder, path: str, kind: str, options: Any) -> None:
    await api.get(path)

    assert recorder.seen[-1].operation == CONNECT
    assert recorder.seen[-1].object == {"kind": kind, "apiVersion": "v1", **options}


async def test_reading_a_log_is_no_connection(api: Client, recorder: Recorder) -> None:
    await api.made(PODS, pod())
    recorder.seen.clear()

    await api.get(f"{WEB}/log")

    assert recorder.seen == []


async def test_what_admission_refuses_comes_before_what_is_there(api: Client, recorder: Recorder) -> None:
    recorder.refuses = "exec"

    assert failure(await api.get(f"{WEB}/exec"))[2] == 'pods "web" is forbidden: not so'


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
async def test_a_pod_without_a_node(api: Client, method: str, subresource: str) -> None:
    await api.made(PODS, pod())

    refused = await api.call(method, f"{WEB}/{subresource}")

    assert failure(refused) == (400, "BadRequest", "pod web does not have a host assigned")


@pytest.mark.parametrize(
    ("subresource", "what"),
    [
        ("exec", "container main of pod web"),
        ("attach", "container main of pod web"),
        ("log", "container main of pod web"),
        ("portforward", "pod web"),
    ],
)
async def test_nothing_runs_here(api: Client, subresource: str, what: str) -> None:
    await on_a_node(api)

    refused = await api.get(f"{WEB}/{subresource}", accept="text/plain")

    assert failure(refused) == (503, "ServiceUnavailable", f"cannot connect to {what} on node n: {NOBODY_THERE}")
    assert "retry-after" not in refused.headers


@pytest.mark.parametrize("subresource", ["exec", "attach", "log", "portforward"])
async def test_a_node_that_is_not_there(api: Client, subresource: str) -> None:
    await api.made(PODS, pod(nodeName="gone"))

    assert failure(await api.get(f"{WEB}/{subresource}")) == (404, "NotFound", 'nodes "gone" not found')


async def test_the_log_of_a_pod_that_waits_for_a_node_is_empty(api: Client) -> None:
    await api.made(PODS, pod())

    reply = await api.get(f"{WEB}/log")

    assert (reply.status, reply.body) == (204, None)


CONTAINERS = [{"name": name, "image": "x"} for name in ("a", "b")]


@pytest.mark.parametrize("subresource", ["exec", "attach", "log"])
@pytest.mark.parametrize(
    ("container", "status", "message"),
    [
        ("", 400, "a container name must be specified for pod web, choose one of: [first a b]"),
        ("c", 400, "container c is not valid for pod web"),
        ("b", 503, f"cannot connect to container b of pod web on node n: {NOBODY_THERE}"),
        ("first", 503, f"cannot connect to container first of pod web on node n: {NOBODY_THERE}"),
    ],
)
async def test_containers(api: Client, subresource: str, container: str, status: int, message: str) -> None:
    await on_a_node(api, containers=CONTAINERS, initContainers=[{"name": "first", "image": "x"}])

    query = {"container": container} if container else {}
    refused = await api.get(f"{WEB}/{subresource}", **query)

    assert failure(refused)[::2] == (status, message)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tailLines=-1", [("tailLines", "Invalid value: -1: must be greater than or equal to 0")]),
        ("limitBytes=0", [("limitBytes", "Invalid value: 0: must be greater than 0")]),
        ("sinceSeconds=0", [("sinceSeconds", "Invalid value: 0: must be greater than 0")]),
        (
            "sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
            [("", "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified")],
        ),
    ],
)
async def test_options_of_a_log(api: Client, query: str, found: Any) -> None:
    await on_a_node(api)

    refused = await api.get(f"{WEB}/log?{query}")

    assert failure(refused)[:2] == (422, "Invalid")
    assert causes(refused) == found


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"{WEB}/log?tailLines=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        (f"{WEB}/log?sinceTime=x", "x"),
        (f"{WEB}/portforward?ports=http", 'strconv.ParseInt: parsing "http": invalid syntax'),
    ],
)
async def test_queries_that_cannot_be_read(api: Client, path: str, message: str) -> None:
    await on_a_node(api)

    refused = await api.get(path)

    assert failure(refused)[0] == 400
    assert message in refused.body["message"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
async def test_a_proxy_takes_every_method(api: Client, method: str) -> None:
    await api.made(NODES, {"metadata": {"name": "n"}})

    assert (await api.call(method, f"{NODES}/n/proxy/metrics")).status == 503


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (f"{WEB}/proxy", 400, "address not allowed"),
        (f"{PODS}/https:web:8443/proxy", 400, "address not allowed"),
        (f"{PODS}/gone/proxy", 404, 'pods "gone" not found'),
        (f"{PODS}/ftp:web:21/proxy", 400, 'invalid pod request "ftp:web:21"'),
        (f"{PODS}/a:b:c:d/proxy", 400, 'invalid pod request "a:b:c:d"'),
        (f"{SERVICES}/web:81/proxy", 503, 'no service port 81 found for service "web"'),
        (f"{SERVICES}/web:80/proxy/x", 404, 'endpoints "web" not found'),
        (f"{SERVICES}/gone/proxy", 404, 'services "gone" not found'),
        (f"{NODES}/gone:10250/proxy", 404, 'nodes "gone" not found'),
        (f"{NODES}/n:10250/proxy", 503, f'cannot reach node "n:10250": {NOBODY_THERE}'),
    ],
)
async def test_where_a_proxy_leads(api: Client, path: str, status: int, message: str) -> None:
    await on_a_node(api)
    await api.made(SERVICES, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})

    assert failure(await api.get(path))[::2] == (status, message)


async def test_a_service_behind_which_there_is_something(api: Client) -> None:
    endpoints = "/api/v1/namespaces/default/endpoints"
    await api.made(SERVICES, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    await api.made(endpoints, {"metadata": {"name": "web"}})

    assert failure(await api.get(f"{SERVICES}/web/proxy"))[2] == 'no endpoints available for service "web"'

    await api.patch(f"{endpoints}/web", {"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]})
    refused = await api.get(f"{SERVICES}/web/proxy")

    assert failure(refused)[::2] == (503, 'cannot reach service "web": this server has no network to Pods')


# Who may.


@pytest.mark.parametrize(
    ("verb", "resource", "method", "path"),
    [
        ("create", "pods/binding", "POST", f"{WEB}/binding"),
        ("create", "bindings", "POST", "/api/v1/namespaces/default/bindings"),
        ("create", "pods/exec", "POST", f"{WEB}/exec"),
        ("get", "pods/exec", "GET", f"{WEB}/exec"),
        ("get", "pods/log", "GET", f"{WEB}/log"),
        ("update", "pods/proxy", "PUT", f"{WEB}/proxy/a/b"),
    ],
)
async def test_the_subresource_is_what_is_authorized(verb: str, resource: str, method: str, path: str) -> None:
    roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    async with serving_pods(authorization=AuthorizationOptions(modes=("RBAC",))) as api:
        await api.made(PODS, pod())
        as_jane = {"impersonate-user": "jane"}
        refused = await api.call(method, path, binding(), headers=as_jane)
        assert failure(refused)[:2] == (403, "Forbidden")
        assert f'cannot {verb} resource "{resource}" in API group ""' in refused.body["message"]

        rule = {"apiGroups": [""], "resources": [resource], "verbs": [verb]}
        await api.made(f"{roles}/roles", {"metadata": {"name": "one"}, "rules": [rule]})
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"}
        bound = {"metadata": {"name": "one"}, "roleRef": role, "subjects": [subject]}
        await api.made(f"{roles}/rolebindings", bound)

        assert (await api.call(method, path, binding(), headers=as_jane)).status != 403
