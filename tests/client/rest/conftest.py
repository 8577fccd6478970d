"""Servers over TLS whose certificate is for ``api.example``, which no resolver knows."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.client.config.certificates import Pair, issue
from tests.client.rest.scripted_server import ScriptedServer, answer

from steersman.client.config import TlsConfig


@pytest.fixture(scope="session")
def authority() -> Pair:
    return issue("authority", is_ca=True)


@pytest.fixture(scope="session")
def server_context(authority: Pair, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Shows a certificate for ``api.example``, and takes one of a client's that the authority signed."""
    pair, directory = issue("api.example", authority), tmp_path_factory.mktemp("server")
    certificate, key = directory / "tls.crt", directory / "tls.key"
    certificate.write_bytes(pair.cert_pem)
    key.write_bytes(pair.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(cadata=authority.cert_pem.decode())
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


@pytest.fixture(scope="session")
def trust(authority: Pair) -> TlsConfig:
    return TlsConfig(ca_data=authority.cert_pem)


@pytest.fixture
async def secure_server(server_context: ssl.SSLContext) -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer([answer(200, b"secure")], server_context) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def user_files(authority: Pair, tmp_path: Path) -> TlsConfig:
    """A client certificate in files that a test may replace, for a server named ``api.example``."""
    pair = issue("first", authority)
    (tmp_path / "user.crt").write_bytes(pair.cert_pem)
    (tmp_path / "user.key").write_bytes(pair.key_pem)
    return TlsConfig(
        ca_data=authority.cert_pem,
        cert_file=str(tmp_path / "user.crt"),
        key_file=str(tmp_path / "user.key"),
        server_name="api.example",
    )
