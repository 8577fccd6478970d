"""From a kubeconfig to a :class:`Config`: which context, cluster and user, whether they can be used, and how."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from steersman.apimachinery.names import check_dns1123_label
from steersman.client.config.client_config import DEFAULT_NAMESPACE, Config
from steersman.client.config.credentials import CredentialProvider, anonymous, basic_auth, bearer_token, is_header_value
from steersman.client.config.errors import ConfigError
from steersman.client.config.exec_credentials import ExecCredentials
from steersman.client.config.exec_plugin import API_VERSIONS, INTERACTIVE_MODES, ExecCluster, ExecPlugin
from steersman.client.config.impersonation import Impersonation
from steersman.client.config.kubeconfig import Cluster, Context, Kubeconfig, User
from steersman.client.config.server_url import check_proxy_url, server_url
from steersman.client.config.tls import TlsConfig
from steersman.client.config.token_file import TokenFile


@dataclass(frozen=True, slots=True)
class Overrides:
    """Names that count instead of the file's: the context, and the cluster, user and namespace of any context."""

    context: str = ""
    cluster: str = ""
    user: str = ""
    namespace: str = ""

    @property
    def selects(self) -> bool:
        """True if a name must be found in a kubeconfig."""
        return bool(self.context or self.cluster or self.user)


NO_OVERRIDES = Overrides()


def config_from_kubeconfig(kubeconfig: Kubeconfig, overrides: Overrides = NO_OVERRIDES) -> Config:
    """The configuration for the current context, or the one that ``overrides`` name.

    Over plain HTTP no credentials are sent, as client-go has it. Raises ConfigError with a line for each problem.
    """
    context = _context(kubeconfig, overrides)
    cluster_name, user_name = overrides.cluster or context.cluster, overrides.user or context.user
    namespace = overrides.namespace or context.namespace
    problems = []
    if cluster_name not in kubeconfig.clusters:
        problems.append(_missing("cluster", cluster_name, context))
    if user_name and user_name not in kubeconfig.users:
        problems.append(_missing("user", user_name, context))
    if problems:
        raise ConfigError(*problems)
    cluster, user = kubeconfig.clusters[cluster_name], kubeconfig.users.get(user_name, User())
    problems += [f'{cluster.origin}: cluster "{cluster_name}": {problem}' for problem in _cluster_problems(cluster)]
    problems += [f'{user.origin}: user "{user_name}": {problem}' for problem in _user_problems(user)]
    if namespace and check_dns1123_label(namespace):
        problems.append(f'{_place(context)}namespace "{namespace}" is not a DNS label')
    if problems:
        raise ConfigError(*problems)
    return _config(cluster, user, namespace or DEFAULT_NAMESPACE)


def _context(kubeconfig: Kubeconfig, overrides: Overrides) -> Context:
    name = overrides.context or kubeconfig.current_context
    context = kubeconfig.contexts.get(name)
    if context is not None:
        return context
    if name:
        listed = ", ".join(sorted(kubeconfig.contexts)) or "none"
        raise ConfigError(f'context "{name}" does not exist (there are: {listed})')
    if overrides.cluster:
        return Context()
    raise ConfigError("no context is chosen: set current-context, or name a context")


def _missing(kind: str, name: str, context: Context) -> str:
    return f'{_place(context)}{kind} "{name}" does not exist' if name else f"{_place(context)}no {kind} is named"


def _place(context: Context) -> str:
    return f"{context.origin}: " if context.origin else ""


def _cluster_problems(cluster: Cluster) -> Iterator[str]:
    if not cluster.server:
        yield "server: must be given"
    else:
        yield from _complaint(lambda: server_url(cluster.server, "http"))
    if cluster.proxy_url:
        yield from _complaint(lambda: check_proxy_url(cluster.proxy_url))
    has_file, has_data = bool(cluster.certificate_authority), bool(cluster.certificate_authority_data)
    if has_file and has_data:
        yield "certificate-authority-data and certificate-authority: only one may be given"
    if cluster.insecure_skip_tls_verify and (has_file or has_data):
        yield "insecure-skip-tls-verify: cannot be set together with a certificate authority"
    yield from _unreadable("certificate-authority", cluster.certificate_authority)


