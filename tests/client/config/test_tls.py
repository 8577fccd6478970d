"""TLS as configured: handshakes in memory, and files that rotate."""

import logging
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from tests.client.config.certificates import Pair, issue

from steersman.client.config import ClientCertificate, Config, ConfigError, TlsConfig, basic_auth
from steersman.client.config.tls import TlsContexts, build_context


@pytest.fixture(scope="module")
def server_pair(authority: Pair) -> Pair:
    return issue("server.test", authority)


def server_context(pair: Pair, directory: Path, client_ca: Pair | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = directory / "server.pem"
    file.write_bytes(pair.cert_pem + pair.key_pem)
    context.load_cert_chain(file)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca.cert_pem.decode())
    return context


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> ssl.SSLObject:
    """The server's side after the handshake. Raises SSLError as either side has it."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_side = client.wrap_bio(down, up, server_hostname=host)
    server_side = server.wrap_bio(up, down, server_side=True)
    waiting = [client_side, server_side]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    return server_side


def test_a_server_of_the_authority_is_trusted(authority: Pair, server_pair: Pair, tmp_path: Path) -> None:
    client = build_context(TlsConfig(ca_data=authority.cert_pem))
    server = server_context(server_pair, tmp_path)
    shake_hands(client, server, "server.test")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server, "other.test")


def test_the_system_is_trusted_without_an_authority(server_pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(build_context(TlsConfig()), server_context(server_pair, tmp_path), "server.test")


def test_a_servers_own_certificate_can_be_the_authority(server_pair: Pair, tmp_path: Path) -> None:
    client = build_context(TlsConfig(ca_data=server_pair.cert_pem))
    shake_hands(client, server_context(server_pair, tmp_path), "server.test")


def test_verification_can_be_skipped(server_pair: Pair, tmp_path: Path) -> None:
    client = build_context(TlsConfig(insecure_skip_verify=True))
    shake_hands(client, server_context(server_pair, tmp_path), "other.test")


Given = Callable[[Pair, Path], TlsConfig]
WAYS: dict[str, Given] = {
    "inline": lambda pair, _: TlsConfig(cert_data=pair.cert_pem, key_data=pair.key_pem, insecure_skip_verify=True),
    "files": lambda _, path: TlsConfig(cert_file=f"{path}/crt", key_file=f"{path}/key", insecure_skip_verify=True),
    "mixed": lambda pair, path: TlsConfig(cert_file=f"{path}/crt", key_data=pair.key_pem, insecure_skip_verify=True),
    "inline counts": lambda pair, _: TlsConfig(
        cert_data=pair.cert_pem, cert_file="/no", key_data=pair.key_pem, key_file="/no", insecure_skip_verify=True
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_client_shows_its_certificate(
    way: str, authority: Pair, server_pair: Pair, user_pair: Pair, tmp_path: Path
) -> None:
    (tmp_path / "crt").write_bytes(user_pair.cert_pem)
    (tmp_path / "key").write_bytes(user_pair.key_pem)
    client = build_context(WAYS[way](user_pair, tmp_path))
    side = shake_hands(client, server_context(server_pair, tmp_path, client_ca=authority), "server.test")
    assert side.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(user_pair.cert_pem.decode())


def test_a_key_leaves_no_file(user_pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    build_context(WAYS["inline"](user_pair, tmp_path))
    assert list(tmp_path.iterdir()) == []


class Clock:
    """Seconds that tests set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Rotating:
    """Files of a certificate and its key, the clock, and the contexts that follow them."""

    def __init__(self, directory: Path, pair: Pair) -> None:
        self.cert, self.key, self.clock = directory / "crt", directory / "key", Clock()
        self.writes = 0
        self.write(self.cert, pair.cert_pem)
        self.write(self.key, pair.key_pem)
        tls = TlsConfig(cert_file=str(self.cert), key_file=str(self.key), insecure_skip_verify=True)
        self.contexts = TlsContexts(tls, self.clock)

    def write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.writes += 1
        os.utime(path, (self.writes, self.writes))


@pytest.fixture
def rotating(tmp_path: Path, user_pair: Pair) -> Rotating:
    return Rotating(tmp_path, user_pair)


def test_the_context_stays_while_files_stay(rotating: Rotating) -> None:
    first = rotating.contexts.context()
    rotating.clock.seconds = 1000
    assert rotating.contexts.context() is first


def test_rotated_files_make_another_context(
    rotating: Rotating, authority: Pair, server_pair: Pair, tmp_path: Path
) -> None:
    first = rotating.contexts.context()
    other = issue("other", authority)
    rotating.write(rotating.cert, other.cert_pem)
    rotating.write(rotating.key, other.key_pem)
    assert rotating.contexts.context() is first
    rotating.clock.seconds = 10
    second = rotating.contexts.context()
    assert second is not first
    side = shake_hands(second, server_context(server_pair, tmp_path, client_ca=authority), "server.test")
    assert side.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(other.cert_pem.decode())


