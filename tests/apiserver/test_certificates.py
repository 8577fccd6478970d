"""Certificates on disk, and the kubeconfig."""

import base64
import ipaddress
import json
import socket
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from steersman.apiserver.certificates import ensure_certificates, write_kubeconfig, write_private
from steersman.apiserver.host_addresses import host_addresses
from steersman.apiserver.http.tls import peer_certificate, server_ssl_context

HOSTS = ["192.0.2.7", "api.example.com", "0.0.0.0", "::"]
DAY = 86_400


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_everything_is_private(tmp_path: Path) -> None:
    directory = tmp_path / "data" / "pki"
    ensure_certificates(directory, HOSTS)

    assert mode(directory) == 0o700
    assert {mode(path) for path in directory.iterdir()} == {0o600}
    assert sorted(path.name for path in directory.iterdir()) == [
        "admin.crt",
        "admin.key",
        "apiserver.crt",
        "apiserver.key",
        "ca.crt",
        "ca.key",
        "certificates.json",
    ]


def test_the_server_certificate_names_every_way_to_reach_the_server(tmp_path: Path) -> None:
    certificate = load(ensure_certificates(tmp_path, HOSTS).server)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert set(names.get_values_for_type(x509.DNSName)) == {
        "api.example.com",
        socket.gethostname(),
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    }
    assert set(names.get_values_for_type(x509.IPAddress)) == {
        ipaddress.ip_address(address) for address in ("192.0.2.7", "127.0.0.1", "::1", *host_addresses())
    }


def test_without_a_wildcard_the_machines_other_addresses_are_not_named(tmp_path: Path) -> None:
    certificate = load(ensure_certificates(tmp_path, ["127.0.0.1"]).server)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert set(map(str, names.get_values_for_type(x509.IPAddress))) == {"127.0.0.1", "::1"}


def test_the_chain_verifies_and_the_keys_are_p256(tmp_path: Path) -> None:
    paths = ensure_certificates(tmp_path, HOSTS)
    policy = PolicyBuilder().store(Store([load(paths.ca)]))

    policy.build_server_verifier(x509.DNSName("localhost")).verify(load(paths.server), [])
    for path in (paths.ca, paths.server, paths.admin):
        key = load(path).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"
    load(paths.admin).verify_directly_issued_by(load(paths.ca))


def test_the_admin_is_in_system_masters_and_may_only_be_a_client(tmp_path: Path) -> None:
    certificate = load(ensure_certificates(tmp_path, HOSTS).admin)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value

    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [
        "kubernetes-admin"
    ]
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == [
        "system:masters"
    ]
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_later_start_uses_them_again_without_loading_cryptography(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, HOSTS)
    before = contents(tmp_path)
    script = (
        "import sys, pathlib; from steersman.apiserver.certificates import ensure_certificates;"
        f"ensure_certificates(pathlib.Path({str(tmp_path)!r}), {HOSTS[::-1]!r});"
        "print('cryptography' in sys.modules)"
    )

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()

    assert loaded == "False"
    assert contents(tmp_path) == before


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return sorted(name for name in after if name.endswith("crt") and before[name] != after[name])


def test_other_hosts_need_another_server_certificate(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, HOSTS)
    before = contents(tmp_path)
    ensure_certificates(tmp_path, ["192.0.2.8"])

    assert changed(before, contents(tmp_path)) == ["apiserver.crt"]


@pytest.mark.parametrize(
    ("days", "renewed"),
    [
        (334, []),
        (336, ["admin.crt", "apiserver.crt"]),
        (3_619, ["admin.crt", "apiserver.crt"]),
        (3_621, ["admin.crt", "apiserver.crt", "ca.crt"]),
    ],
)
def test_certificates_are_renewed_30_days_before_they_end(tmp_path: Path, days: int, renewed: list[str]) -> None:
    now = time.time()
    ensure_certificates(tmp_path, HOSTS, now)
    before = contents(tmp_path)
    paths = ensure_certificates(tmp_path, HOSTS, now + days * DAY)

    assert changed(before, contents(tmp_path)) == renewed
    load(paths.server).verify_directly_issued_by(load(paths.ca))
    load(paths.admin).verify_directly_issued_by(load(paths.ca))


@pytest.mark.parametrize(
    ("lost", "renewed"),
    [
        ("apiserver.key", ["apiserver.crt"]),
        ("admin.crt", ["admin.crt"]),
        ("ca.key", ["admin.crt", "apiserver.crt", "ca.crt"]),
        ("certificates.json", ["admin.crt", "apiserver.crt"]),
    ],
)
def test_what_is_lost_is_issued_again(tmp_path: Path, lost: str, renewed: list[str]) -> None:
    paths = ensure_certificates(tmp_path, HOSTS)
    before = contents(tmp_path)
    (tmp_path / lost).unlink()
    ensure_certificates(tmp_path, HOSTS)

    assert changed(before, contents(tmp_path)) == renewed
    server_ssl_context(paths.server, paths.server_key, paths.ca)


