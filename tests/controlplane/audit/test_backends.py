"""Where the events of a whole server go: log files, a webhook over HTTPS, and what happens when they are broken."""

import asyncio
import base64
import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from tests.admission.webhook.webhook_server import webhook_server
from tests.controlplane.audit.audited_server import CONFIG_MAPS, audited_server, config_map

from steersman.apiserver.audit.backend import BATCH, BLOCKING, BLOCKING_STRICT, Batching
from steersman.apiserver.audit.event_encoding import Truncation
from steersman.controlplane import ControlPlane
from steersman.controlplane.audit import AuditOptions, LogOptions, WebhookOptions

METADATA = "- {level: Metadata, omitStages: [RequestReceived]}\n"
PLENTY = 3600.0


async def test_the_log_is_its_owners_only(tmp_path: Path) -> None:
    async with audited_server(tmp_path, METADATA) as server:
        await server.call("GET", "/version")

    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


async def test_batches_are_written_at_the_end(tmp_path: Path) -> None:
    async with audited_server(tmp_path, METADATA, batching=Batching(BATCH, max_wait=PLENTY)) as server:
        replies = [await server.call("GET", "/version") for _ in range(3)]
        assert server.events() == []

    assert [event["auditID"] for event in server.events()] == [reply.headers["audit-id"] for reply in replies]


async def test_a_log_that_cannot_be_opened_is_told_of_at_start(tmp_path: Path) -> None:
    (tmp_path / "audit.log").mkdir()
    with pytest.raises(IsADirectoryError):
        async with audited_server(tmp_path, METADATA):
            pass


