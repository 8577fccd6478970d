"""Webhooks that fail: what the client is told, and what failurePolicy makes of it."""

import asyncio
import base64
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from tests.admission.webhook.front import Front, front
from tests.admission.webhook.webhook_server import (
    Gate,
    WebhookServer,
    allow,
    certificate,
    review,
    webhook_server,
)

from steersman.admission.selection import AdmissionOptions
from steersman.admission.webhook import connection
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission import Attributes
from steersman.client.kinds import admissionregistration_v1 as registration

Answering = Callable[[Any], Any]


def response(**more: Any) -> web.Response:
    return web.Response(**more)


FAILED = 'failed calling webhook "hook.example.com": '
CALL = f"{FAILED}failed to call webhook: "
INVALID = f"{FAILED}received invalid webhook response: "

MODES: dict[str, tuple[Answering, str]] = {
    "500": (
        lambda _: response(status=500, text="boom"),
        f'{CALL}an error on the server ("boom") has prevented the request from succeeding',
    ),
    "404": (lambda _: response(status=404), f"{CALL}the server could not find the requested resource"),
    "redirect": (
        lambda _: response(status=307, headers={"Location": "https://elsewhere.example.com/"}),
        f"{CALL}the server redirects to 'https://elsewhere.example.com/', which is not followed",
    ),
    "garbage": (lambda _: response(text="<html>"), f"{CALL}the response is no AdmissionReview: JSON is malformed"),
    "wrong type": (
        lambda request: allow({"uid": request["uid"]}, warnings="one"),
        f"{CALL}the response is no AdmissionReview: Expected `array | null`, got `str` - at `$.response.warnings`",
    ),
    "empty": (lambda _: response(), f"{CALL}0-length response with status code: 200"),
    "no response": (lambda _: review(None), f"{INVALID}webhook response was absent"),
    "wrong uid": (lambda _: review({"uid": "other", "allowed": True}), f'{INVALID}expected response.uid="'),
    "wrong version": (
        lambda request: review({"uid": request["uid"], "allowed": True}, version="v1beta1"),
        f"{INVALID}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview,"
        " got admission.k8s.io/v1beta1, Kind=AdmissionReview",
    ),
    "no kind": (
        lambda request: {"response": {"uid": request["uid"], "allowed": True}},
        f"{INVALID}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
    ),
    "status": (
        lambda _: {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "not me"},
        f"{CALL}not me",
    ),
    "oversized": (
        lambda _: response(body=b" " * (connection.MAX_BYTES + 1)),
        "the response is larger than 8388608 bytes",
    ),
}


@pytest.mark.parametrize(
    ("phase", "mode"), [*(("validating", mode) for mode in MODES), ("mutating", "500"), ("mutating", "wrong uid")]
)
async def test_what_the_client_is_told(phase: str, mode: str) -> None:
    answer, message = MODES[mode]
    async with front() as api, webhook_server() as hooks:
        hooks.on("/hook", answer)
        await getattr(api, phase)(hooks.webhook("/hook"))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert (refusal.value.code, refusal.value.reason) == (500, "InternalError")
    assert message in refusal.value.message
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("phase", ["mutating", "validating"])
@pytest.mark.parametrize("mode", ["500", "garbage", "wrong uid"])
async def test_ignore_passes_over_it(phase: str, mode: str) -> None:
    listens = Listens()
    async with front(AdmissionOptions(extra=(listens,))) as api, webhook_server() as hooks:
        hooks.on("/hook", MODES[mode][0])
        await getattr(api, phase)(hooks.webhook("/hook", failurePolicy="Ignore"))

        await api.create()
        page = await api.metrics()

    kind = {"mutating": "admit", "validating": "validating"}[phase]
    assert f'apiserver_admission_webhook_fail_open_count{{name="hook.example.com",type="{kind}"}} 1' in page
    prefix = {"mutating": "mutation", "validating": "validating"}[phase]
    assert listens.annotations[f"failed-open.{prefix}.webhook.admission.k8s.io/round_0_index_0"] == "hook.example.com"


class Listens:
    name, operations, resources = "Listens", frozenset(("CREATE",)), None

    def __init__(self) -> None:
        self.annotations: dict[str, str] = {}

    def admit(self, attributes: Attributes) -> None:
        """After the mutating webhooks."""

    def validate(self, attributes: Attributes) -> None:
        self.annotations.update(attributes.annotations)


async def refused(api: Front, webhook: Any) -> str:
    """What a client is told, once the webhook is configured."""
    await api.validating(webhook)
    with pytest.raises(ApiError) as refusal:
        await api.create()
    assert "\n" not in refusal.value.message
    return refusal.value.message


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_nobody_listens() -> None:
    port = free_port()
    webhook = WebhookServer(b"", f"https://127.0.0.1:{port}").webhook("/hook")
    async with front() as api:
        message = await refused(api, webhook)

    assert message == (
        f'Internal error occurred: {CALL}Post "https://127.0.0.1:{port}/hook?timeout=10s":'
        f" dial tcp 127.0.0.1:{port}: connect: connection refused"
    )


