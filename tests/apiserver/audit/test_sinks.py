"""What the log and the webhook do with events that are too large, or that cannot be written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from tests.apiserver.audit.events import event

from steersman.apiserver.audit.audit_metrics import AuditMetrics
from steersman.apiserver.audit.backend import NotWritten
from steersman.apiserver.audit.event_encoding import EventEncoder, Truncation
from steersman.apiserver.audit.log_file import LogFile, Rotation
from steersman.apiserver.audit.log_sink import LogSink
from steersman.apiserver.audit.webhook_sink import TRIES, NotSent, WebhookSink
from steersman.apiserver.handlers.negotiation import DECODERS
from steersman.apiserver.metrics import Metrics

ENCODER = EventEncoder(DECODERS, Truncation(True, 600))
LARGE = event("x" * 600)


def metrics() -> AuditMetrics:
    return AuditMetrics(Metrics({}))


@asynccontextmanager
async def log_sink(path: Path, counted: AuditMetrics, form: str = "json") -> AsyncIterator[LogSink]:
    sink = LogSink(LogFile(path, Rotation()), ENCODER, form, counted)
    await sink.open()
    try:
        yield sink
    finally:
        await sink.close()


def ids(path: Path) -> list[str]:
    return [orjson.loads(line)["auditID"] for line in path.read_bytes().splitlines()]


async def test_the_log_leaves_out_what_is_too_large(tmp_path: Path) -> None:
    path, counted = tmp_path / "audit.log", metrics()
    async with log_sink(path, counted) as sink:
        await sink.write([event("a"), LARGE, event("b")], asyncio.Event())

    assert ids(path) == ["a", "b"]
    assert counted.errors.values == {("truncate",): 1}


async def test_an_event_that_cannot_be_encoded_does_not_end_the_log(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    broken = event("a")
    broken.audited.config = None
    async with log_sink(path, metrics()) as sink:
        with pytest.raises(NotWritten, match="cannot encode"):
            await sink.write([broken], asyncio.Event())
        await sink.write([event("b")], asyncio.Event())

    assert ids(path) == ["b"]


async def test_legacy_lines(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    async with log_sink(path, metrics(), "legacy") as sink:
        await sink.write([event("a"), event("b")], asyncio.Event())

    assert [line.split(" ")[2] for line in path.read_text().splitlines()] == ['id="a"', 'id="b"']


async def test_a_log_that_was_never_opened_can_be_closed(tmp_path: Path) -> None:
    await LogSink(LogFile(tmp_path / "audit.log", Rotation()), ENCODER, "json", metrics()).close()


def test_a_form_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'text' is no format of audit logs: choose one of json, legacy"):
        LogSink(LogFile(tmp_path / "audit.log", Rotation()), ENCODER, "text", metrics())


class Server:
    """Takes lists after it has failed so often."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.tries = failures, 0
        self.lists: list[list[str]] = []

    async def post(self, body: bytes) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise NotSent("no")
        self.lists.append([item["auditID"] for item in orjson.loads(body)["items"]])

    async def close(self) -> None:
        """Nothing to do."""


async def test_the_webhook_leaves_out_what_is_too_large() -> None:
    server, counted = Server(), metrics()
    await WebhookSink(server.post, server.close, ENCODER, counted).write([LARGE, event("a")], asyncio.Event())

    assert server.lists == [["a"]]
    assert counted.errors.values == {("truncate",): 1}


async def test_nothing_left_is_nothing_sent() -> None:
    server = Server()
    await WebhookSink(server.post, server.close, ENCODER, metrics()).write([LARGE], asyncio.Event())

    assert server.tries == 0


@pytest.mark.parametrize(("failures", "taken"), [(TRIES - 1, True), (TRIES, False)])
async def test_the_webhook_tries_so_often(failures: int, taken: bool) -> None:
    server, hurry = Server(failures), asyncio.Event()
    hurry.set()
    sink = WebhookSink(server.post, server.close, ENCODER, metrics(), first_pause=3600.0)
    if taken:
        await sink.write([event("a")], hurry)
    else:
        with pytest.raises(NotWritten, match="no"):
            await sink.write([event("a")], hurry)

    assert (server.tries, server.lists) == (TRIES, [["a"]] if taken else [])
