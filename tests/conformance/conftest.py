"""Fixtures that start a real server process and point real clients at it."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conformance.kubectl_wheels import WHEELS, old_kubectl
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl, kubectl_on_path

Start = Callable[..., ServerProcess]


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a server with the flags it is given; all are killed at the end."""
    started: list[ServerProcess] = []

    def start(*flags: str) -> ServerProcess:
        directory = tmp_path / f"server{len(started)}"
        directory.mkdir()
        server = ServerProcess(directory, flags)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.end()


@pytest.fixture
def server(new_server: Start) -> ServerProcess:
    """A server for one test alone."""
    return new_server()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server for all tests of a module, each in a namespace of its own."""
    server = ServerProcess(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.end()


@pytest.fixture
def namespace(shared_server: ServerProcess) -> str:
    """A new namespace on the shared server."""
    name = f"test-{secrets.token_hex(4)}"
    shared_server.create_namespace(name)
    return name


@pytest.fixture
def kubectl(shared_server: ServerProcess, namespace: str) -> Kubectl:
    """The newest kubectl, in a new namespace of the shared server."""
    return Kubectl(bundled_kubectl(), shared_server, namespace)


@pytest.fixture(params=["path", *WHEELS], ids=lambda name: f"kubectl-{name}")
def other_kubectl(request: pytest.FixtureRequest, server: ServerProcess) -> Kubectl:
    """Each kubectl that is not the newest: the one on PATH (or else the newest again), and older minors."""
    if request.param == "path":
        return Kubectl(kubectl_on_path() or bundled_kubectl(), server)
    assert request.config.cache is not None
    return Kubectl(str(old_kubectl(request.param, request.config.cache.mkdir("kubectl"))), server)