@pytest.mark.parametrize("record", [b"", b"[]", b'{"ca": 1, "server": {"names": []}}', b"\xff"])
def test_a_spoilt_record_is_no_obstacle(tmp_path: Path, record: bytes) -> None:
    ensure_certificates(tmp_path, HOSTS)
    (tmp_path / "certificates.json").write_bytes(record)
    paths = ensure_certificates(tmp_path, HOSTS)

    server_ssl_context(paths.server, paths.server_key, paths.ca)
    assert set(json.loads((tmp_path / "certificates.json").read_bytes())) == {"ca", "server", "admin"}


@pytest.mark.parametrize("spoilt", ["apiserver.crt", "apiserver.key", "ca.crt"])
def test_a_spoilt_file_is_named(tmp_path: Path, spoilt: str) -> None:
    ensure_certificates(tmp_path, HOSTS)
    (tmp_path / spoilt).write_bytes(b"spoilt")
    paths = ensure_certificates(tmp_path, HOSTS)

    with pytest.raises(ValueError, match=spoilt):
        server_ssl_context(paths.server, paths.server_key, paths.ca)


def test_a_ca_with_anothers_key_issues_nothing(tmp_path: Path) -> None:
    paths, others = ensure_certificates(tmp_path / "a", HOSTS), ensure_certificates(tmp_path / "b", HOSTS)
    paths.ca_key.write_bytes(others.ca_key.read_bytes())

    with pytest.raises(ValueError, match=r"ca\.crt, .*ca\.key: the key is not that of the certificate; remove both"):
        ensure_certificates(tmp_path / "a", ["192.0.2.8"])


def test_after_a_crash_between_the_cas_two_files_another_is_made(tmp_path: Path) -> None:
    paths, others = ensure_certificates(tmp_path / "a", HOSTS), ensure_certificates(tmp_path / "b", HOSTS)
    paths.ca_key.write_bytes(others.ca_key.read_bytes())
    (tmp_path / "a" / "certificates.json").write_bytes(b"{}")
    before = contents(tmp_path / "a")
    ensure_certificates(tmp_path / "a", HOSTS)

    assert changed(before, contents(tmp_path / "a")) == ["admin.crt", "apiserver.crt", "ca.crt"]


def test_a_private_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_private(path, b"new")

    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)
    with pytest.raises(TypeError):
        write_private(path, "not bytes")  # type: ignore[arg-type]
    assert contents(tmp_path) == {"secret": b"new"}


def test_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "config"
    write_kubeconfig(path, "https://[::1]:6443", b"ca", b"certificate", b"key")
    config = yaml.safe_load(path.read_text())

    assert mode(path) == 0o600
    assert config["current-context"] == "steersman"
    assert config["contexts"] == [{"name": "steersman", "context": {"cluster": "steersman", "user": "steersman"}}]
    [cluster], [user] = config["clusters"], config["users"]
    assert (cluster["name"], user["name"]) == ("steersman", "steersman")
    assert cluster["cluster"]["server"] == "https://[::1]:6443"
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"ca"
    assert base64.b64decode(user["user"]["client-certificate-data"]) == b"certificate"
    assert base64.b64decode(user["user"]["client-key-data"]) == b"key"


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return far


def test_tls_is_1_2_or_later(tmp_path: Path) -> None:
    paths = ensure_certificates(tmp_path, HOSTS)
    context = server_ssl_context(paths.server, paths.server_key, paths.ca)

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_OPTIONAL


def test_a_client_certificate_of_another_ca_ends_the_handshake(tmp_path: Path) -> None:
    paths, others = ensure_certificates(tmp_path / "a", HOSTS), ensure_certificates(tmp_path / "b", HOSTS)
    server = server_ssl_context(paths.server, paths.server_key, paths.ca)
    client = ssl.create_default_context(cafile=paths.ca)
    client.load_cert_chain(paths.admin, paths.admin_key)
    peer = peer_certificate(handshake(server, client).getpeercert())
    stranger = ssl.create_default_context(cafile=paths.ca)
    stranger.load_cert_chain(others.admin, others.admin_key)

    assert peer is not None
    assert (peer.common_name, peer.organizations) == ("kubernetes-admin", ("system:masters",))
    with pytest.raises(ssl.SSLError):
        handshake(server, stranger)
