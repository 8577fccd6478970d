"""Webhooks and what is done rather than stored: evictions and bindings, and connections to Pods."""

from typing import Any

from tests.admission.plugin_server import pod, refusal
from tests.admission.webhook.front import Front, front
from tests.admission.webhook.webhook_server import WebhookServer, allow, deny, patch, webhook_server

from steersman.admission.selection import AdmissionOptions
from steersman.client.kinds import core_v1

PLUGINS = AdmissionOptions(control=("MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"))
WEB = "/api/v1/namespaces/default/pods/web"


def on(hooks: WebhookServer, path: str, operation: str, *resources: str, **more: Any) -> Any:
    rule = {"operations": [operation], "apiGroups": [""], "apiVersions": ["v1"], "resources": list(resources)}
    return hooks.webhook(path, rules=[rule], **more)


async def put_pod(api: Front, **spec: Any) -> None:
    await api.client.resource(core_v1.PODS).create(pod(**spec))


async def test_a_connection_is_told_to_a_webhook() -> None:
    async with front(PLUGINS) as api, webhook_server() as hooks:
        hooks.on("/look", lambda request: deny(request, message="not at night", code=403))
        await api.validating(on(hooks, "/look", "CONNECT", "pods/exec", "pods/attach"))
        await put_pod(api)

        command = [("command", "sh"), ("command", "-c"), ("stdin", "true"), ("container", "web")]
        refused = await refusal(api.client.rest.request("POST", f"{WEB}/exec", query=command))
        left_alone = await refusal(api.client.rest.request("POST", f"{WEB}/portforward"))
        (request,) = hooks.calls("/look")

    assert (refused.code, refused.message) == (
        403,
        'admission webhook "look.example.com" denied the request: not at night',
    )
    assert left_alone.message == "pod web does not have a host assigned"
    options = {"kind": "PodExecOptions", "apiVersion": "v1", "command": ["sh", "-c"], "stdin": True, "container": "web"}
    told = {key: request[key] for key in ("operation", "name", "namespace", "object", "oldObject", "options", "dryRun")}
    assert told == {
        "operation": "CONNECT",
        "name": "web",
        "namespace": "default",
        "object": options,
        "oldObject": None,
        "options": None,
        "dryRun": False,
    }
    assert request["kind"] == request["requestKind"] == {"group": "", "version": "v1", "kind": "PodExecOptions"}
    assert request["resource"] == {"group": "", "version": "v1", "resource": "pods"}
    assert request["subResource"] == request["requestSubResource"] == "exec"


async def test_an_eviction_is_told_to_a_webhook() -> None:
    async with front(PLUGINS) as api, webhook_server() as hooks:
        hooks.on("/look", allow)
        await api.validating(on(hooks, "/look", "CREATE", "pods/eviction"))
        await put_pod(api)

        eviction = {"metadata": {"name": "web"}, "deleteOptions": {"gracePeriodSeconds": 7}}
        await api.client.resource(core_v1.PODS).create_subresource("web", "eviction", eviction, dry_run=True)
        (request,) = hooks.calls("/look")

    assert request["kind"] == {"group": "policy", "version": "v1", "kind": "Eviction"}
    assert (request["operation"], request["subResource"], request["name"]) == ("CREATE", "eviction", "web")
    assert request["object"] == {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "web", "namespace": "default"},
        "deleteOptions": {"gracePeriodSeconds": 7},
    }
    assert request["dryRun"] is True
    assert request["options"]["kind"] == "CreateOptions"


async def test_a_webhook_that_fails_stands_in_the_way_of_an_eviction() -> None:
    async with front(PLUGINS) as api, webhook_server() as hooks:
        hooks.on("/look", lambda request: deny(request, message="keep it"))
        await api.validating(on(hooks, "/look", "CREATE", "*/eviction"))
        pods = api.client.resource(core_v1.PODS)
        await put_pod(api)

        refused = await refusal(pods.create_subresource("web", "eviction", {"metadata": {"name": "web"}}))

        assert refused.message == 'admission webhook "look.example.com" denied the request: keep it'
        await pods.get("web")


async def test_evicting_is_not_deleting_to_webhooks() -> None:
    async with front(PLUGINS) as api, webhook_server() as hooks:
        hooks.on("/look", deny)
        await api.validating(on(hooks, "/look", "DELETE", "pods"))
        pods = api.client.resource(core_v1.PODS)

        for phase in ("Pending", "Running"):
            await put_pod(api)
            await pods.patch("web", {"status": {"phase": phase}}, subresource="status")
            await pods.create_subresource("web", "eviction", {"metadata": {"name": "web"}})
            assert (await refusal(pods.get("web"))).code == 404
        assert hooks.calls("/look") == []


async def test_a_webhook_changes_what_is_done() -> None:
    elsewhere = {"op": "replace", "path": "/target/name", "value": "m"}
    noted = {"op": "add", "path": "/metadata/annotations", "value": {"by": "hook"}}
    async with front(PLUGINS) as api, webhook_server() as hooks:
        hooks.on("/move", lambda request: patch(request, elsewhere, noted))
        await api.mutating(on(hooks, "/move", "CREATE", "pods/binding"))
        pods = api.client.resource(core_v1.PODS)
        await put_pod(api)

        binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n"}}
        await pods.create_subresource("web", "binding", binding)

        bound: Any = await pods.get("web")
    assert bound["spec"]["nodeName"] == "m"
    assert bound["metadata"]["annotations"] == {"by": "hook"}


async def test_a_webhook_changes_the_options_of_a_connection() -> None:
    other = {"op": "add", "path": "/container", "value": "other"}
    async with front(PLUGINS) as api, webhook_server() as hooks:
        hooks.on("/move", lambda request: patch(request, other))
        hooks.on("/look", allow)
        await api.mutating(on(hooks, "/move", "CONNECT", "pods/exec"))
        await api.validating(on(hooks, "/look", "CONNECT", "pods/exec"))
        await put_pod(api)

        refused = await refusal(api.client.rest.request("POST", f"{WEB}/exec"))
        (seen,) = hooks.calls("/look")

    assert refused.message == "container other is not valid for pod web"
    assert seen["object"] == {"kind": "PodExecOptions", "apiVersion": "v1", "container": "other"}


async def test_a_webhook_cannot_make_another_thing_of_it() -> None:
    async with front(PLUGINS) as api, webhook_server() as hooks:
        bad: Any = {"op": "replace", "path": "/metadata/name", "value": "other"}
        hooks.on("/move", lambda request: patch(request, bad))
        await api.mutating(on(hooks, "/move", "CREATE", "pods/eviction"))
        pods = api.client.resource(core_v1.PODS)
        await put_pod(api)

        async def refused() -> tuple[int, str]:
            found = await refusal(pods.create_subresource("web", "eviction", {"metadata": {"name": "web"}}))
            return found.code, found.message

        code, message = await refused()
        assert (code, "field is immutable" in message) == (422, True)
        bad = {"op": "add", "path": "/deleteOptions", "value": 7}
        code, message = await refused()
        assert (code, "cannot unmarshal number" in message) == (500, True)
        bad = {"op": "replace", "path": "/kind", "value": "Pod"}
        assert (await refused())[0] == 500
        await pods.get("web")