@contextlib.contextmanager
def pipe_without_reader(path: Path) -> Iterator[None]:
    """In place of a log: it can be opened while this lasts, and not be written."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield
    finally:
        os.close(reader)


@pytest.mark.parametrize(("mode", "status"), [(BLOCKING, 201), (BLOCKING_STRICT, 500)])
async def test_a_log_that_cannot_be_written(tmp_path: Path, mode: str, status: int) -> None:
    path = tmp_path / "audit.log"
    batching = Batching(mode)
    async with contextlib.AsyncExitStack() as stack:
        with pipe_without_reader(path):
            server = await stack.enter_async_context(audited_server(tmp_path, "- level: Metadata\n", batching=batching))
        refused = await server.call("POST", CONFIG_MAPS, config_map("a"))
        again = await server.plane.client_config().transport.send(_get(f"{CONFIG_MAPS}/a"))  # type: ignore[union-attr]
        page = (await server.call("GET", "/metrics", token="admin-token")).body

    assert refused.status == status
    assert again.status == (200 if status == 201 else 404)
    if status == 500:
        assert refused.body["message"] == "Internal error occurred: failed to store audit event"
        assert page["code"] == 500
    else:
        assert 'apiserver_audit_error_total{plugin="log"} ' in page


def _get(path: str) -> Any:
    from steersman.client.transport import Request

    return Request("GET", path)


async def test_without_a_policy_nothing_is_audited(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    options = AuditOptions(None, LogOptions(tmp_path / "audit.log"))
    async with ControlPlane(store="memory:", audit=options):
        pass

    assert not (tmp_path / "audit.log").exists()
    assert "there is no audit policy file: nothing is audited" in caplog.text


class Collector:
    """A server for events, which fails as long as ``down`` counts."""

    def __init__(self, down: int = 0) -> None:
        self.down, self.lists = down, list[dict[str, Any]]()
        self.asked = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.set()
        if self.down:
            self.down -= 1
            return web.Response(status=403)
        self.lists.append(orjson.loads(await request.read()))
        return web.Response()

    def ids(self) -> list[list[str]]:
        return [[item["auditID"] for item in one["items"]] for one in self.lists]


def kubeconfig(directory: Path, url: str, ca: bytes) -> Path:
    path = directory / "audit.kubeconfig"
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(ca).decode()}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "from-steersman"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path.write_bytes(orjson.dumps(content))
    return path


async def asked(directory: Path, config: Path, requests: int, **options: Any) -> list[str]:
    """The IDs of requests to a server that sends its events there, and has been stopped then."""
    audit = AuditOptions(directory / "policy.yaml", webhook=WebhookOptions(config, **options))
    async with audited_server(directory, METADATA, audit=audit) as server:
        replies = [await server.call("GET", "/version") for _ in range(requests)]
    return [reply.headers["audit-id"] for reply in replies]


async def test_events_are_sent_in_lists_over_https(tmp_path: Path) -> None:
    collector = Collector()
    async with webhook_server(handler=collector.handle) as https:
        config = kubeconfig(tmp_path, f"{https.url}/events", https.ca)
        ids = await asked(tmp_path, config, 5, batching=Batching(BATCH, max_size=3, max_wait=PLENTY))

    assert collector.ids() == [ids[:3], ids[3:]]
    for one in collector.lists:
        assert (one["kind"], one["apiVersion"], one["metadata"]) == ("EventList", "audit.k8s.io/v1", {})
        assert {item["kind"] for item in one["items"]} == {"Event"}


async def test_what_is_not_taken_is_sent_again(tmp_path: Path) -> None:
    collector = Collector(down=2)
    async with webhook_server(handler=collector.handle) as https:
        config = kubeconfig(tmp_path, f"{https.url}/events", https.ca)
        ids = await asked(tmp_path, config, 1, batching=Batching(BLOCKING), initial_backoff=0.001)

    assert collector.ids() == [ids]
    assert collector.down == 0


async def test_a_server_that_stops_does_not_wait_for_its_turn(tmp_path: Path) -> None:
    collector = Collector(down=1)
    async with webhook_server(handler=collector.handle) as https:
        config = kubeconfig(tmp_path, f"{https.url}/events", https.ca)
        webhook = WebhookOptions(config, PLENTY, Batching(BATCH, max_size=1))
        audit = AuditOptions(tmp_path / "policy.yaml", webhook=webhook)
        async with audited_server(tmp_path, METADATA, audit=audit) as server:
            reply = await server.call("GET", "/version")
            await asyncio.wait_for(collector.asked.wait(), 10)

    assert collector.ids() == [[reply.headers["audit-id"]]]


async def test_lists_are_not_larger_than_they_may_be(tmp_path: Path) -> None:
    collector = Collector()
    async with webhook_server(handler=collector.handle) as https:
        config = kubeconfig(tmp_path, f"{https.url}/events", https.ca)
        truncation = Truncation(True, max_event_size=2000, max_batch_size=2000)
        sent = await asked(tmp_path, config, 5, batching=Batching(BATCH, max_wait=PLENTY), truncation=truncation)

    assert [one for ids in collector.ids() for one in ids] == sent
    assert 1 < len(collector.lists) < 5


async def test_nobody_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with webhook_server() as https:
        config = kubeconfig(tmp_path, f"{https.url}/events", https.ca)
    await asked(tmp_path, config, 1, initial_backoff=0.001)

    assert any("audit webhook: 1 events lost" in record.getMessage() for record in caplog.records)


async def test_log_and_webhook_at_once(tmp_path: Path) -> None:
    collector = Collector()
    async with webhook_server(handler=collector.handle) as https:
        config = kubeconfig(tmp_path, f"{https.url}/events", https.ca)
        webhook = WebhookOptions(config, batching=Batching(BLOCKING))
        audit = AuditOptions(tmp_path / "policy.yaml", LogOptions(tmp_path / "audit.log"), webhook)
        async with audited_server(tmp_path, METADATA, audit=audit) as server:
            reply = await server.call("GET", "/version")

    assert collector.ids() == [[event["auditID"] for event in server.events()]] == [[reply.headers["audit-id"]]]
