"""What every transport keeps to: the same requests to the same server, over TLS and in its process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.client.rest.own_tasks import own_tasks

from steersman.apimachinery.errors import ApiError
from steersman.client.config import Config, config_from_kubeconfig, load_kubeconfig
from steersman.client.rest import RestClient
from steersman.client.transport import ConnectionLost, Reply, TransportError
from steersman.controlplane import ControlPlane

REVISIONS = "/apis/apps/v1/namespaces/default/controllerrevisions"
"""Of a kind that may be large, and that no controller makes or watches."""


@dataclass
class Setting:
    control_plane: ControlPlane
    client: RestClient
    heard: list[str]

    @property
    def is_local(self) -> bool:
        return self.client.config.transport is not None

    async def create(self, name: str, text: str = "") -> dict[str, Any]:
        made = await self.client.request("POST", REVISIONS, body=revision(name, text))
        return dict(orjson.loads(made.body))


def revision(name: str, text: str = "") -> bytes:
    return orjson.dumps({"metadata": {"name": name}, "data": {"text": text}, "revision": 1})


def _config(control_plane: ControlPlane, transport: str) -> Config:
    if transport == "in-process":
        return control_plane.client_config()
    assert control_plane.kubeconfig is not None
    return replace(config_from_kubeconfig(load_kubeconfig(control_plane.kubeconfig)), qps=-1)


@pytest.fixture(params=["tls", "in-process"])
async def setting(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setting]:
    async with ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path, store="memory:") as control_plane:
        heard: list[str] = []
        config = _config(control_plane, request.param)
        config = replace(config, warning_handler=lambda code, agent, text: heard.append(text))
        # A server that has stopped asks for patience: the retries need not take their time.
        async with RestClient(config, sleep=lambda _: asyncio.sleep(0)) as client:
            yield Setting(control_plane, client, heard)


async def lines(reply: Reply) -> AsyncIterator[dict[str, Any]]:
    """The events of a watch."""
    rest = b""
    async for piece in reply.chunks():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield orjson.loads(line)


async def test_what_is_created_can_be_read(setting: Setting) -> None:
    made = await setting.client.request("POST", REVISIONS, body=revision("a", "ü"))
    got = await setting.client.request("GET", f"{REVISIONS}/a")

    assert (made.status, got.status) == (201, 200)
    assert got.body == made.body
    assert orjson.loads(got.body)["data"] == {"text": "ü"}
    assert ("content-type", "application/json") in got.headers


async def test_each_method(setting: Setting) -> None:
    made, place = await setting.create("a"), f"{REVISIONS}/a"
    body = orjson.dumps({**made, "revision": 2})
    put = await setting.client.request("PUT", place, body=body)
    patch = b'{"revision": 3}'
    merged = await setting.client.request("PATCH", place, body=patch, content_type="application/merge-patch+json")
    head = await setting.client.request("HEAD", place)
    gone = await setting.client.request("DELETE", place)

    assert [orjson.loads(one.body)["revision"] for one in (put, merged)] == [2, 3]
    assert (head.status, head.body) == (200, b"")
    assert orjson.loads(gone.body)["status"] == "Success"


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "reason"),
    [
        ("GET", f"{REVISIONS}/none", b"", 404, "NotFound"),
        ("GET", "/apis/none.example/v1/nothings", b"", 404, "NotFound"),
        ("POST", REVISIONS, b"{", 400, "BadRequest"),
        ("POST", REVISIONS, revision("No Name"), 422, "Invalid"),
        ("DELETE", "/version", b"", 405, "MethodNotAllowed"),
        ("GET", f"{REVISIONS}/%2e%2e", b"", 400, "BadRequest"),
        ("GET", f"{REVISIONS}/{'x' * 70_000}", b"", 414, "RequestURITooLong"),
    ],
)
async def test_refusals_have_a_status(
    setting: Setting, method: str, path: str, body: bytes, code: int, reason: str
) -> None:
    with pytest.raises(ApiError) as caught:
        await setting.client.request(method, path, body=body)

    assert (caught.value.code, caught.value.reason) == (code, reason)
    with pytest.raises(ApiError):
        async with setting.client.stream(method, path, body=body):
            pytest.fail("there is nothing to read")


async def test_a_body_that_is_too_large_is_refused_or_cut(setting: Setting) -> None:
    body = revision("a", "x" * (3 << 20))
    # Over a socket the server may close before the client has sent it all, and so before it reads the answer.
    with pytest.raises((ApiError, TransportError)) as caught:
        await setting.client.request("POST", REVISIONS, body=body)
    if isinstance(caught.value, ApiError):
        assert caught.value.code == 413
    else:
        assert not setting.is_local


async def test_warnings_are_handed_over(setting: Setting) -> None:
    await setting.client.request("POST", REVISIONS, body=revision("a")[:-1] + b', "spek": 1}')
    assert setting.heard == ['unknown field "spek"']


async def test_a_timeout_that_is_long_enough_changes_nothing(setting: Setting) -> None:
    assert (await setting.client.request("GET", "/version", timeout=30)).status == 200


async def test_large_bodies_both_ways(setting: Setting) -> None:
    made = [await setting.create(f"large-{number}", f"{number}" * 1_500_000) for number in range(3)]

    # Of one moment, so that all are the same: a list tells of the last write of any kind.
    moment = {"resourceVersion": made[-1]["metadata"]["resourceVersion"], "resourceVersionMatch": "Exact"}
    whole = await setting.client.request("GET", REVISIONS, query=moment)
    async with setting.client.stream("GET", REVISIONS, query=moment) as reply:
        pieces = [piece async for piece in reply.chunks()]
    async with setting.client.stream("GET", REVISIONS, query=moment) as reply:
        again = await reply.read()

    assert [one["data"] for one in orjson.loads(whole.body)["items"]] == [one["data"] for one in made]
    assert b"".join(pieces) == whole.body == again
    assert all(pieces)


async def test_a_list_of_many_objects_comes_in_few_pieces(setting: Setting) -> None:
    for number in range(300):
        await setting.create(f"small-{number:03}")

    async with setting.client.stream("GET", REVISIONS) as reply:
        pieces = [piece async for piece in reply.chunks()]

    assert len(orjson.loads(b"".join(pieces))["items"]) == 300
    assert len(pieces) < 30


async def test_a_watch_brings_what_happens(setting: Setting) -> None:
    async with setting.client.stream("GET", REVISIONS, query={"watch": "1"}) as reply:
        events = lines(reply)
        for number in range(20):
            await setting.create(f"n{number}")
            event = await anext(events)
            assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", f"n{number}")


async def test_a_watch_that_times_out_ends_without_error(setting: Setting) -> None:
    query = {"watch": "1", "timeoutSeconds": "1"}
    async with setting.client.stream("GET", REVISIONS, query=query) as reply:
        assert [piece async for piece in reply.chunks()] == []


async def open_watches(setting: Setting) -> float:
    """As the server counts them."""
    page = (await setting.client.request("GET", "/metrics", accept="text/plain")).body.decode()
    ours = (line for line in page.splitlines() if line.startswith("apiserver_longrunning_requests"))
    return sum(float(line.split()[-1]) for line in ours if 'resource="controllerrevisions"' in line)


async def test_leaving_a_stream_in_the_middle_ends_it_in_the_server(setting: Setting) -> None:
    await setting.create("a")
    with own_tasks() as tasks:
        async with setting.client.stream("GET", REVISIONS, query={"watch": "1"}) as reply:
            await anext(reply.chunks())
            assert await open_watches(setting) == 1
        await reply.close()
        if not setting.is_local:
            while await open_watches(setting):
                await asyncio.sleep(0)
        assert await open_watches(setting) == 0
        if setting.is_local:
            assert tasks.running() == set()


async def test_closing_a_reply_wakes_its_reader(setting: Setting) -> None:
    async with setting.client.stream("GET", REVISIONS, query={"watch": "1"}) as reply:
        reader = asyncio.ensure_future(anext(reply.chunks()))
        await asyncio.sleep(0)
        await reply.close()
        with pytest.raises(ConnectionLost):
            await reader


async def test_a_reader_that_is_cancelled_can_go_on_reading(setting: Setting) -> None:
    async with setting.client.stream("GET", REVISIONS, query={"watch": "1"}) as reply:
        reader = asyncio.ensure_future(anext(reply.chunks()))
        await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait([reader])
        await setting.create("a")
        assert (await anext(lines(reply)))["object"]["metadata"]["name"] == "a"


async def cancelled_everywhere(begin: Callable[[], Awaitable[object]]) -> None:
    """Cancels ``begin()`` after so many turns of the loop, from none to as many as it takes."""
    for steps in count():
        task = asyncio.ensure_future(begin())
        for _ in range(steps):
            await asyncio.sleep(0)
        if task.done():
            await task
            return
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_request_can_be_cancelled_at_any_point(setting: Setting) -> None:
    with own_tasks() as tasks:
        await cancelled_everywhere(lambda: setting.client.request("GET", REVISIONS))
        assert (await setting.client.request("GET", "/version")).status == 200
        if setting.is_local:
            assert tasks.running() == set()


async def test_a_watch_can_be_cancelled_at_any_point(setting: Setting) -> None:
    await setting.create("a")

    async def first_event() -> None:
        async with setting.client.stream("GET", REVISIONS, query={"watch": "1"}) as reply:
            await anext(reply.chunks())

    with own_tasks() as tasks:
        await cancelled_everywhere(first_event)
        assert (await setting.client.request("GET", "/version")).status == 200
        if setting.is_local:
            assert tasks.running() == set()


async def test_when_the_server_stops_streams_end_and_requests_fail(setting: Setting) -> None:
    async with setting.client.stream("GET", REVISIONS, query={"watch": "1"}) as reply:
        await setting.create("a")
        events = lines(reply)
        await anext(events)
        await setting.control_plane.stop()
        with suppress(ConnectionLost):
            assert [event async for event in events] == []
    with pytest.raises((ApiError, TransportError)) as caught:
        await setting.client.request("GET", REVISIONS)
    assert caught.value.code == 503 if isinstance(caught.value, ApiError) else not setting.is_local
