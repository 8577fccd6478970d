"""The configuration of a pod: its service account's token, CA and namespace, which the kubelet mounts.

Specified in "Accessing the Kubernetes API from a Pod" of the Kubernetes documentation.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from steersman.client.config.client_config import DEFAULT_NAMESPACE, Config
from steersman.client.config.errors import ConfigError, NotInCluster
from steersman.client.config.tls import TlsConfig, build_context
from steersman.client.config.token_file import TokenFile

_log = logging.getLogger(__name__)

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def in_cluster_config(environ: Mapping[str, str] | None = None, service_account: Path = SERVICE_ACCOUNT) -> Config:
    """The configuration that the kubelet gives to pods; the token is read again as it rotates.

    Raises NotInCluster where ``KUBERNETES_SERVICE_HOST`` and ``KUBERNETES_SERVICE_PORT`` are not set, or there is no
    token. A CA that cannot be used is logged, and the system's are trusted, as in client-go.
    """
    environ = os.environ if environ is None else environ
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise NotInCluster("not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined")
    token = service_account / "token"
    if not token.is_file() or not os.access(token, os.R_OK):
        raise NotInCluster(f"not in a cluster: cannot read the service account's token, {token}")
    return Config(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        tls=_tls(service_account / "ca.crt"),
        credentials=TokenFile(token),
        namespace=_namespace(environ, service_account / "namespace"),
    )


def _tls(ca_file: Path) -> TlsConfig:
    tls = TlsConfig(ca_file=str(ca_file))
    try:
        build_context(tls)
    except ConfigError as error:
        _log.error("cannot use the cluster's CA, trusting the system's instead: %s", error)
        return TlsConfig()
    return tls


def _namespace(environ: Mapping[str, str], file: Path) -> str:
    try:
        mounted = file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        mounted = ""
    return environ.get("POD_NAMESPACE") or mounted or DEFAULT_NAMESPACE
