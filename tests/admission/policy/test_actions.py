"""Policies and what is done rather than stored: connections to Pods, bindings."""

from typing import Any

from tests.admission.plugin_server import pod, refusal
from tests.admission.policy.serving import PODS, apply_configuration, json_patch, mutate, rule, serving, validate

WEB = "/api/v1/namespaces/default/pods/web"
CONNECTIONS = (rule("pods/exec", operations=("CONNECT",)), rule("pods/attach", operations=("CONNECT",)))
BINDINGS = (rule("pods/binding", operations=("CREATE",)),)
BINDING = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n"}}


async def test_a_policy_looks_at_connections() -> None:
    async with serving() as client:
        no_shell = {
            "expression": "!object.command.exists(one, one == 'sh') || request.userInfo.username == 'jane'",
            "messageExpression": "request.operation + ' ' + request.subResource + ' ' + object.kind + ' with a shell'",
        }
        await validate(client, no_shell, rules=CONNECTIONS)
        await client.resource(PODS).create(pod())

        refused = await refusal(client.rest.request("POST", f"{WEB}/exec", query=[("command", "sh")]))
        allowed = await refusal(client.rest.request("POST", f"{WEB}/exec", query=[("command", "ls")]))

    denied = "ValidatingAdmissionPolicy 'policy' with binding 'policy-binding' denied request"
    told = "CONNECT exec PodExecOptions with a shell"
    assert refused.message == f'pods "web" is forbidden: {denied}: {told}'
    assert allowed.message == "pod web does not have a host assigned"


async def test_a_policy_looks_at_bindings() -> None:
    async with serving() as client:
        await validate(client, "object.target.name.startsWith('gpu-')", rules=BINDINGS)
        pods = client.resource(PODS)
        await pods.create(pod())

        refused = await refusal(pods.create_subresource("web", "binding", BINDING))
        await pods.create_subresource("web", "binding", {**BINDING, "target": {"name": "gpu-1"}})

        bound: Any = await pods.get("web")
    assert "failed expression: object.target.name.startsWith('gpu-')" in refused.message
    assert bound["spec"]["nodeName"] == "gpu-1"


async def test_policies_change_bindings() -> None:
    async with serving(enable=("MutatingAdmissionPolicy",)) as client:
        noted = apply_configuration("Object{metadata: Object.metadata{annotations: {'by': 'policy'}}}")
        await mutate(client, noted, rules=BINDINGS)
        moved = json_patch("[JSONPatch{op: 'replace', path: '/target/name', value: 'm'}]")
        await mutate(client, moved, name="move", rules=BINDINGS)
        pods = client.resource(PODS)
        await pods.create(pod())

        await pods.create_subresource("web", "binding", BINDING)

        bound: Any = await pods.get("web")
    assert bound["spec"]["nodeName"] == "m"
    assert bound["metadata"]["annotations"] == {"by": "policy"}


async def test_policies_change_the_options_of_connections() -> None:
    async with serving(enable=("MutatingAdmissionPolicy",)) as client:
        await mutate(client, apply_configuration("Object{container: 'other'}"), rules=CONNECTIONS)
        await client.resource(PODS).create(pod())

        refused = await refusal(client.rest.request("POST", f"{WEB}/exec"))

    assert refused.message == "container other is not valid for pod web"


async def test_a_policy_cannot_make_what_is_no_binding() -> None:
    async with serving(enable=("MutatingAdmissionPolicy",)) as client:
        wrong = json_patch("[JSONPatch{op: 'add', path: '/more', value: 'x'}]")
        await mutate(client, wrong, rules=BINDINGS)
        pods = client.resource(PODS)
        await pods.create(pod())

        refused = await refusal(pods.create_subresource("web", "binding", BINDING))

    assert refused.code == 500
    assert 'unknown field "more"' in refused.message
