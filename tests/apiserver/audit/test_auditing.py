"""What a handler under audit does, whatever handler it is: failures, streams, and requests that cannot be audited."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from steersman.apimachinery.errors import bad_request, internal_error, unauthorized
from steersman.apiserver.audit.audit_metrics import AuditMetrics
from steersman.apiserver.audit.auditing import Auditing
from steersman.apiserver.audit.backend import BATCH, BLOCKING_STRICT, Backend, Batching, NotWritten
from steersman.apiserver.audit.event import Event
from steersman.apiserver.audit.event_encoding import EventEncoder
from steersman.apiserver.audit.policy import AuditPolicy, AuditRule, Level, PolicyEvaluator
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.handlers.negotiation import DECODERS
from steersman.apiserver.http.failure import status_response
from steersman.apiserver.http.message import (
    Answer,
    Connection,
    Frame,
    PeerCertificate,
    Request,
    Response,
    Stream,
    StreamWriter,
)
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.request_info import request_info
from steersman.storage.store import StoreClosed

JANE = UserInfo("jane")
Handle = Callable[[Request], Answer | Awaitable[Answer]]


class Memory:
    """A sink of decoded events."""

    name = "memory"

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.broken = False

    async def open(self) -> None:
        """Nothing to do."""

    async def write(self, events: Sequence[Event], hurry: asyncio.Event) -> None:
        if self.broken:
            raise NotWritten("broken")
        encoder = EventEncoder(DECODERS)
        self.events += [orjson.loads(encoder.encode(one)) for one in events]

    async def close(self) -> None:
        """Nothing to do."""

    def told(self) -> list[tuple[str, int, str]]:
        """Stage, code and message of the events."""
        statuses = [(one["stage"], one.get("responseStatus", {})) for one in self.events]
        return [(stage, status.get("code", 0), status.get("message", "")) for stage, status in statuses]


class Scene:
    """A server whose every request is jane's, and is answered as ``handle`` says."""

    def __init__(self, auditing: Auditing, memory: Memory, metrics: AuditMetrics) -> None:
        self.auditing, self.memory, self.metrics = auditing, memory, metrics
        self.handle: Handle = lambda request: Response(200, b"{}")
        self.audited = auditing.audited(self._serve)

    def _serve(self, request: Request) -> Answer | Awaitable[Answer]:
        request.user = JANE
        waiting = self.auditing.received(request, request_info(request.method, request.path, {}), JANE)
        return self.handle(request) if waiting is None else self._later(waiting, request)

    async def _later(self, waiting: Awaitable[None], request: Request) -> Answer:
        await waiting
        answer = self.handle(request)
        return answer if isinstance(answer, Response | Stream) else await answer

    async def ask(self, method: str = "GET", **headers: str) -> Answer:
        fields = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        answer = self.audited(Request(method, "/api/v1/pods", "", fields, b"", Connection("1.1.1.1")))
        return answer if isinstance(answer, Response | Stream) else await answer


@asynccontextmanager
async def scene(mode: str = BATCH, level: Level = Level.METADATA) -> AsyncIterator[Scene]:
    memory, metrics = Memory(), AuditMetrics(Metrics({}))
    backend = Backend(memory, Batching(mode, max_wait=3600), metrics)
    auditing = Auditing(PolicyEvaluator(AuditPolicy((AuditRule(level),))), [backend], metrics)
    await auditing.open()
    try:
        yield Scene(auditing, memory, metrics)
    finally:
        await auditing.close(1)


def raising(error: Exception) -> Sequence[Handle]:
    """Handlers that raise at once, and later."""

    def at_once(request: Request) -> Answer:
        raise error

    async def later(request: Request) -> Answer:
        await asyncio.sleep(0)
        raise error

    return at_once, later


PANIC = ("Panic", 500, "APIServer panic'd: 'oh'")


@pytest.mark.parametrize("handle", raising(KeyError("oh")), ids=["at once", "later"])
async def test_a_defect_is_a_panic(handle: Handle, caplog: pytest.LogCaptureFixture) -> None:
    async with scene() as one:
        one.handle = handle
        answer = await one.ask(audit_id="mine")

    assert one.memory.told() == [("RequestReceived", 0, ""), PANIC]
    assert one.memory.events[1]["responseStatus"]["reason"] == "InternalError"
    assert (answer.status, dict(answer.headers)[b"Audit-Id"]) == (500, b"mine")
    assert "GET /api/v1/pods failed" in caplog.text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (StoreClosed(), ("ResponseComplete", 503, "the store is closed; ask again when the server is back")),
        (bad_request("no"), ("ResponseComplete", 400, "no")),
    ],
)
async def test_failures_that_are_none_of_ours_are_answers(error: Exception, expected: tuple[str, int, str]) -> None:
    for handle in raising(error):
        async with scene() as one:
            one.handle = handle
            await one.ask()
        assert one.memory.told()[1:] == [expected]


async def test_a_request_that_is_given_up() -> None:
    async with scene() as one:
        begun = asyncio.Event()

        async def never(request: Request) -> Answer:
            begun.set()
            await asyncio.Future[None]()
            raise AssertionError

        one.handle = never
        asked = asyncio.ensure_future(one.ask())
        await begun.wait()
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

    message = "the request was not answered: it took too long, or its client left"
    assert one.memory.told()[1:] == [("ResponseComplete", 504, message)]


class Silent:
    closed, buffered = False, 0

    def send(self, frame: Frame) -> None:
        """Nobody reads."""

    def abort(self) -> None:
        """Nobody reads."""