def test_half_rotated_files_leave_what_was_loaded(
    rotating: Rotating, authority: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    first = rotating.contexts.context()
    other = issue("other", authority)
    rotating.write(rotating.cert, other.cert_pem)
    rotating.clock.seconds = 10
    with caplog.at_level(logging.WARNING):
        assert rotating.contexts.context() is first
    assert "they do not belong together" in caplog.text
    rotating.write(rotating.key, other.key_pem)
    rotating.clock.seconds = 20
    assert rotating.contexts.context() is not first


def test_files_that_vanish_leave_what_was_loaded(rotating: Rotating) -> None:
    first = rotating.contexts.context()
    rotating.cert.unlink()
    rotating.clock.seconds = 10
    assert rotating.contexts.context() is first


def test_a_rotated_authority_is_trusted(authority: Pair, server_pair: Pair, tmp_path: Path) -> None:
    file, clock = tmp_path / "ca", Clock()
    file.write_bytes(issue("former", is_ca=True).cert_pem)
    contexts = TlsContexts(TlsConfig(ca_file=str(file)), clock)
    server = server_context(server_pair, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(contexts.context(), server, "server.test")
    file.write_bytes(authority.cert_pem)
    os.utime(file, (1, 1))
    clock.seconds = 10
    shake_hands(contexts.context(), server, "server.test")


def test_a_plugins_certificate_makes_another_context(user_pair: Pair, authority: Pair) -> None:
    contexts = TlsContexts(TlsConfig(insecure_skip_verify=True))
    other = issue("other", authority)
    given = [None, *(ClientCertificate(pair.cert_pem, pair.key_pem) for pair in (user_pair, other))]
    made = [contexts.context(one) for one in given]
    assert len(set(made)) == 3
    assert contexts.context(given[-1]) is made[-1]


def test_an_equal_certificate_makes_no_other_context(user_pair: Pair) -> None:
    contexts = TlsContexts(TlsConfig(insecure_skip_verify=True))
    first = contexts.context(ClientCertificate(user_pair.cert_pem, user_pair.key_pem))
    assert contexts.context(ClientCertificate(user_pair.cert_pem, user_pair.key_pem)) is first


def test_a_plugins_bad_certificate_does_not_fall_back(user_pair: Pair) -> None:
    contexts = TlsContexts(TlsConfig(insecure_skip_verify=True))
    contexts.context(ClientCertificate(user_pair.cert_pem, user_pair.key_pem))
    with pytest.raises(ConfigError):
        contexts.context(ClientCertificate(b"bad", b"bad"))


def test_plain_http_has_no_context() -> None:
    assert Config("http://server").ssl_context() is None


def encrypted(pair: Pair) -> bytes:
    return pair.encrypted_key_pem(BestAvailableEncryption(b"hunter2"))


BAD: list[tuple[Callable[[Pair], TlsConfig], str]] = [
    (lambda _: TlsConfig(ca_data=b"no PEM"), "certificate-authority: holds no PEM certificate that can be read"),
    (
        lambda _: TlsConfig(ca_file="/no/ca.crt"),
        'certificate-authority: unable to read "/no/ca.crt": No such file or directory',
    ),
    (
        lambda pair: TlsConfig(cert_data=pair.cert_pem, key_data=b"hunter2"),
        "client-certificate, client-key: cannot be loaded: not PEM, or an encrypted key",
    ),
    (
        lambda pair: TlsConfig(cert_data=pair.cert_pem, key_data=encrypted(pair)),
        "client-certificate, client-key: cannot be loaded: not PEM, or an encrypted key",
    ),
    (
        lambda pair: TlsConfig(cert_data=pair.cert_pem, key_data=issue("other").key_pem),
        "client-certificate, client-key: cannot be loaded: they do not belong together",
    ),
    (
        lambda pair: TlsConfig(cert_data=pair.cert_pem),
        "client-key-data or client-key: must be given for the client certificate",
    ),
    (
        lambda pair: TlsConfig(ca_data=pair.cert_pem, insecure_skip_verify=True),
        "insecure-skip-tls-verify: cannot be set together with a certificate authority",
    ),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_what_cannot_be_used_is_named(make: Callable[[Pair], TlsConfig], message: str, user_pair: Pair) -> None:
    with pytest.raises(ConfigError) as raised:
        Config("https://server", tls=make(user_pair), credentials=basic_auth("me", "x")).ssl_context()
    assert str(raised.value) == message
