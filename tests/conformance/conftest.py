"""Fixtures that start a real server process and point real clients at it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.processes import Kubectl, ServerProcess, kubectl_binaries


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Any]:
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
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.fixture
def server(new_server: Any) -> ServerProcess:
    started: ServerProcess = new_server()
    return started


@pytest.fixture(params=kubectl_binaries(), ids=lambda path: "kubectl-" + Path(path).parent.name)
def kubectl(request: pytest.FixtureRequest, server: ServerProcess) -> Kubectl:
    return Kubectl(request.param, server)
