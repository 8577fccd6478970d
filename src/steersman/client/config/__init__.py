"""How a client finds its server and proves who it is: kubeconfig, service account, or said in code.

::

    config = load_config()                                   # as kubectl and controller-runtime look for it
    config = load_config(overrides=Overrides(context="kind-dev"))
    config = in_cluster_config()
    config = Config("https://10.0.0.1:6443", tls=TlsConfig(ca_file="ca.crt"), credentials=bearer_token(token))

A :class:`Config` is a value; ``dataclasses.replace`` makes another. Its ``credentials`` and ``ssl_context()`` follow
tokens and certificates as these rotate. Nothing here opens a connection.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steersman.client.config.client_config import Config
    from steersman.client.config.credentials import (
        ClientCertificate,
        CredentialProvider,
        Headers,
        StaticCredentials,
        anonymous,
        basic_auth,
        bearer_token,
    )
    from steersman.client.config.errors import ConfigError, CredentialError, NotInCluster
    from steersman.client.config.exec_credentials import ExecCredentials
    from steersman.client.config.exec_plugin import ExecCluster, ExecPlugin
    from steersman.client.config.impersonation import Impersonation
    from steersman.client.config.in_cluster import in_cluster_config
    from steersman.client.config.kubeconfig import Cluster, Context, Kubeconfig, User, merge
    from steersman.client.config.kubeconfig_file import load_kubeconfig, load_kubeconfigs, parse_kubeconfig
    from steersman.client.config.loading import load_config
    from steersman.client.config.selection import Overrides, config_from_kubeconfig
    from steersman.client.config.tls import TlsConfig
    from steersman.client.config.token_file import TokenFile
    from steersman.client.config.warning import WarningHandler, ignore_warning, log_warning

_MODULES = {
    "ClientCertificate": "credentials",
    "Cluster": "kubeconfig",
    "Config": "client_config",
    "ConfigError": "errors",
    "Context": "kubeconfig",
    "CredentialError": "errors",
    "CredentialProvider": "credentials",
    "ExecCluster": "exec_plugin",
    "ExecCredentials": "exec_credentials",
    "ExecPlugin": "exec_plugin",
    "Headers": "credentials",
    "Impersonation": "impersonation",
    "Kubeconfig": "kubeconfig",
    "NotInCluster": "errors",
    "Overrides": "selection",
    "StaticCredentials": "credentials",
    "TlsConfig": "tls",
    "TokenFile": "token_file",
    "User": "kubeconfig",
    "WarningHandler": "warning",
    "anonymous": "credentials",
    "basic_auth": "credentials",
    "bearer_token": "credentials",
    "config_from_kubeconfig": "selection",
    "ignore_warning": "warning",
    "in_cluster_config": "in_cluster",
    "load_config": "loading",
    "load_kubeconfig": "kubeconfig_file",
    "load_kubeconfigs": "kubeconfig_file",
    "log_warning": "warning",
    "merge": "kubeconfig",
    "parse_kubeconfig": "kubeconfig_file",
}
"""The module of each name: imported when it is asked for, for a server's own clients read no files."""

__all__ = [
    "ClientCertificate",
    "Cluster",
    "Config",
    "ConfigError",
    "Context",
    "CredentialError",
    "CredentialProvider",
    "ExecCluster",
    "ExecCredentials",
    "ExecPlugin",
    "Headers",
    "Impersonation",
    "Kubeconfig",
    "NotInCluster",
    "Overrides",
    "StaticCredentials",
    "TlsConfig",
    "TokenFile",
    "User",
    "WarningHandler",
    "anonymous",
    "basic_auth",
    "bearer_token",
    "config_from_kubeconfig",
    "ignore_warning",
    "in_cluster_config",
    "load_config",
    "load_kubeconfig",
    "load_kubeconfigs",
    "log_warning",
    "merge",
    "parse_kubeconfig",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
