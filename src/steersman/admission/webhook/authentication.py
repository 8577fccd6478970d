"""How the server shows webhooks who it is: users of a kubeconfig file, by the host that is called.

Specified in "Dynamic Admission Control", section "Authenticate API servers" (WebhookAdmissionConfiguration).
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from steersman.admission.webhook.webhook import Target
from steersman.client.config import Config, ConfigError, load_kubeconfig
from steersman.client.config.kubeconfig import Cluster, Context, Kubeconfig, User
from steersman.client.config.selection import config_from_kubeconfig

KINDS = {
    ("apiserver.config.k8s.io/v1", "WebhookAdmissionConfiguration"),
    ("apiserver.config.k8s.io/v1alpha1", "WebhookAdmission"),
}
USER_AGENT = "kube-apiserver-admission"
_HTTPS = ":443"
_NAME = "webhook"


class Authentication:
    """Gives the configuration with which a webhook is called."""

    def __init__(self, kubeconfig: Kubeconfig | None = None) -> None:
        self._kubeconfig = kubeconfig or Kubeconfig()

    @classmethod
    def from_configuration(cls, plugin: str, configuration: Mapping[str, Any] | None) -> "Authentication":
        """From the plugin's part of the AdmissionConfiguration. Raises ValueError, with one line."""
        if not configuration:
            return cls()
        kind = (configuration.get("apiVersion"), configuration.get("kind"))
        if kind not in KINDS:
            listed = " or ".join(f"{name} of apiVersion {version}" for version, name in sorted(KINDS))
            raise ValueError(f"{plugin}: its configuration must be a {listed}")
        if unknown := sorted(configuration.keys() - {"apiVersion", "kind", "kubeConfigFile"}):
            raise ValueError(f'{plugin}: unknown field "{unknown[0]}"')
        path = configuration.get("kubeConfigFile") or ""
        if not path:
            return cls()
        if not isinstance(path, str) or not os.path.isabs(path):
            raise ValueError(f'{plugin}: kubeConfigFile: Invalid value: "{path}": must be an absolute file path')
        try:
            return cls(load_kubeconfig(path))
        except ConfigError as error:
            raise ValueError(f"{plugin}: kubeConfigFile: {error.problems[0]}") from None

    def config(self, target: Target, address: str) -> Config:
        """How to reach ``address`` (``https://host:port``) as ``target``. Raises ConfigError."""
        user = self._user(target.host_port) or User()
        cluster = Cluster(
            server=address,
            tls_server_name=target.service.host if target.service else "",
            certificate_authority_data=target.ca_bundle,
        )
        one = Kubeconfig({_NAME: cluster}, {_NAME: user}, {_NAME: Context(_NAME, _NAME)}, _NAME)
        return config_from_kubeconfig(one)

    def _user(self, host_port: str) -> User | None:
        users, contexts = self._kubeconfig.users, self._kubeconfig.contexts
        named = next((users[pattern] for pattern in _patterns(host_port) if pattern in users), None)
        current = contexts.get(self._kubeconfig.current_context)
        return named or users.get("*") or (users.get(current.user) if current else None)


def _patterns(host_port: str) -> Iterator[str]:
    """Under which names a user may be kept for a host: the first that is there counts."""
    names = (host_port, host_port.removesuffix(_HTTPS)) if host_port.endswith(_HTTPS) else (host_port,)
    for name in names:
        yield name
        labels = name.split(".")
        for at in range(1, len(labels)):
            yield "*." + ".".join(labels[at:])
