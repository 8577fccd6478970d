"""The ``exec`` stanza of a kubeconfig user, and what goes between client and plugin.

Specified in Kubernetes' Authentication reference, section "client-go credential plugins", and the API group
``client.authentication.k8s.io`` (KEP-541).
"""

import base64
import binascii
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from steersman.apimachinery.encoding import json
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.time import parse_time
from steersman.client.config.credentials import ClientCertificate, is_header_value
from steersman.client.config.errors import CredentialError
from steersman.client.config.tls import TlsConfig

GROUP = "client.authentication.k8s.io"
API_VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
CLUSTER_EXTENSION = f"{GROUP}/exec"
"""The cluster's extension that is handed to plugins as ``spec.cluster.config``."""

NEVER, IF_AVAILABLE, ALWAYS = INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that prints credentials. ``env`` is added to this process' environment; never a shell is involved."""

    command: str
    api_version: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = IF_AVAILABLE


@dataclass(frozen=True, slots=True)
class ExecCluster:
    """What a plugin with ``provideClusterInfo`` is told about the server."""

    server: str
    tls: TlsConfig
    proxy_url: str = field(default="", repr=False)
    disable_compression: bool = False
    config: Any = None

    def document(self) -> dict[str, Any]:
        """``spec.cluster`` of an ExecCredential. Raises ConfigError if the CA's file cannot be read."""
        fields = {
            "tls-server-name": self.tls.server_name,
            "insecure-skip-tls-verify": self.tls.insecure_skip_verify,
            "certificate-authority-data": base64.b64encode(self.tls.ca_pem()).decode(),
            "proxy-url": self.proxy_url,
            "disable-compression": self.disable_compression,
        }
        return {
            "server": self.server,
            **{name: value for name, value in fields.items() if value},
            "config": self.config,
        }


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a plugin gave; without ``expires_at`` it holds until it is rejected."""

    token: str = field(repr=False)
    certificate: ClientCertificate | None
    expires_at: datetime | None


def request_document(plugin: ExecPlugin, cluster: ExecCluster | None, interactive: bool) -> str:
    """The ExecCredential that a plugin finds in ``KUBERNETES_EXEC_INFO``."""
    spec: dict[str, Any] = {"interactive": interactive}
    if cluster is not None and plugin.provide_cluster_info:
        spec["cluster"] = cluster.document()
    return json.encode({"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec}).decode()


def read_result(plugin: ExecPlugin, output: bytes) -> ExecResult:
    """The credentials in a plugin's output. Raises CredentialError, which repeats none of what it holds."""
    status = _status(plugin, output)
    token, certificate, key = (
        _text(plugin, status, name) for name in ("token", "clientCertificateData", "clientKeyData")
    )
    if not (token or certificate or key):
        raise _failed(plugin, "it returned no token and no certificate and key")
    if bool(certificate) != bool(key):
        raise _failed(plugin, "it returned only one of certificate and key")
    pair = ClientCertificate(certificate.encode(), key.encode()) if certificate else None
    return ExecResult(token, pair, _expiry(plugin, status))


def _status(plugin: ExecPlugin, output: bytes) -> Mapping[str, Any]:
    try:
        credential = json.decode(output)
    except ApiError:
        raise _failed(plugin, "its output is not JSON") from None
    if not isinstance(credential, dict) or credential.get("kind") != "ExecCredential":
        raise _failed(plugin, "its output is no ExecCredential")
    version = credential.get("apiVersion")
    if version != plugin.api_version:
        known = version if version in API_VERSIONS else "another one"
        raise _failed(plugin, f"it is configured to use API version {plugin.api_version}, but returned {known}")
    status = credential.get("status")
    if not isinstance(status, dict):
        raise _failed(plugin, "it returned no status")
    return status


def _text(plugin: ExecPlugin, status: Mapping[str, Any], name: str) -> str:
    value = status.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _failed(plugin, f"status.{name} must be a string")
    if name == "token" and not is_header_value(value):
        raise _failed(plugin, "status.token cannot stand in a header")
    return value


def _expiry(plugin: ExecPlugin, status: Mapping[str, Any]) -> datetime | None:
    text = _text(plugin, status, "expirationTimestamp")
    try:
        return parse_time(text) if text else None
    except ValueError:
        raise _failed(plugin, "status.expirationTimestamp must be a time as in RFC 3339") from None


def _failed(plugin: ExecPlugin, why: str) -> CredentialError:
    return CredentialError(f"exec plugin {plugin.command}: {why}")


def without_escapes(text: str) -> str:
    """Text of others as a terminal may get it: control characters but white space are spelled out (``U+001B``)."""
    return "".join(
        one if one in "\t\n\v\f\r" or not unicodedata.category(one).startswith("C") else f"U+{ord(one):04X}"
        for one in text
    )


def decode_base64(text: str) -> bytes:
    """Standard base64, in which line ends do not count. Raises ValueError."""
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None
