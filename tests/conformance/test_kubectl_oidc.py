"""A user of an identity provider, with kubectl over TLS."""

import asyncio
from pathlib import Path
from time import time

from tests.conformance.conftest import Start
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl
from tests.controlplane.identity_provider import identity_provider


async def test_whoami(new_server: Start, tmp_path: Path) -> None:
    async with identity_provider(tmp_path) as provider:
        flags = ("--oidc-issuer-url", provider.url, "--oidc-client-id", "us", "--oidc-ca-file", str(provider.authority))
        server = await asyncio.to_thread(
            new_server, *flags, "--oidc-groups-claim", "groups", "--oidc-username-prefix=-"
        )
        await _wait_for_keys(server)
        token = provider.token(exp=int(time()) + 600, groups=["dev"])
        told = await asyncio.to_thread(_whoami, server, token)
        refused = await asyncio.to_thread(_whoami, server, provider.token(exp=1), 1)

    rows = [" ".join(line.split()) for line in told.splitlines()]
    assert rows[1:] == ["Username jane", "Groups [dev system:authenticated]"]
    assert "You must be logged in to the server" in refused


async def _wait_for_keys(server: ServerProcess) -> None:
    async with asyncio.timeout(20):
        while "its tokens are taken from now on" not in (server.directory / "server.log").read_text():
            await asyncio.sleep(0.02)


def _whoami(server: ServerProcess, token: str, code: int = 0) -> str:
    """Without the administrator's certificate, which would count before the token."""
    kubectl = Kubectl(bundled_kubectl(), server)
    authority = str(server.directory / "pki" / "ca.crt")
    where = (f"--server={server.url}", f"--certificate-authority={authority}", f"--token={token}")
    return kubectl("auth", "whoami", *where, code=code, KUBECONFIG="/dev/null")
