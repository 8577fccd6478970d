"""The control plane as an object: several in a process, with or without a listener, started and stopped cleanly."""

import asyncio
import gc
import json
import socket
import ssl
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.asgi_client import AsgiClient, token_file

from steersman.controlplane import ControlPlane

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": {"a": "b"}}


def admin_tls(data_dir: Path) -> ssl.SSLContext:
    pki = data_dir / "pki"
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    return context


async def open_get(
    control_plane: ControlPlane, data_dir: Path, path: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Sends a GET over TLS as the admin; returns the connection with the answer still to be read."""
    host, _, port = control_plane.url.removeprefix("https://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=admin_tls(data_dir))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return reader, writer


async def test_two_side_by_side_share_nothing(tmp_path: Path) -> None:
    tokens = token_file(tmp_path)
    async with (
        ControlPlane(version="1.20", token_auth_file=tokens) as old,
        ControlPlane(profile="crd-only", token_auth_file=tokens) as new,
    ):
        first, second = AsgiClient(old), AsgiClient(new)
        assert (await first.request("POST", CONFIG_MAPS, config_map("mine")))[0] == 201
        assert [(await one.get("/version"))["minor"] for one in (first, second)] == ["20", "37"]
        assert (await first.request("GET", f"{CONFIG_MAPS}/mine"))[0] == 200
        assert (await second.request("GET", f"{CONFIG_MAPS}/mine"))[0] == 404
        assert (await second.request("GET", "/apis/apps/v1"))[0] == 404


async def test_two_listen_side_by_side(tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two"]
    async with (
        ControlPlane(listen="127.0.0.1:0", data_dir=places[0]) as one,
        ControlPlane(listen="127.0.0.1:0", data_dir=places[1]) as two,
    ):
        assert one.url != two.url
        for control_plane, place in zip((one, two), places, strict=True):
            reader, writer = await open_get(control_plane, place, "/readyz")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            writer.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            await open_get(one, places[1], "/readyz")


async def test_the_asgi_face_knows_its_users(tmp_path: Path) -> None:
    async with ControlPlane(token_auth_file=token_file(tmp_path)) as control_plane:
        client, stranger = AsgiClient(control_plane), AsgiClient(control_plane, token="guessed")
        status, made = await client.request("POST", CONFIG_MAPS, config_map("settings"))
        refused, answer = await stranger.request("GET", CONFIG_MAPS)
        listed = await client.get(CONFIG_MAPS)

    assert (status, made["data"]) == (201, {"a": "b"})
    assert (refused, answer["reason"]) == (401, "Unauthorized")
    assert [one["metadata"]["name"] for one in listed["items"]] == ["settings"]


async def test_a_memory_store_is_forgotten_and_a_data_directory_is_not(tmp_path: Path) -> None:
    tokens = token_file(tmp_path)
    for data_dir, kept in ((None, 404), (tmp_path / "data", 200)):
        async with ControlPlane(data_dir=data_dir, token_auth_file=tokens) as control_plane:
            assert (await AsgiClient(control_plane).request("POST", CONFIG_MAPS, config_map("one")))[0] == 201
        async with ControlPlane(data_dir=data_dir, token_auth_file=tokens) as control_plane:
            assert (await AsgiClient(control_plane).request("GET", f"{CONFIG_MAPS}/one"))[0] == kept


@pytest.mark.parametrize("durable", [False, True], ids=["memory", "sqlite"])
async def test_starting_and_stopping_leaves_nothing_running(tmp_path: Path, durable: bool) -> None:
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    options: dict[str, Any] = {"data_dir": tmp_path / "data", "listen": "127.0.0.1:0"} if durable else {}
    control_plane = ControlPlane(**options)
    await control_plane.start()
    assert asyncio.all_tasks() > tasks
    await control_plane.stop()
    assert asyncio.all_tasks() == tasks
    for thread in set(threading.enumerate()) - threads:
        # The event loop's own pool lives as long as the loop.
        if not thread.name.startswith("asyncio_"):
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive(), thread.name
    await control_plane.stop()


async def test_one_that_has_stopped_is_freed() -> None:
    control_plane = ControlPlane()
    async with control_plane:
        pass
    stopped = weakref.ref(control_plane)

    del control_plane
    gc.collect()

    assert stopped() is None


async def test_a_failed_start_gives_everything_back(tmp_path: Path) -> None:
    data_dir, tasks = tmp_path / "data", asyncio.all_tasks()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        control_plane = ControlPlane(listen=address, data_dir=data_dir)
        with pytest.raises(OSError, match=f"cannot listen on {address}: Address already in use"):
            await control_plane.start()
    await control_plane.stop()
    assert asyncio.all_tasks() == tasks
    async with ControlPlane(listen="127.0.0.1:0", data_dir=data_dir) as next_one:
        assert next_one.url


async def test_stopping_ends_an_open_watch_in_order(tmp_path: Path) -> None:
    async with asyncio.timeout(30), ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path) as control_plane:
        reader, writer = await open_get(control_plane, tmp_path, "/api/v1/namespaces?watch=true&resourceVersion=0")
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(await reader.readline(), 16)
        chunk = await reader.readexactly(size)
        await control_plane.stop()
        rest = await reader.read()
        writer.close()

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(chunk.splitlines()[0])["type"] == "ADDED"
    assert rest.endswith(b"0\r\n\r\n")


async def test_several_start_and_stop_one_after_another(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    cas = set()
    for _ in range(3):
        async with ControlPlane(listen="127.0.0.1:0", data_dir=data_dir):
            cas.add((data_dir / "pki" / "ca.crt").read_bytes())
    assert len(cas) == 1


async def test_asgi_is_there_once_it_has_started() -> None:
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = ControlPlane().asgi


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"listen": "127.0.0.1:0"}, "listen needs a data_dir"),
        ({"profile": "tiny"}, "'tiny' is no profile"),
        ({"version": "1.6"}, "choose one from 1.7 to 1.37"),
        ({"runtime_config": "apps=1"}, "runtime-config: "),
        ({"store": "etcd"}, "no store is known for 'etcd'"),
        ({"insecure_http": "10.0.0.1:80"}, "on a loopback address only"),
    ],
)
def test_what_cannot_be_is_a_value_error(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        ControlPlane(**options)
    assert "\n" not in str(refused.value)
