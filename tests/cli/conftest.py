"""One server for all tests of a module, and in a new namespace of it our command line and kubectl."""

import secrets

import pytest
from tests.cli.commands import Steersman
from tests.conformance.conftest import namespace as namespace
from tests.conformance.conftest import new_server as new_server
from tests.conformance.conftest import shared_server as shared_server
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl


@pytest.fixture
def steersman(shared_server: ServerProcess, namespace: str) -> Steersman:
    return Steersman(shared_server, namespace)


@pytest.fixture
def kubectl(shared_server: ServerProcess, namespace: str) -> Kubectl:
    """In the same namespace as ``steersman``."""
    return Kubectl(bundled_kubectl(), shared_server, namespace)


@pytest.fixture
def twin(shared_server: ServerProcess) -> Kubectl:
    """kubectl in a namespace of its own, to do there what ``steersman`` does in its."""
    name = f"twin-{secrets.token_hex(4)}"
    shared_server.create_namespace(name)
    return Kubectl(bundled_kubectl(), shared_server, name)
