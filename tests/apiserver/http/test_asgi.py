"""The ASGI face, driven through the ASGI interface itself."""

import asyncio
import gzip
import json
from collections.abc import Awaitable
from typing import Any

import pytest

from steersman.apimachinery.errors import service_unavailable
from steersman.apiserver.http.asgi import AsgiApp
from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Frame, Handler, Request, Response, Stream, StreamWriter


class Exchange:
    """One request as an ASGI server runs it. ``window`` is how many body messages are taken until ``take`` is set."""

    def __init__(self, handler: Handler, limits: dict[str, Any] | None = None, **scope: Any) -> None:
        self.app = AsgiApp(handler, limits=Limits(**(limits or {})))
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": "/",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "client": ("192.0.2.1", 5000),
            **scope,
        }
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[Any] = []
        self.arrived = asyncio.Condition()
        self.take = asyncio.Event()
        self.take.set()

    def body(self, *parts: bytes) -> "Exchange":
        for at, part in enumerate(parts, 1):
            self.incoming.put_nowait({"type": "http.request", "body": part, "more_body": at < len(parts)})
        return self

    def leave(self) -> None:
        self.incoming.put_nowait({"type": "http.disconnect"})

    async def _send(self, message: Any) -> None:
        await self.take.wait()
        async with self.arrived:
            self.sent.append(message)
            self.arrived.notify_all()

    async def run(self) -> "Exchange":
        if self.incoming.empty():
            self.body(b"")
        await self.app(self.scope, self.incoming.get, self._send)
        return self

    async def until(self, messages: int) -> None:
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.sent) >= messages)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def answer(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def complete(self) -> bool:
        return bool(self.sent) and not self.sent[-1].get("more_body", True)


def echo(request: Request) -> Response:
    return Response(200, f"{request.method} {request.path}?{request.query} {request.connection.remote}".encode())


async def test_answers_a_get() -> None:
    exchange = await Exchange(echo, path="/a b", raw_path=b"/a%20b", query_string=b"x=1").run()

    assert (exchange.status, exchange.answer, exchange.complete) == (200, b"GET /a b?x=1 192.0.2.1", True)
    assert exchange.headers == {
        b"content-type": b"application/json",
        b"cache-control": b"no-cache, private",
        b"content-length": b"22",
    }


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({"path": "/café/%"}, "/café/%"),
        ({"path": "/k8s/api", "raw_path": b"/k8s/api", "root_path": "/k8s"}, "/api"),
        ({"path": "/k8s", "root_path": "/k8s/"}, "/"),
        ({"path": "/k8sapi", "root_path": "/k8s"}, "/k8sapi"),
    ],
)
async def test_paths(scope: dict[str, Any], path: str) -> None:
    exchange = await Exchange(lambda request: Response(200, request.path.encode()), **scope).run()

    assert exchange.answer.decode() == path


async def test_bodies_are_read_whole_and_header_fields_joined() -> None:
    def handler(request: Request) -> Response:
        return Response(200, request.body + b"," + request.headers[b"accept"])

    fields = [(b"host", b"localhost"), (b"Accept", b"a"), (b"accept", b" b")]
    exchange = Exchange(handler, method="POST", headers=fields)

    assert (await exchange.body(b"hel", b"lo").run()).answer == b"hello,a, b"


async def test_a_client_that_leaves_before_its_body_has_come_reaches_no_handler() -> None:
    def handler(request: Request) -> Response:
        raise AssertionError

    exchange = Exchange(handler, method="POST")
    exchange.incoming.put_nowait({"type": "http.request", "body": b"hel", "more_body": True})
    exchange.leave()

    assert (await exchange.run()).sent == []


async def test_a_body_must_arrive_in_time() -> None:
    exchange = Exchange(echo, {"body_seconds": 0.01}, method="POST")
    exchange.incoming.put_nowait({"type": "http.request", "body": b"hel", "more_body": True})

    assert (await exchange.run()).status == 408


async def test_a_handler_that_waits() -> None:
    async def handler(request: Request) -> Response:
        await asyncio.sleep(0)
        return Response(200, b"later")

    assert (await Exchange(handler).run()).answer == b"later"


