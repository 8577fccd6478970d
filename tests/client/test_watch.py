"""Watches: where they begin, go on and end, and what a broken stream looks like."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.client import ApiResource, Client, Watch
from steersman.client.api_resource import DICTS
from steersman.client.transport import HeaderFields, Reply, TransportError
from steersman.client.watch import LineBuffer
from steersman.controlplane import ControlPlane

SECRETS = ApiResource("", "v1", "secrets", "Secret", True, DICTS)
"""Of which a new namespace has none."""


async def test_a_watch_goes_on_where_another_ended(client: Client) -> None:
    secrets = client.resource(SECRETS)
    start = (await secrets.list()).resource_version
    seen = []
    async with asyncio.timeout(20):
        for round_ in range(3):
            await secrets.create({"metadata": {"name": f"a{round_}"}})
            await secrets.create({"metadata": {"name": f"b{round_}"}})
            async with secrets.watch(resource_version=start) as events:
                seen.append((await anext(events)).object["metadata"]["name"])
                start = events.resource_version
        async with secrets.watch(resource_version=start) as events:
            seen += [(await anext(events)).object["metadata"]["name"] for _ in range(3)]
    assert seen == ["a0", "b0", "a1", "b1", "a2", "b2"]


async def test_the_server_ends_it(client: Client) -> None:
    async with client.resource(SECRETS).watch(timeout=0.1) as events:
        assert [event async for event in events] == []


async def test_bookmarks_come_to_who_asks_for_them(client: Client) -> None:
    async with client.resource(SECRETS).watch(timeout=0.1, bookmarks=True) as events:
        assert [event.type async for event in events] == ["BOOKMARK"]
        assert int(events.resource_version) > 0


async def test_initial_events_end_with_a_bookmark(client: Client) -> None:
    secrets = client.resource(SECRETS)
    await secrets.create({"metadata": {"name": "a"}})
    async with asyncio.timeout(10), secrets.watch(send_initial_events=True) as events:
        first, end = await anext(events), await anext(events)
        assert (first.type, first.object["metadata"]["name"], first.ends_initial_events) == ("ADDED", "a", False)
        assert (end.type, end.ends_initial_events) == ("BOOKMARK", True)
        assert int(events.resource_version) >= int(first.resource_version)
    async with asyncio.timeout(10), secrets.watch(send_initial_events=False) as events:
        await secrets.delete("a")
        assert (await anext(events)).type == "DELETED"


async def test_selectors_and_namespaces(client: Client) -> None:
    secrets = client.resource(SECRETS)
    async with (
        asyncio.timeout(10),
        secrets.watch(namespace="", label_selector="a=b") as everywhere,
        secrets.watch(namespace="kube-system", field_selector="metadata.name=two") as one,
    ):
        for namespace, name, label in (("default", "one", "b"), ("kube-system", "two", "b"), ("default", "three", "c")):
            await secrets.create({"metadata": {"name": name, "labels": {"a": label}}}, namespace=namespace)
        assert [(await anext(everywhere)).object["metadata"]["name"] for _ in range(2)] == ["one", "two"]
        assert (await anext(one)).object["metadata"]["namespace"] == "kube-system"


async def test_a_version_that_is_gone() -> None:
    async with ControlPlane(compaction_interval=0.02) as control_plane, Client(control_plane.client_config()) as client:
        secrets = client.resource(SECRETS)
        start = (await secrets.list()).resource_version
        await secrets.create({"metadata": {"name": "a"}})
        async with asyncio.timeout(10):
            with pytest.raises(ApiError) as error:
                await watch_for_ever(client, start)
    assert (error.value.code, error.value.reason) == (410, "Expired")


async def watch_for_ever(client: Client, start: str) -> None:
    secrets = client.resource(SECRETS)
    while True:
        await secrets.patch("a", {"data": {"a": "YQ=="}})
        await secrets.patch("a", {"data": None})
        async with secrets.watch(resource_version=start) as events:
            await anext(events)


async def test_the_end_of_the_server_ends_it() -> None:
    control_plane = ControlPlane()
    await control_plane.start()
    async with Client(control_plane.client_config()) as client, client.resource(SECRETS).watch() as events:
        await control_plane.stop()
        async with asyncio.timeout(10):
            assert await ended(events)


async def ended(events: Watch[dict[str, object]]) -> bool:
    """Whether it ends, in order or by a cut."""
    try:
        return [event async for event in events] == []
    except TransportError:
        return True


class Pieces:
    """A reply that comes in these pieces; one that is cut fails after the last."""

    status = 200
    headers: HeaderFields = ()

    def __init__(self, pieces: Sequence[bytes], *, is_cut: bool = False) -> None:
        self._pieces, self._is_cut = pieces, is_cut

    async def read(self) -> bytes:
        return b"".join(self._pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(0)
            yield piece
        if self._is_cut:
            raise TransportError("connection reset by peer")

    async def close(self) -> None:
        """There is nothing to close."""


@asynccontextmanager
async def stream(reply: Pieces) -> AsyncIterator[Reply]:
    yield reply


def watch(*pieces: bytes, is_cut: bool = False) -> Watch[dict[str, object]]:
    return Watch(stream(Pieces(pieces, is_cut=is_cut)), SECRETS)


def line(name: str, type: str = "ADDED") -> bytes:
    metadata = {"name": name, "resourceVersion": name}
    return orjson.dumps({"type": type, "object": {"metadata": metadata}}) + b"\n"


async def read(watching: Watch[dict[str, object]]) -> tuple[list[str], str]:
    """The resourceVersions that came, and how it ended."""
    seen = []
    async with watching as events:
        try:
            async for event in events:
                seen.append(event.resource_version)
        except (ApiError, TransportError) as error:
            assert events.resource_version == (seen[-1] if seen else "")
            with pytest.raises(RuntimeError):
                await anext(events)
            return seen, f"{type(error).__name__}: {error}"
    return seen, ""


STATUS = b'{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version: 1 (2)"}'


@pytest.mark.parametrize(
    ("watching", "expected"),
    [
        (watch(), ([], "")),
        (watch(line("1") + line("2"), b"\n\n", line("3")), (["1", "2", "3"], "")),
        (watch(line("1"), is_cut=True), (["1"], "TransportError: connection reset by peer")),
        (watch(line("1"), line("2")[:-1]), (["1"], "TransportError: the watch was cut off within an event")),
        (watch(b'{"type":"ERROR","object":%s}\n' % STATUS), ([], "ApiError: too old resource version: 1 (2)")),
    ],
)
async def test_how_streams_end(watching: Watch[dict[str, object]], expected: tuple[list[str], str]) -> None:
    assert await read(watching) == expected


@pytest.mark.parametrize("garbage", [b"{]\n", b"[]\n", b'{"type":"ADDED"}\n', b'{"type":"ADDED","object":7}\n'])
async def test_garbage(garbage: bytes) -> None:
    seen, end = await read(watch(line("1"), garbage, line("2")))
    assert seen == ["1"]
    assert end.startswith("TransportError: the server's watch event cannot be read: ")


async def test_it_is_read_in_its_block() -> None:
    with pytest.raises(RuntimeError, match="inside its block"):
        await anext(watch(line("1")))


async def test_a_cancelled_read_does_not_look_like_the_end(client: Client) -> None:
    async with client.resource(SECRETS).watch() as events:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(events)
        with pytest.raises(RuntimeError):
            await anext(events)


@given(lines=st.lists(st.binary().map(lambda text: text.replace(b"\n", b"")), max_size=8), data=st.data())
def test_lines_come_out_whole_however_they_are_cut(lines: list[bytes], data: st.DataObject) -> None:
    text = b"\n".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    buffer = LineBuffer()
    found = [
        one for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True) for one in buffer.feed(text[start:end])
    ]
    assert found == [one for one in lines[:-1] if one]
    assert buffer.is_within_line == bool(lines and lines[-1])
