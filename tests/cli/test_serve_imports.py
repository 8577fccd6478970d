"""What a server imports until it is ready: each heavy thing only once somebody needs it, for all starts pay for it."""

import subprocess
import sys
from pathlib import Path

import pytest

_START = """
import asyncio, sys
from pathlib import Path

import steersman.cli.serve
from steersman.controlplane import ControlPlane

async def start():
    async with ControlPlane(listen="127.0.0.1:0", data_dir=Path(sys.argv[1])):
        print(*sys.modules, sep="\\n")

asyncio.run(start())
"""

NEEDLESS = {
    "aiohttp": "calls of webhooks, and clients that are not in the process",
    "cryptography": "issuing certificates, and requests for some",
    "importlib.metadata": "plugins of other packages",
    "importlib.resources": "nothing: files of ours are found by their path",
    "jwt": "signing and verifying tokens",
    "pydantic": "custom resources as classes",
    "rich": "nothing in a server",
    "steersman.admission.chain_validation": "writing the admission chain",
    "steersman.admission.initializers": "a chain that has the plugin",
    "steersman.admission.plugin_status": "asking what the plugins do",
    "steersman.admission.policy.dispatch": "a policy in force",
    "steersman.admission.policy.match_resources": "a policy in force",
    "steersman.admission.webhook.webhook": "a webhook",
    "steersman.admission.webhook.webhook_client": "a webhook",
    "steersman.apiextensions.validation": "writing a definition",
    "steersman.apimachinery.cel": "expressions in policies and definitions",
    "steersman.apimachinery.encoding.yaml": "bodies and files in YAML",
    "steersman.apimachinery.json_diff": "explaining a write",
    "steersman.apimachinery.jsonpath": "a definition's printer columns",
    "steersman.apimachinery.server_side_apply": "the first apply",
    "steersman.apiserver.authentication.oidc.authenticator": "an identity provider",
    "steersman.apiserver.authentication.oidc.configuration": "an identity provider",
    "steersman.apis.binding": "binding a Pod",
    "steersman.apis.connection_options": "connecting to a Pod, and the first reader of a document",
    "steersman.apis.connections": "connecting to a Pod",
    "steersman.apis.ephemeral_containers": "debugging a Pod",
    "steersman.apis.eviction": "evicting a Pod",
    "steersman.apis.pod_resize": "resizing a Pod",
    "steersman.apis.token_requests": "asking for a token of a service account",
    "steersman.apiserver.authentication.service_account.authenticator": "the first bearer token",
    "steersman.apiserver.authentication.service_account.keys": "signing and verifying tokens",
    "steersman.apiserver.admission.explanation": "explaining a write",
    "steersman.apiserver.admission.tracing": "explaining a write",
    "steersman.apiserver.handlers.action": "what is done rather than read",
    "steersman.apiserver.handlers.computed": "asking for a kind that is not stored",
    "steersman.apiserver.audit": "an audit policy",
    "steersman.apiserver.http.asgi": "embedding in another server",
    "steersman.apiserver.openapi.v2": "the first reader of a document",
    "steersman.apiserver.openapi.v3": "the first reader of a document",
    "steersman.client.discovery": "asking for what is served",
    "steersman.client.kinds": "typed objects",
    "steersman.controlplane.audit": "an audit policy",
    "steersman.controlplane.initializers": "a chain that has the plugin",
    "steersman.controlplane.oidc": "an identity provider",
    "yaml": "bodies and files in YAML",
}
"""Modules that a start does without, and what they are for."""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The modules of a server that is ready, at its second start: the first one issues certificates."""
    directory = tmp_path_factory.mktemp("data")
    _modules_of_start(directory)
    return _modules_of_start(directory)


def _modules_of_start(directory: Path) -> frozenset[str]:
    command = [sys.executable, "-c", _START, str(directory)]
    return frozenset(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_the_list_is_of_a_server_that_serves(imported: frozenset[str]) -> None:
    assert {"steersman.apiserver.server", "steersman.admission.webhook.mutating", "ssl"} <= imported


@pytest.mark.parametrize("module", sorted(NEEDLESS))
def test_a_start_does_without(module: str, imported: frozenset[str]) -> None:
    assert module not in imported, f"imported at start, and only needed for: {NEEDLESS[module]}"