async def test_the_deadline_passes() -> None:
    async def handler(request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    exchange = await Exchange(handler, {"request_seconds": 0.01}).run()

    assert (exchange.status, json.loads(exchange.answer)["reason"]) == (504, "Timeout")


def refuses(request: Request) -> Response:
    raise service_unavailable("slow down", 7)


async def refuses_later(request: Request) -> Response:
    raise service_unavailable("slow down", 7)


@pytest.mark.parametrize("handler", [refuses, refuses_later])
async def test_an_api_error_is_its_status(handler: Handler) -> None:
    exchange = await Exchange(handler).run()

    assert (exchange.status, exchange.headers[b"retry-after"]) == (503, b"7")
    assert json.loads(exchange.answer)["reason"] == "ServiceUnavailable"


def fails(request: Request) -> Response:
    raise TimeoutError("secret")


async def fails_later(request: Request) -> Response:
    raise TimeoutError("secret")


@pytest.mark.parametrize("handler", [fails, fails_later])
async def test_a_defect_is_logged_and_tells_the_client_nothing(
    handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = await Exchange(handler).run()

    assert exchange.status == 500
    assert b"secret" not in exchange.answer
    assert "GET / failed" in caplog.text


async def test_head_has_the_length_and_no_body() -> None:
    for size in (10, 1_000_000):
        answer = Response(200, [b"x" * size])
        exchange = await Exchange(lambda request, answer=answer: answer, method="HEAD").run()  # type: ignore[misc]
        assert (exchange.headers[b"content-length"], exchange.answer) == (b"%d" % size, b"")


PIECES = [b"%06d" % number + b"x" * 300 for number in range(3_000)]


async def test_a_large_answer_goes_in_parts() -> None:
    exchange = await Exchange(lambda request: Response(200, PIECES)).run()

    assert exchange.headers[b"content-length"] == b"%d" % sum(map(len, PIECES))
    assert exchange.answer == b"".join(PIECES)
    assert len(exchange.sent) > 4
    assert exchange.complete


async def test_a_large_answer_is_compressed_for_who_takes_it() -> None:
    fields = [(b"host", b"localhost"), (b"accept-encoding", b"gzip")]
    exchange = await Exchange(lambda request: Response(200, PIECES), headers=fields).run()

    assert exchange.headers[b"content-encoding"] == b"gzip"
    assert b"content-length" not in exchange.headers
    assert gzip.decompress(exchange.answer) == b"".join(PIECES)
    assert exchange.complete


async def test_the_handler_is_cancelled_when_the_client_leaves() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    exchange = Exchange(handler)
    running = asyncio.ensure_future(exchange.run())
    await started.wait()
    exchange.leave()
    await running

    assert cancelled.is_set()
    assert exchange.sent == []


async def test_a_stream_goes_out_as_it_comes_and_ends() -> None:
    go_on = asyncio.Event()

    async def run(writer: StreamWriter) -> None:
        writer.send(Frame(b"one,"))
        writer.send(Frame(b""))
        await go_on.wait()
        writer.send(Frame(b"two,"))
        writer.send(Frame(b"three"))

    exchange = Exchange(lambda request: Stream(run))
    running = asyncio.ensure_future(exchange.run())
    await exchange.until(3)
    assert (exchange.answer, exchange.complete) == (b"one,", False)
    go_on.set()
    await running

    assert (exchange.answer, exchange.complete) == (b"one,two,three", True)


async def test_a_stream_is_ended_when_the_client_leaves() -> None:
    closed: list[bool] = []

    async def run(writer: StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(writer.closed)
            writer.send(Frame(b"nobody reads this"))

    exchange = Exchange(lambda request: Stream(run))
    running = asyncio.ensure_future(exchange.run())
    await exchange.until(2)
    exchange.leave()
    await running

    assert closed == [True]
    assert not exchange.complete


async def test_what_waits_for_a_slow_client_is_seen_and_bounded() -> None:
    seen: list[int] = []

    async def run(writer: StreamWriter) -> None:
        while not writer.closed:
            writer.send(Frame(b"x" * 100))
            seen.append(writer.buffered)
            await asyncio.sleep(0)

    exchange = Exchange(lambda request: Stream(run), {"stream_bytes": 1_000})
    running = asyncio.ensure_future(exchange.run())
    await exchange.until(2)
    exchange.take.clear()
    await asyncio.wait_for(_until(lambda: bool(seen) and seen[-1] >= 1_000), 10)
    exchange.take.set()
    await running

    assert max(seen) <= 1_100
    assert not exchange.complete


async def _until(condition: Any) -> None:
    while not condition():
        await asyncio.sleep(0)


async def test_a_stream_that_fails_is_cut_not_ended(caplog: pytest.LogCaptureFixture) -> None:
    async def run(writer: StreamWriter) -> None:
        writer.send(Frame(b"hello"))
        await asyncio.sleep(0)
        raise KeyError("defect")

    exchange = await Exchange(lambda request: Stream(run)).run()

    assert exchange.answer == b"hello"
    assert not exchange.complete
    assert "the answer was cut" in caplog.text


async def test_lifespan() -> None:
    exchange = Exchange(echo, type="lifespan")
    exchange.incoming.put_nowait({"type": "lifespan.startup"})
    exchange.incoming.put_nowait({"type": "lifespan.shutdown"})
    await exchange.run()

    assert [message["type"] for message in exchange.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_other_scopes_are_refused() -> None:
    def handler(request: Request) -> Response | Awaitable[Response]:
        raise AssertionError

    with pytest.raises(ValueError, match="websocket"):
        await Exchange(handler, type="websocket").run()
