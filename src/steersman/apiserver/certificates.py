"""The server's own certificates on disk: made at the first start, used again later, renewed in time.

``certificates.json`` beside them says what each was issued for and until when, so that a start with nothing to issue
need not load ``cryptography``.
"""

import base64
import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from steersman.apiserver.host_addresses import host_addresses

if TYPE_CHECKING:
    from steersman.apiserver.certificate_authority import KeyPair

ADMIN_USER, ADMIN_GROUP = "kubernetes-admin", "system:masters"

_NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
_WILDCARDS = frozenset(("", "0.0.0.0", "::"))  # noqa: S104 (what they are is why they cannot be in a certificate)
_AUTHORITY_LIFETIME = timedelta(days=3650)
_LIFETIME = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)


class CertificatePaths(Struct, frozen=True):
    """PEM files; the keys are PKCS #8."""

    ca: Path
    ca_key: Path
    server: Path
    server_key: Path
    admin: Path
    admin_key: Path


def ensure_certificates(directory: Path, hosts: Sequence[str], now: float | None = None) -> CertificatePaths:
    """Sees to it that ``directory`` (mode 0700) has a CA, and of it a server and an admin client certificate.

    The server certificate is for ``hosts`` (names or addresses that the server listens on; for a wildcard all addresses
    of this machine), this machine's name, localhost and the names of the ``kubernetes`` Service; the admin's is for
    user ``kubernetes-admin`` in group ``system:masters``. A certificate is issued anew when it is missing, was issued
    for other hosts, or ends within 30 days of ``now`` (seconds since the epoch). Raises OSError where the directory
    cannot be written, and ValueError where the CA's files are not what they were.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    return _Issuer(directory, time.time() if now is None else now).ensure(_server_names(hosts))


def write_kubeconfig(path: Path, server_url: str, ca_pem: bytes, cert_pem: bytes, key_pem: bytes) -> None:
    """Writes a kubeconfig with all data embedded (mode 0600, replaced in one step); all its names are ``steersman``."""
    ca, certificate, key = (base64.b64encode(pem).decode() for pem in (ca_pem, cert_pem, key_pem))
    text = f"""apiVersion: v1
kind: Config
clusters:
- name: steersman
  cluster:
    server: {json.dumps(server_url)}
    certificate-authority-data: {ca}
users:
- name: steersman
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: steersman
  context:
    cluster: steersman
    user: steersman
current-context: steersman
"""
    write_private(path, text.encode())


def write_private(path: Path, data: bytes) -> None:
    """Creates or replaces ``path`` in one step; nobody but its owner can ever read it (mode 0600)."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        # The name that the user knows, not that of the file on the way.
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _server_names(hosts: Sequence[str]) -> list[str]:
    names = {name for name in (*hosts, socket.gethostname()) if name not in _WILDCARDS and name.isascii()}
    if not _WILDCARDS.isdisjoint(hosts):
        names.update(host_addresses())
    return sorted({*names, *_NAMES})


class _Issuer:
    """One pass over the files in ``directory``."""

    def __init__(self, directory: Path, now: float) -> None:
        self._now = now
        self._record_path = directory / "certificates.json"
        self._record = self._load()
        self._paths = CertificatePaths(
            *(directory / f"{name}.{end}" for name in ("ca", "apiserver", "admin") for end in ("crt", "key"))
        )

    def ensure(self, names: list[str]) -> CertificatePaths:
        paths = self._paths
        if "ca" not in self._record:
            self._recover_authority()
        if not self._is_fresh("ca", paths.ca, paths.ca_key, []):
            self._record.clear()  # whatever an earlier CA signed is worth nothing now
            self._issue("ca", paths.ca, paths.ca_key, [], _AUTHORITY_LIFETIME)
        if not self._is_fresh("server", paths.server, paths.server_key, names):
            self._issue("server", paths.server, paths.server_key, names, _LIFETIME)
        if not self._is_fresh("admin", paths.admin, paths.admin_key, []):
            self._issue("admin", paths.admin, paths.admin_key, [], _LIFETIME)
        return paths

    def _load(self) -> dict[str, Any]:
        try:
            record = json.loads(self._record_path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def _recover_authority(self) -> None:
        """Take the CA on disk as it is where only the record is lost: whoever trusts it would be locked out."""
        paths = self._paths
        if paths.ca.is_file() and paths.ca_key.is_file():
            from steersman.apiserver import certificate_authority as authority

            pair = authority.KeyPair(paths.ca.read_bytes(), paths.ca_key.read_bytes())
            with contextlib.suppress(ValueError):
                self._record["ca"] = {"names": [], "notAfter": int(authority.authority_end(pair).timestamp())}

    def _is_fresh(self, role: str, certificate: Path, key: Path, names: list[str]) -> bool:
        entry = self._record.get(role)
        return (
            isinstance(entry, dict)
            and entry.get("names") == names
            and isinstance(entry.get("notAfter"), int)
            and entry["notAfter"] - self._now > _RENEW_BEFORE.total_seconds()
            and certificate.is_file()
            and key.is_file()
        )

    def _issue(self, role: str, certificate: Path, key: Path, names: list[str], lifetime: timedelta) -> None:
        # The record forgets the old pair first: after a crash between the two files nobody takes them for a pair.
        self._record.pop(role, None)
        self._save()
        pair = self._make(role, names, lifetime)
        write_private(key, pair.key)
        write_private(certificate, pair.certificate)
        self._record[role] = {"names": names, "notAfter": int(self._now + lifetime.total_seconds())}
        self._save()

    def _make(self, role: str, names: list[str], lifetime: timedelta) -> "KeyPair":
        from steersman.apiserver import certificate_authority as authority

        now = datetime.fromtimestamp(self._now, UTC)
        if role == "ca":
            return authority.issue_authority("steersman-ca", now, lifetime)
        paths = self._paths
        issuer = authority.KeyPair(paths.ca.read_bytes(), paths.ca_key.read_bytes())
        try:
            authority.authority_end(issuer)
        except ValueError as error:
            raise ValueError(f"{paths.ca}, {paths.ca_key}: {error}; remove both to have another CA made") from None
        if role == "server":
            return authority.issue_server(issuer, names, now, lifetime)
        return authority.issue_client(issuer, ADMIN_USER, (ADMIN_GROUP,), now, lifetime)

    def _save(self) -> None:
        write_private(self._record_path, json.dumps(self._record, indent=2).encode() + b"\n")
