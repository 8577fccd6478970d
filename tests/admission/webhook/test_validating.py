import asyncio
import json
from typing import Any

import pytest
from tests.admission.webhook.front import front
from tests.admission.webhook.webhook_server import Gate, allow, deny, webhook_server

from steersman.apimachinery.errors import ApiError
from steersman.client.kinds import core_v1


@pytest.mark.parametrize(
    ("status", "code", "reason", "message"),
    [
        ({}, 400, "", " without explanation"),
        ({"message": "no"}, 400, "", ": no"),
        ({"reason": "Forbidden"}, 400, "Forbidden", ": Forbidden"),
        ({"code": 403, "reason": "Forbidden", "message": "no"}, 403, "Forbidden", ": no"),
        ({"code": 200, "message": "no"}, 400, "", ": no"),
        ({"code": 422, "reason": "Invalid", "message": "no", "details": {"causes": []}}, 422, "Invalid", ": no"),
    ],
)
async def test_a_refusal_passes_the_status_on(status: Any, code: int, reason: str, message: str) -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/no", lambda request: deny(request, **status))
        await api.validating(hooks.webhook("/no"))

        response = await api.client.rest.request("GET", "/healthz", accept="text/plain")
        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert response.status == 200
    error = refusal.value
    assert error.message == f'admission webhook "no.example.com" denied the request{message}'
    assert error.code == code
    if reason:
        assert error.reason == reason
    if "details" in status:
        assert error.details == status["details"]


async def test_nothing_is_stored_after_a_refusal() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/no", lambda request: deny(request))
        await api.validating(hooks.webhook("/no"))

        with pytest.raises(ApiError):
            await api.create()

        listed = await api.client.resource(core_v1.CONFIG_MAPS).list()
    assert [one["metadata"]["name"] for one in listed.items if one["metadata"]["name"] == "x"] == []


async def test_all_are_asked_at_once() -> None:
    gates = {f"/{name}": Gate() for name in "abc"}
    async with front() as api, webhook_server() as hooks:
        for path, gate in gates.items():
            hooks.on(path, gate.answer)
        await api.validating(*map(hooks.webhook, gates))

        creation = asyncio.create_task(api.create())
        for gate in gates.values():
            await gate.reached.wait()
        assert not creation.done()
        for gate in gates.values():
            gate.open.set()
        await creation


async def test_the_first_refusal_answers_and_the_others_are_given_up() -> None:
    gate = Gate()

    async def refuse(request: Any) -> Any:
        await gate.reached.wait()
        return deny(request, message="no")

    async with front() as api, webhook_server() as hooks:
        hooks.on("/slow", gate.answer)
        hooks.on("/no", refuse)
        await api.validating(hooks.webhook("/slow"), hooks.webhook("/no"))

        with pytest.raises(ApiError) as refusal:
            await api.create()

        assert not gate.open.is_set()
    assert refusal.value.message == 'admission webhook "no.example.com" denied the request: no'


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"patch": "W10="}, "validating webhook may not return response.patch"),
        ({"patchType": "JSONPatch"}, "validating webhook may not return response.patchType"),
    ],
)
async def test_a_validating_webhook_patches_nothing(more: Any, message: str) -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/patch", lambda request: allow(request, **more))
        await api.validating(hooks.webhook("/patch"))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.message == (
        'Internal error occurred: failed calling webhook "patch.example.com": received invalid webhook response:'
        f" {message}"
    )


async def test_warnings_reach_the_client() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/warn", lambda request: allow(request, warnings=["mind the gap"]))
        await api.validating(hooks.webhook("/warn"))

        body = b'{"metadata":{"name":"x"}}'
        answer = await api.client.rest.request("POST", "/api/v1/namespaces/default/configmaps", body=body)

    assert ("warning", '299 - "mind the gap"') in [(name.lower(), value) for name, value in answer.headers]


async def test_what_a_webhook_is_sent() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/see", lambda request: allow(request))
        await api.validating(hooks.webhook("/see"))

        await api.create(data={"a": "b"})
        await api.client.resource(core_v1.CONFIG_MAPS).patch("x", {"data": {"a": "c"}})

    created, updated = hooks.calls("/see")
    assert created["kind"] == created["requestKind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert created["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    assert (created["operation"], created["name"], created["namespace"]) == ("CREATE", "x", "default")
    assert (created["oldObject"], created["dryRun"]) == (None, False)
    assert created["object"]["data"] == {"a": "b"}
    assert created["userInfo"]["username"] == "system:apiserver"
    assert "system:masters" in created["userInfo"]["groups"]
    assert (created["options"]["kind"], created["options"]["apiVersion"]) == ("CreateOptions", "meta.k8s.io/v1")
    assert (updated["operation"], updated["options"]["kind"]) == ("UPDATE", "UpdateOptions")
    assert (updated["oldObject"]["data"], updated["object"]["data"]) == ({"a": "b"}, {"a": "c"})
    assert created["uid"] != updated["uid"]
    assert hooks.headers[0]["User-Agent"] == "kube-apiserver-admission"


DRY = "/api/v1/namespaces/default/configmaps?dryRun=All"


@pytest.mark.parametrize("phase", ["mutating", "validating"])
async def test_a_webhook_with_side_effects_is_not_asked_in_a_dry_run(phase: str) -> None:
    async with front(version="1.20") as api, webhook_server() as hooks:
        hooks.on("/some", lambda request: allow(request))
        configuration = {
            "apiVersion": "admissionregistration.k8s.io/v1beta1",
            "metadata": {"name": "x"},
            "webhooks": [{**hooks.webhook("/some"), "sideEffects": "Some"}],
        }
        kind = f"{phase}webhookconfigurations"
        path = f"/apis/admissionregistration.k8s.io/v1beta1/{kind}"
        await api.client.rest.request("POST", path, body=_json(configuration))

        with pytest.raises(ApiError) as refusal:
            await api.client.rest.request(
                "POST", DRY.partition("?")[0], query={"dryRun": "All"}, body=b'{"metadata":{"name":"x"}}'
            )
        page = await api.metrics()

    assert (refusal.value.code, refusal.value.reason) == (400, "BadRequest")
    assert refusal.value.message == 'admission webhook "some.example.com" does not support dry run'
    assert hooks.calls("/some") == []
    assert 'error_type="apiserver_internal_error"' in page


async def test_a_dry_run_says_so() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/dry", lambda request: allow(request))
        await api.validating(hooks.webhook("/dry", sideEffects="NoneOnDryRun"))

        await api.client.rest.request(
            "POST", DRY.partition("?")[0], query={"dryRun": "All"}, body=b'{"metadata":{"name":"x"}}'
        )

    (request,) = hooks.calls("/dry")
    assert request["dryRun"] is True
    assert request["options"]["dryRun"] == ["All"]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