def _complaint(check: Callable[[], object]) -> tuple[str, ...]:
    try:
        check()
    except ConfigError as error:
        return error.problems
    return ()


def _user_problems(user: User) -> Iterator[str]:
    if user.auth_provider:
        yield (
            f'auth-provider: "{user.auth_provider}" is not supported, as in kubectl since 1.26;'
            " use an exec credential plugin"
        )
    if not is_header_value(user.token):
        yield "token: cannot stand in a header; is there a line end in it?"
    if user.token and (user.username or user.password):
        yield "token and username: only one way to authenticate may be given"
    if user.client_certificate or user.client_certificate_data:
        yield from _certificate_problems(user)
    if user.exec is not None:
        yield from _exec_problems(user.exec)
    if (user.impersonate_uid or user.impersonate_groups or user.impersonate_extra) and not user.impersonate:
        yield "as-uid, as-groups and as-user-extra: must come with as, the user to impersonate"


def _certificate_problems(user: User) -> Iterator[str]:
    if user.client_certificate and user.client_certificate_data:
        yield "client-certificate-data and client-certificate: only one may be given"
    if user.client_key and user.client_key_data:
        yield "client-key-data and client-key: only one may be given"
    if not (user.client_key or user.client_key_data):
        yield "client-key-data or client-key: must be given for the client certificate"
    yield from _unreadable("client-certificate", user.client_certificate)
    yield from _unreadable("client-key", user.client_key)


def _exec_problems(plugin: ExecPlugin) -> Iterator[str]:
    if not plugin.command:
        yield "exec.command: must be given"
    if plugin.api_version not in API_VERSIONS:
        yield f'exec.apiVersion: must be one of {", ".join(API_VERSIONS)}, not "{plugin.api_version}"'
    if plugin.interactive_mode not in INTERACTIVE_MODES:
        listed = ", ".join(INTERACTIVE_MODES)
        yield f'exec.interactiveMode: must be one of {listed}, not "{plugin.interactive_mode}"'
    if not all(name and "=" not in name and "\0" not in name + value for name, value in plugin.env):
        yield "exec.env: each must have a name that can be a variable's"


def _unreadable(field: str, path: str) -> Iterator[str]:
    if path and not (os.access(path, os.R_OK)):
        yield f'{field}: unable to read "{path}"'


def _config(cluster: Cluster, user: User, namespace: str) -> Config:
    server = server_url(cluster.server, "http")
    is_secure = server.startswith("https:")
    tls = _tls(cluster, user) if is_secure else TlsConfig()
    return Config(
        server=server,
        tls=tls,
        credentials=_credentials(cluster, user, server, tls) if is_secure else anonymous(),
        proxy_url=cluster.proxy_url or None,
        impersonation=Impersonation(
            user.impersonate, user.impersonate_uid, user.impersonate_groups, user.impersonate_extra
        ),
        namespace=namespace,
        disable_compression=cluster.disable_compression,
    )


def _tls(cluster: Cluster, user: User) -> TlsConfig:
    has_certificate = bool(user.client_certificate or user.client_certificate_data)
    return TlsConfig(
        ca_data=cluster.certificate_authority_data,
        ca_file=cluster.certificate_authority,
        cert_data=user.client_certificate_data,
        cert_file=user.client_certificate,
        key_data=user.client_key_data if has_certificate else b"",
        key_file=user.client_key if has_certificate else "",
        server_name=cluster.tls_server_name,
        insecure_skip_verify=cluster.insecure_skip_tls_verify,
    )


def _credentials(cluster: Cluster, user: User, server: str, tls: TlsConfig) -> CredentialProvider:
    """A file's token counts before an inline one; a plugin is run only where there is nothing else."""
    if user.token_file:
        return TokenFile(user.token_file, fallback=user.token)
    if user.token:
        return bearer_token(user.token)
    if user.username or user.password:
        return basic_auth(user.username, user.password)
    if user.exec is None or tls.has_certificate:
        return anonymous()
    return ExecCredentials(
        user.exec, ExecCluster(server, tls, cluster.proxy_url, cluster.disable_compression, cluster.exec_config)
    )