async def test_a_certificate_of_another_authority() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.ca = certificate("127.0.0.1")[0]
        message = await refused(api, hooks.webhook("/hook"))

    assert "tls: failed to verify certificate: x509: certificate signed by unknown authority" in message


async def test_a_certificate_for_another_name() -> None:
    async with front() as api, webhook_server("example.com") as hooks:
        message = await refused(api, hooks.webhook("/hook"))

    assert "tls: failed to verify certificate: x509: " in message
    assert "127.0.0.1" in message


async def test_a_server_without_tls() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with front() as api, await asyncio.start_server(speak, "127.0.0.1", 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        webhook = WebhookServer(b"", f"https://127.0.0.1:{port}").webhook("/hook")
        message = await refused(api, webhook)

    assert message.endswith("http: server gave HTTP response to HTTPS client")


async def test_a_bundle_that_is_none() -> None:
    async with front() as api, webhook_server() as hooks:
        webhook = hooks.webhook("/hook")
        webhook["clientConfig"]["caBundle"] = base64.b64encode(b"no certificate").decode()
        message = await refused(api, webhook)

    assert "certificate-authority: holds no PEM certificate" in message


async def test_a_slow_webhook_is_given_up_at_its_timeout() -> None:
    gate = Gate()
    async with front() as api, webhook_server() as hooks:
        hooks.on("/hook", gate.answer)
        message = await refused(api, hooks.webhook("/hook", timeoutSeconds=1))

    assert message == (f'Internal error occurred: {CALL}Post "{hooks.url}/hook?timeout=1s": context deadline exceeded')


class Hurries:
    """Gives every request so long."""

    name, operations, resources = "Hurries", frozenset(("CREATE",)), None

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def admit(self, attributes: Attributes) -> None:
        attributes.deadline = asyncio.get_running_loop().time() + self.seconds


@pytest.mark.parametrize(
    ("policy", "code", "message"),
    [
        ("Fail", 500, "context deadline exceeded"),
        ("Ignore", 504, "Timeout: request did not complete within requested timeout"),
    ],
)
async def test_the_requests_own_deadline_counts(policy: str, code: int, message: str) -> None:
    options = AdmissionOptions(control=("ValidatingAdmissionWebhook",), extra=(Hurries(0.05),))
    async with front(options) as api, webhook_server() as hooks:
        hooks.on("/hook", Gate().answer)
        await api.validating(hooks.webhook("/hook", failurePolicy=policy))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.code == code
    assert refusal.value.message.endswith(message)


async def test_metrics_have_upstreams_names() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/hook", lambda _: response(status=503))
        await refused(api, hooks.webhook("/hook"))
        page = await api.metrics()

    labels = 'name="hook.example.com",operation="CREATE"'
    assert (
        f'apiserver_admission_webhook_rejection_count{{error_type="calling_webhook_error",{labels},'
        'rejection_code="503",type="validating"} 1'
    ) in page
    assert (
        f'apiserver_admission_webhook_request_total{{code="503",{labels},rejected="true",type="validating"}} 1'
    ) in page
    assert "apiserver_admission_webhook_admission_duration_seconds_count{" in page


async def test_a_broken_webhook_can_be_removed() -> None:
    everything = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"]}
    async with front() as api, webhook_server() as hooks:
        hooks.on("/hook", lambda _: response(status=500))
        await api.validating(hooks.webhook("/hook", rules=[everything]))
        with pytest.raises(ApiError):
            await api.create()

        await api.client.resource(registration.VALIDATING_WEBHOOK_CONFIGURATIONS).delete("test")

        await api.create()


async def test_versions_that_nobody_knows() -> None:
    async with front(version="1.20") as api, webhook_server() as hooks:
        webhook = hooks.webhook("/hook", admissionReviewVersions=["v9"], failurePolicy="Fail")
        body = {"metadata": {"name": "x"}, "webhooks": [webhook]}
        base = "/apis/admissionregistration.k8s.io/v1beta1/validatingwebhookconfigurations"
        await api.client.rest.request("POST", base, body=json.dumps(body).encode())

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.message == (
        f"Internal error occurred: {FAILED}could not create admission objects:"
        " webhook does not accept known AdmissionReview versions (v1, v1beta1)"
    )


async def test_one_address_gets_so_many_calls_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_CALLS", 2)
    active = peak = 0

    async def count(request: Any) -> Any:
        nonlocal active, peak
        active += 1
        peak = max(peak, active)
        await asyncio.sleep(0.005)
        active -= 1
        return allow(request)

    paths = [f"/hook{at}" for at in range(6)]
    async with front() as api, webhook_server() as hooks:
        for path in paths:
            hooks.on(path, count)
        await api.validating(*map(hooks.webhook, paths))

        await api.create()

    assert len(hooks.requests) == len(paths)
    assert peak <= 2
