"""Kubeconfig files: what they can say, how one is read, and how several are merged.

Specified in "kubeconfig (v1)" of the Kubernetes reference, and "Organizing Cluster Access Using kubeconfig Files",
section "Merging kubeconfig files". Unknown fields and extensions are passed over, as kubectl does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from steersman.client.config.exec_plugin import ExecPlugin


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server. Paths are absolute; ``exec_config`` is what plugins are given; ``origin`` the file it stands in."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: bytes = field(default=b"", repr=False)
    proxy_url: str = field(default="", repr=False)
    disable_compression: bool = False
    exec_config: Any = field(default=None, repr=False)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """Credentials, and whom to impersonate. ``auth_provider`` is the name of one, which is all that is kept of it."""

    client_certificate: str = ""
    client_certificate_data: bytes = field(default=b"", repr=False)
    client_key: str = ""
    client_key_data: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)
    token_file: str = ""
    impersonate: str = ""
    impersonate_uid: str = ""
    impersonate_groups: tuple[str, ...] = ()
    impersonate_extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    username: str = ""
    password: str = field(default="", repr=False)
    auth_provider: str = ""
    exec: ExecPlugin | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """A cluster, a user and a namespace, by their names."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """One file, or several merged."""

    clusters: Mapping[str, Cluster] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    contexts: Mapping[str, Context] = field(default_factory=dict)
    current_context: str = ""

    def merged(self, other: "Kubeconfig") -> "Kubeconfig":
        """Both as one: of two entries with one name the whole entry of ``self`` counts, and so its current context."""
        return Kubeconfig(
            {**other.clusters, **self.clusters},
            {**other.users, **self.users},
            {**other.contexts, **self.contexts},
            self.current_context or other.current_context,
        )


def merge(files: Iterable[Kubeconfig]) -> Kubeconfig:
    """The files as one, the first first in rank."""
    result = Kubeconfig()
    for file in files:
        result = result.merged(file)
    return result
