"""A client's requests as a whole: pace, retries, credentials, headers, warnings, time."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from tests.client.rest.scripted_server import CHUNKED_HEAD, Cut, ScriptedServer, Silence, answer, chunk
from tests.client.rest.virtual_waiting import VirtualWaiting

from steersman.apimachinery.errors import ApiError
from steersman.client.config import (
    Config,
    ConfigError,
    ExecCredentials,
    ExecPlugin,
    Headers,
    Impersonation,
    TokenFile,
    bearer_token,
)
from steersman.client.rest import RestClient
from steersman.client.transport import ConnectionLost, TransportError

BUSY = answer(429, b"", "Retry-After: 2")
DOWN = answer(503, b"<html>down</html>", "Retry-After: 1", content_type="text/html")
OK = answer(200, b"ok")


@pytest.fixture
def waiting() -> VirtualWaiting:
    return VirtualWaiting()


# Retries.


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
async def test_a_busy_server_is_asked_again_when_it_says(waiting: VirtualWaiting, method: str) -> None:
    async with ScriptedServer([BUSY, DOWN, OK]) as server, waiting.client(server.url) as client:
        got = await client.request(method, "/x", body=b"" if method == "GET" else b"{}")

    assert got.body == b"ok"
    assert waiting.waits == [2, 1]
    assert [request.body for request in server.received] == [server.received[0].body] * 3
    assert {request.connection for request in server.received} == {0}


async def test_after_ten_retries_the_last_answer_is_raised(waiting: VirtualWaiting) -> None:
    async with ScriptedServer([BUSY]) as server, waiting.client(server.url) as client:
        with pytest.raises(ApiError) as caught:
            await client.request("POST", "/x", body=b"{}")

    assert (caught.value.code, caught.value.reason) == (429, "TooManyRequests")
    assert caught.value.details is not None
    assert caught.value.details["retryAfterSeconds"] == 2
    assert ("retry-after", "2") in caught.value.headers
    assert waiting.waits == [2] * 10
    assert len(server.received) == 11


async def test_a_server_that_does_not_say_when_is_not_asked_again(waiting: VirtualWaiting) -> None:
    async with (
        ScriptedServer([answer(503, b"", content_type="text/html")]) as server,
        waiting.client(server.url) as client,
    ):
        with pytest.raises(ApiError, match="currently unable to handle the request"):
            await client.request("GET", "/x")
    assert waiting.waits == []


@pytest.mark.parametrize("lost", [Cut(), Cut(answer(200, b"half")[:-2])])
async def test_a_read_whose_connection_is_lost_is_sent_again(waiting: VirtualWaiting, lost: Cut) -> None:
    async with ScriptedServer([lost, lost, OK]) as server, waiting.client(server.url) as client:
        got = await client.request("GET", "/x")
    assert got.body == b"ok"
    assert waiting.waits == [0, 0.1]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_whose_connection_is_lost_is_not_sent_again(waiting: VirtualWaiting, method: str) -> None:
    async with ScriptedServer([Cut()]) as server, waiting.client(server.url) as client:
        with pytest.raises(ConnectionLost):
            await client.request(method, "/x", body=b"{}")
    assert len(server.received) == 1
    assert waiting.waits == []


async def test_a_watch_is_opened_again_but_not_read_again(waiting: VirtualWaiting) -> None:
    events = Cut(CHUNKED_HEAD + chunk(b"event\n"))
    async with (
        ScriptedServer([Cut(), BUSY, events]) as server,
        waiting.client(server.url) as client,
        client.stream("GET", "/x", query={"watch": "1"}) as reply,
    ):
        chunks = reply.chunks()
        assert await anext(chunks) == b"event\n"
        with pytest.raises(ConnectionLost):
            await anext(chunks)
    assert waiting.waits == [0, 2]
    assert len(server.received) == 3


async def test_only_the_debug_log_tells_of_retries(waiting: VirtualWaiting, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "steersman")
    async with ScriptedServer([BUSY, OK]) as server, waiting.client(server.url) as client:
        await client.request("GET", "/x")
    assert [(record.levelname, record.name) for record in caplog.records] == [
        ("DEBUG", "steersman.client.rest.rest_client")
    ]
    assert "GET /x failed, retry 1 in 2.0 s" in caplog.text


# Pace.


async def test_requests_keep_to_qps_and_burst_and_watches_do_not(waiting: VirtualWaiting) -> None:
    async with ScriptedServer([OK]) as server, waiting.client(server.url, qps=5.0, burst=2) as client:
        for _ in range(4):
            await client.request("GET", "/x")
        for _ in range(3):
            async with client.stream("GET", "/x", query=[("watch", "true")]):
                pass
        async with client.stream("GET", "/x/log"):
            pass
    assert waiting.waits == pytest.approx([0.2, 0.2, 0.2])


async def test_a_retry_waits_for_its_turn_too(waiting: VirtualWaiting) -> None:
    answers = [answer(429, b"", "Retry-After: 0"), OK]
    async with ScriptedServer(answers) as server, waiting.client(server.url, qps=4.0, burst=1) as client:
        await client.request("GET", "/x")
    assert waiting.waits == pytest.approx([0, 0.25])


async def test_qps_of_zero_stands_for_the_default(waiting: VirtualWaiting) -> None:
    async with ScriptedServer([OK]) as server, waiting.client(server.url, qps=0.0, burst=0) as client:
        for _ in range(11):
            await client.request("GET", "/x")
    assert waiting.waits == pytest.approx([0.2])


async def test_a_long_wait_is_told_but_not_each_one(waiting: VirtualWaiting, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "steersman")
    async with ScriptedServer([OK]) as server, waiting.client(server.url, qps=0.5, burst=1) as client:
        for _ in range(4):
            await client.request("GET", "/x")
    assert waiting.waits == pytest.approx([2, 2, 2])
    assert [record.getMessage() for record in caplog.records] == [
        "GET /x waits 2.0 s: this client's own limit (qps, burst)"
    ]


# Credentials.


async def test_a_rejected_token_is_read_again_from_its_file(waiting: VirtualWaiting, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    async with (
        ScriptedServer([OK, answer(401), OK]) as server,
        waiting.client(server.url, credentials=TokenFile(path)) as client,
    ):
        await client.request("GET", "/x")
        path.write_text("new")
        assert (await client.request("POST", "/x", body=b"{}")).body == b"ok"

    sent = [request.values("authorization") for request in server.received]
    assert sent == [["Bearer old"], ["Bearer old"], ["Bearer new"]]
    assert waiting.waits == []


async def test_a_rejected_token_is_asked_of_the_plugin_once_for_all(waiting: VirtualWaiting, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        f'echo run >> "{tmp_path}/runs"\n'
        f'n=$(wc -l < "{tmp_path}/runs" | tr -d " ")\n'
        'echo "{\\"apiVersion\\": \\"client.authentication.k8s.io/v1\\", \\"kind\\": \\"ExecCredential\\",'
        ' \\"status\\": {\\"token\\": \\"token-$n\\"}}"\n'
    )
    plugin.chmod(0o755)
    credentials = ExecCredentials(ExecPlugin(str(plugin), "client.authentication.k8s.io/v1"))
    async with (
        ScriptedServer([answer(401), answer(401), answer(401), OK]) as server,
        waiting.client(server.url, credentials=credentials) as client,
    ):
        await asyncio.gather(*(client.request("GET", "/x") for _ in range(3)))

    sent = sorted(request.values("authorization")[0] for request in server.received)
    assert sent == ["Bearer token-1"] * 3 + ["Bearer token-2"] * 3
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


async def test_credentials_that_stay_the_same_are_not_sent_again(waiting: VirtualWaiting) -> None:
    async with (
        ScriptedServer([answer(401, b"")]) as server,
        waiting.client(server.url, credentials=bearer_token("wrong")) as client,
    ):
        with pytest.raises(ApiError) as caught:
            await client.request("GET", "/x")
    assert caught.value.reason == "Unauthorized"
    assert len(server.received) == 1


class EverNew:
    """Credentials that are other ones whenever they are rejected."""

    client_certificate = None

    def __init__(self) -> None:
        self._number = 0

    async def headers(self) -> Headers:
        return {"Authorization": f"Bearer {self._number}"}

    async def refresh(self, rejected: Headers) -> bool:
        self._number += 1
        return True


async def test_new_credentials_that_are_rejected_too_end_it(waiting: VirtualWaiting) -> None:
    async with (
        ScriptedServer([answer(401)]) as server,
        waiting.client(server.url, credentials=EverNew()) as client,
    ):
        with pytest.raises(ApiError):
            await client.request("GET", "/x")
    assert [request.values("authorization") for request in server.received] == [["Bearer 0"], ["Bearer 1"]]


# What is sent.


async def test_the_fields_of_a_request(waiting: VirtualWaiting) -> None:
    who = Impersonation("jane", groups=("dev", "ops"), extra={"scopes": ("view",)})
    fields: dict[str, Any] = {"impersonation": who, "user_agent": "me/1", "credentials": bearer_token("t")}
    async with ScriptedServer([OK]) as server, waiting.client(server.url, **fields) as client:
        query = [("labelSelector", "a=b,c"), ("limit", "5")]
        await client.request("PATCH", "/x", query=query, body=b"{}", content_type="application/merge-patch+json")

    (request,) = server.received
    assert request.target == "/x?labelSelector=a%3Db%2Cc&limit=5"
    assert [field for field in request.fields if field[0] not in ("host", "content-length")] == [
        ("accept", "application/json"),
        ("content-type", "application/merge-patch+json"),
        ("user-agent", "me/1"),
        ("impersonate-user", "jane"),
        ("impersonate-group", "dev"),
        ("impersonate-group", "ops"),
        ("impersonate-extra-scopes", "view"),
        ("accept-encoding", "gzip"),
        ("authorization", "Bearer t"),
    ]


@pytest.mark.parametrize(("disabled", "sent"), [(False, ["gzip"]), (True, [])])
async def test_answers_may_be_compressed_and_streams_not(
    waiting: VirtualWaiting, disabled: bool, sent: list[str]
) -> None:
    async with ScriptedServer([OK]) as server, waiting.client(server.url, disable_compression=disabled) as client:
        await client.request("GET", "/x")
        async with client.stream("GET", "/x"):
            pass
    assert [request.values("accept-encoding") for request in server.received] == [sent, []]


@pytest.mark.parametrize("path", ["", "x", "/a b", "/a\r\nHost: b", "/ü", "/a?b", "/a#b", "//evil\n"])
async def test_a_path_that_is_not_encoded_is_refused(waiting: VirtualWaiting, path: str) -> None:
    async with waiting.client("http://127.0.0.1:1") as client:
        with pytest.raises(ValueError, match="percent-encoded"):
            await client.request("GET", path)


def test_fields_that_would_break_a_header_are_refused() -> None:
    with pytest.raises(ConfigError, match="User-Agent"):
        RestClient(Config("http://127.0.0.1:1", user_agent="a\r\nX-Evil: b"))


# Answers.


async def test_each_warning_goes_to_the_handler(waiting: VirtualWaiting) -> None:
    heard: list[tuple[int, str, str]] = []
    warned = answer(
        200, b"", 'Warning: 299 - "one", 299 - "two \\"quoted\\""', "Warning: nonsense", 'warning: 112 a "x"'
    )
    refused = answer(404, b"", 'Warning: 299 - "on a refusal"')
    fields = {"warning_handler": lambda *warning: heard.append(warning)}
    async with ScriptedServer([warned, refused]) as server, waiting.client(server.url, **fields) as client:
        await client.request("GET", "/x")
        with pytest.raises(ApiError):
            await client.request("GET", "/x")
    assert heard == [(299, "-", "one"), (299, "-", 'two "quoted"'), (112, "a", "x"), (299, "-", "on a refusal")]


async def test_a_handler_of_warnings_that_fails_does_not_fail_the_request(
    waiting: VirtualWaiting, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(code: int, agent: str, text: str, /) -> None:
        raise RuntimeError(text)

    async with (
        ScriptedServer([answer(201, b"made", 'Warning: 299 - "w"')]) as server,
        waiting.client(server.url, warning_handler=fail) as client,
    ):
        assert (await client.request("POST", "/x", body=b"{}")).body == b"made"
    assert "the handler of warnings failed" in caplog.text


@pytest.mark.parametrize("status", [302, 304, 400, 404, 500])
async def test_what_is_no_success_is_raised(waiting: VirtualWaiting, status: int) -> None:
    async with ScriptedServer([answer(status, b"")]) as server, waiting.client(server.url) as client:
        with pytest.raises(ApiError) as caught:
            await client.request("GET", "/x")
        with pytest.raises(ApiError):
            async with client.stream("GET", "/x"):
                pytest.fail("there is nothing to read")
    assert caught.value.code == status


# Time.


async def test_a_timeout_is_told_to_the_server_and_kept_here(waiting: VirtualWaiting) -> None:
    async with ScriptedServer([Silence()]) as server, waiting.client(server.url) as client:
        with pytest.raises(TimeoutError, match=r"^GET /x: no answer within 0\.5 seconds$"):
            await client.request("GET", "/x", query={"limit": "1"}, timeout=0.5)
    assert server.received[0].target == "/x?limit=1&timeout=0.5s"


async def test_the_timeout_of_the_config_is_the_default(waiting: VirtualWaiting) -> None:
    async with ScriptedServer([OK]) as server, waiting.client(server.url, timeout=30.0) as client:
        await client.request("GET", "/x")
        await client.request("GET", "/x", timeout=100000.0)
        await client.request("GET", "/x", query={"timeout": "5s"})
    assert [request.target for request in server.received] == ["/x?timeout=30s", "/x?timeout=100000s", "/x?timeout=5s"]


async def test_a_timeout_bounds_the_head_of_a_stream_and_not_its_body(waiting: VirtualWaiting) -> None:
    async with (
        ScriptedServer([CHUNKED_HEAD + chunk(b"event\n"), Silence()]) as server,
        waiting.client(server.url) as client,
        client.stream("GET", "/x", timeout=0.7) as reply,
    ):
        chunks = reply.chunks()
        assert await anext(chunks) == b"event\n"
        waits = asyncio.ensure_future(anext(chunks))
        with pytest.raises(TimeoutError):
            async with client.stream("GET", "/x", timeout=0.8):
                pytest.fail("there is no head")
        assert not waits.done()
        waits.cancel()
    assert server.received[0].target == "/x"


async def test_retries_are_within_the_timeout() -> None:
    started = asyncio.Event()

    async def sleep(seconds: float) -> None:
        started.set()
        await asyncio.Event().wait()

    async with ScriptedServer([BUSY]) as server:
        client = RestClient(Config(server.url, qps=-1), clock=time.monotonic, sleep=sleep)
        with pytest.raises(TimeoutError):
            await client.request("GET", "/x", timeout=0.5)
        await client.close()
    assert started.is_set()


async def test_a_server_that_is_not_there_is_not_asked_again(waiting: VirtualWaiting) -> None:
    async with waiting.client("http://127.0.0.1:1") as client:
        with pytest.raises(TransportError, match="Connection refused"):
            await client.request("GET", "/x")
    assert waiting.waits == []
