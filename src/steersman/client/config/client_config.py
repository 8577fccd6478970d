"""How to reach one API server, and as whom: what client-go calls ``rest.Config``."""

import ssl
from dataclasses import dataclass, field

from steersman.client.config.credentials import CredentialProvider, anonymous
from steersman.client.config.errors import ConfigError
from steersman.client.config.impersonation import Impersonation
from steersman.client.config.server_url import check_proxy_url, server_url, without_password
from steersman.client.config.tls import TlsConfig, TlsContexts
from steersman.client.config.user_agent import default_user_agent
from steersman.client.config.warning import WarningHandler, log_warning
from steersman.client.transport import Transport

DEFAULT_QPS = 5.0
DEFAULT_BURST = 10
DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True)
class Config:
    """One server and one user.

    ``server`` is a URL (its path is put before every request's) or ``host:port``, then https if TLS is configured.
    ``proxy_url`` is None where the environment's ``HTTPS_PROXY`` and ``NO_PROXY`` decide. ``qps`` is in requests a
    second, negative for no limit; ``burst`` in requests; ``timeout`` in seconds, None for none. ``namespace`` is that
    of the context, for requests that name none. ``transport`` carries the requests where it is given, as to a server in
    this process; else they go over HTTP. Raises ConfigError where fields are wrong.
    """

    server: str
    tls: TlsConfig = field(default_factory=TlsConfig)
    credentials: CredentialProvider = field(default_factory=anonymous)
    proxy_url: str | None = None
    impersonation: Impersonation = field(default_factory=Impersonation)
    namespace: str = DEFAULT_NAMESPACE
    qps: float = DEFAULT_QPS
    burst: int = DEFAULT_BURST
    timeout: float | None = None
    user_agent: str = field(default_factory=default_user_agent)
    disable_compression: bool = False
    warning_handler: WarningHandler = log_warning
    transport: Transport | None = field(default=None, repr=False, compare=False)
    _contexts: TlsContexts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tls, who = self.tls, self.impersonation
        secure = tls.has_ca or tls.has_certificate or tls.insecure_skip_verify
        object.__setattr__(self, "server", server_url(self.server, "https" if secure else "http"))
        object.__setattr__(self, "_contexts", TlsContexts(tls))
        if self.proxy_url is not None:
            check_proxy_url(self.proxy_url)
        if (who.uid or who.groups or who.extra) and not who.user:
            raise ConfigError("impersonation: uid, groups or extra cannot be requested without a user")

    def __repr__(self) -> str:
        proxy = "" if self.proxy_url is None else f", proxy_url={without_password(self.proxy_url)!r}"
        return f"Config(server={without_password(self.server)!r}, namespace={self.namespace!r}{proxy})"

    @property
    def is_secure(self) -> bool:
        return self.server.startswith("https:")

    def ssl_context(self) -> ssl.SSLContext | None:
        """The context for connections, None for plain HTTP. The same object until a file or certificate rotates, then
        another one: what is connected with the old one should not be used for new requests.

        To be called after ``credentials.headers()``, which may bring a client certificate. Raises ConfigError.
        """
        return self._contexts.context(self.credentials.client_certificate) if self.is_secure else None
