"""The synchronous face, over TLS and within the process: the control plane runs in the loop that the client uses."""

import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.client.custom_definitions import definition

from steersman.apimachinery.errors import ApiError
from steersman.client import ApiResource, Client, ResourceClient
from steersman.client.api_resource import DICTS
from steersman.client.config import Config, load_config
from steersman.client.discovery import NoMatchError
from steersman.client.sync import LoopThread, SyncClient, SyncResourceClient
from steersman.controlplane import ControlPlane

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
SECRETS = ApiResource("", "v1", "secrets", "Secret", True, DICTS)
"""Of which a new namespace has none."""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    """That of a control plane over TLS."""
    control_plane = ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path)
    with LoopThread() as loop:
        loop.run(control_plane.start())
        try:
            yield tmp_path / "kubeconfig"
        finally:
            loop.run(control_plane.stop())


@pytest.fixture(params=["in-process", "tls"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SyncClient]:
    if request.param == "tls":
        path: Path = request.getfixturevalue("kubeconfig")
        with SyncClient(replace(load_config(path), qps=-1)) as client:
            yield client
        return
    control_plane = ControlPlane()
    with LoopThread() as loop:
        loop.run(control_plane.start())
        try:
            with SyncClient(control_plane.client_config(), loop) as client:
                yield client
        finally:
            loop.run(control_plane.stop())


def test_verbs(client: SyncClient) -> None:
    config_maps = client.resource(CONFIG_MAPS)
    created = config_maps.create({"metadata": {"name": "a"}})
    assert config_maps.get("a") == created
    assert config_maps.patch("a", {"data": {"b": "c"}})["data"] == {"b": "c"}
    config_maps.delete("a")
    with pytest.raises(ApiError, match='configmaps "a" not found'):
        config_maps.get("a")
    with pytest.raises(ValueError, match="needs a name"):
        config_maps.get("")


def test_lists(client: SyncClient) -> None:
    secrets = client.resource(SECRETS)
    for name in "abcde":
        secrets.create({"metadata": {"name": name}})
    listing = secrets.list(limit=2)
    assert [one["metadata"]["name"] for one in listing] == list("abcde")
    assert [len(page) for page in listing.pages()] == [2, 2, 1]
    assert len(listing.all()) == 5
    assert listing.page().remaining == 3


def test_watches(client: SyncClient) -> None:
    secrets = client.resource(SECRETS)
    with secrets.watch(resource_version=secrets.list().all().resource_version) as events:
        secrets.create({"metadata": {"name": "a"}})
        event = next(events)
        assert (event.type, event.object["metadata"]["name"]) == ("ADDED", "a")
        assert events.resource_version == event.resource_version
    with secrets.watch(timeout=0.1) as events:
        assert [one.type for one in events] == ["ADDED"]


def test_dynamic(client: SyncClient) -> None:
    assert client.dynamic("deploy").resource.plural == "deployments"
    with pytest.raises(NoMatchError):
        client.dynamic("widgets")
    client.dynamic("crd").create(definition())
    assert any(one.plural == "customresourcedefinitions" for one in client.run(client.client.discovery.served()))


def test_several_threads(client: SyncClient) -> None:
    secrets = client.resource(SECRETS)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: secrets.create({"metadata": {"name": f"a{number:03}"}}), range(100)))
    assert [one["metadata"]["name"] for one in secrets.list()] == [f"a{number:03}" for number in range(100)]


def test_closing_twice_and_using_it_afterwards(kubeconfig: Path) -> None:
    client = SyncClient(load_config(kubeconfig))
    before = threading.active_count()
    client.close()
    client.close()
    assert threading.active_count() == before - 1
    with pytest.raises(RuntimeError, match="the client is closed"):
        client.resource(CONFIG_MAPS).get("a")


def test_a_transport_in_this_process_needs_its_loop() -> None:
    config: Config = ControlPlane().client_config()
    with pytest.raises(ValueError, match="belongs to an event loop"):
        SyncClient(config)


async def test_a_call_in_the_loop_of_the_server_is_refused() -> None:
    control_plane = ControlPlane()
    with LoopThread() as loop:
        loop.run(control_plane.start())
        client = SyncClient(control_plane.client_config(), loop)

        async def inside() -> None:
            client.resource(CONFIG_MAPS).get("a")

        with pytest.raises(RuntimeError, match="use the asynchronous client here"):
            loop.run(inside())
        loop.run(control_plane.stop())


SCRIPT = """
import sys
from steersman.client import ApiResource
from steersman.client.api_resource import DICTS
from steersman.client.config import load_config
from steersman.client.sync import SyncClient

with SyncClient(load_config(sys.argv[1])) as client:
    maps = client.resource(ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS))
    try:
        with maps.watch() as events:
            print("watching", flush=True)
            for event in events:
                pass
    except KeyboardInterrupt:
        print("interrupted, still", maps.list().page().resource_version != "")
"""


def test_ctrl_c_ends_a_watch(kubeconfig: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(kubeconfig)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        assert script.stdout.readline() == "watching\n"
        os.kill(script.pid, signal.SIGINT)
        output, errors = script.communicate(timeout=30)
    assert (output, errors, script.returncode) == ("interrupted, still True\n", "", 0)


@pytest.mark.parametrize(("sync", "asynchronous"), [(SyncResourceClient, ResourceClient), (SyncClient, Client)])
def test_nothing_is_left_out(sync: type, asynchronous: type) -> None:
    # Following definitions is for what lives long; the coroutine can be run with SyncClient.run.
    expected = public(asynchronous) - {"follow_definitions"}
    assert expected <= public(sync)
    for name in expected:
        theirs, ours = inspect.signature(getattr(asynchronous, name)), inspect.signature(getattr(sync, name))
        assert list(ours.parameters) == list(theirs.parameters), name


def public(a_class: type) -> set[str]:
    return {name for name, value in vars(a_class).items() if not name.startswith("_") and callable(value)}