@pytest.mark.parametrize(
    ("error", "last"), [(None, ("ResponseComplete", 200, "")), (KeyError("oh"), PANIC)], ids=["well", "badly"]
)
async def test_a_stream_has_an_event_when_it_begins_and_one_when_it_ends(
    error: Exception | None, last: tuple[str, int, str]
) -> None:
    async def run(writer: StreamWriter) -> None:
        if error is not None:
            raise error

    async with scene() as one:
        one.handle = lambda request: Stream(run, headers=((b"a", b"b"),))
        stream = await one.ask()
        assert isinstance(stream, Stream)
        assert [name for name, _ in stream.headers] == [b"a", b"Audit-Id"]
        await asyncio.gather(stream.run(Silent()), return_exceptions=True)

    assert one.memory.told() == [("RequestReceived", 0, ""), ("ResponseStarted", 200, ""), last]


async def test_a_stream_that_is_cut_ends_too() -> None:
    async def run(writer: StreamWriter) -> None:
        await asyncio.Future[None]()

    async with scene() as one:
        one.handle = lambda request: Stream(run)
        stream = await one.ask()
        assert isinstance(stream, Stream)
        task = asyncio.ensure_future(_run(stream))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert one.memory.told()[1:] == [("ResponseStarted", 200, ""), ("ResponseComplete", 200, "")]


async def _run(stream: Stream) -> None:
    await stream.run(Silent())


async def test_a_strict_backend_that_is_broken_has_requests_refused_before_they_are_handled() -> None:
    handled: list[Request] = []

    def handle(request: Request) -> Answer:
        handled.append(request)
        return Response(200)

    async with scene(BLOCKING_STRICT) as one:
        one.handle, one.memory.broken = handle, True
        refused = await one.ask()
        one.memory.broken = False
        answered = await one.ask()

    assert isinstance(refused, Response)
    told = orjson.loads(status_response(internal_error("failed to store audit event")).body)  # type: ignore[arg-type]
    assert (refused.status, orjson.loads(refused.body)) == (500, told)  # type: ignore[arg-type]
    assert (answered.status, len(handled)) == (200, 1)
    assert one.metrics.rejected.values == {(): 1}
    assert one.memory.told() == [("RequestReceived", 0, ""), ("ResponseComplete", 200, "")]


async def test_what_is_not_audited_gets_an_id_all_the_same() -> None:
    async with scene(level=Level.NONE) as one:
        answers = [await one.ask(audit_id="x" * 2000), await one.ask()]

    assert one.memory.events == []
    assert one.metrics.levels.values == {("None",): 2}
    assert [len(dict(answer.headers)[b"Audit-Id"]) for answer in answers] == [1024, 36]


@pytest.mark.parametrize("stage", ["RequestReceived", "ResponseComplete"])
async def test_stages_can_be_left_out(stage: str) -> None:
    memory, metrics = Memory(), AuditMetrics(Metrics({}))
    backend = Backend(memory, Batching(BATCH), metrics)
    policy = AuditPolicy((AuditRule(Level.METADATA, omit_stages=(stage,)),))
    auditing = Auditing(PolicyEvaluator(policy), [backend], metrics)
    await auditing.open()
    await Scene(auditing, memory, metrics).ask()
    await auditing.close(1)

    assert stage not in [one["stage"] for one in memory.events]
    assert metrics.events.values == {(): 1}


async def test_every_backend_gets_every_event() -> None:
    memories, metrics = [Memory(), Memory()], AuditMetrics(Metrics({}))
    backends = [Backend(memory, Batching(BLOCKING_STRICT), metrics) for memory in memories]
    auditing = Auditing(PolicyEvaluator(AuditPolicy((AuditRule(Level.METADATA),))), backends, metrics)
    await auditing.open()
    one = Scene(auditing, memories[0], metrics)
    await one.ask()
    memories[1].broken = True
    refused = await one.ask()
    await auditing.close(1)

    assert [len(memory.events) for memory in memories] == [3, 2]
    assert refused.status == 500


@pytest.mark.parametrize(
    ("headers", "query", "certificate", "expected"),
    [
        ({}, "", False, "Authentication failed, no credentials provided"),
        ({"authorization": "Bearer x"}, "", False, "Authentication failed, attempted: bearer"),
        ({"authorization": "Basic YTpi"}, "", False, "Authentication failed, attempted: basic"),
        ({}, "access_token=x", True, "Authentication failed, attempted: access_token, x509"),
        ({}, "&".join("a=b" for _ in range(200)), False, "Authentication failed, no credentials provided"),
    ],
)
async def test_of_a_request_from_nobody_there_is_one_event(
    headers: dict[str, str], query: str, certificate: bool, expected: str
) -> None:
    async with scene() as one:
        fields = {name.encode(): value.encode() for name, value in headers.items()}
        connection = Connection("1.1.1.1", True, PeerCertificate("x", ()) if certificate else None)
        refuse = one.auditing.audited(lambda request: status_response(unauthorized()))
        await _answered(refuse(Request("GET", "/api/v1/pods", query, fields, b"", connection)))

    assert one.memory.told() == [("ResponseStarted", 401, expected)]
    assert (one.memory.events[0]["user"], one.memory.events[0]["verb"]) == ({}, "list")


async def test_what_is_refused_for_another_reason_says_that_one() -> None:
    async with scene() as one:
        refuse = one.auditing.audited(lambda request: status_response(bad_request("no")))
        await _answered(refuse(Request("GET", "/api/v1/pods", "", {}, b"", Connection())))

    assert one.memory.told() == [("ResponseStarted", 400, "no")]


async def _answered(answer: Answer | Awaitable[Answer]) -> Answer:
    return answer if isinstance(answer, Response | Stream) else await answer
