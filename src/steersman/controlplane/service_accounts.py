"""The tokens of service accounts in a control plane: which keys and names, and what the server has to do with them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.token_requests import Lifetimes, TokenRequests
from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.service_account.authenticator import ServiceAccountAuthenticator
from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
from steersman.apiserver.authentication.service_account.key_ring import KeyRing
from steersman.apiserver.authentication.service_account.openid_discovery import OpenIDDiscovery
from steersman.apiserver.authentication.token_review import TokenReviewer
from steersman.apiserver.http.message import Handler
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionBehaviour

ISSUER = "https://kubernetes.default.svc.cluster.local"
KEY_FILE = "service-account.key"
_LEAST_SECONDS, _MOST_SECONDS = 3600, 1 << 32


class ServiceAccountOptions(Struct, frozen=True):
    """How tokens of service accounts are signed and accepted.

    ``issuers``: the first signs, the others are accepted. ``signing_key_file`` is PEM (EC or RSA; without one a key is
    made in the data directory), ``key_files`` are more keys to accept. ``audiences`` are those of the server, its
    issuers if none are said. ``most_token_seconds`` 0: a token holds as long as is asked for. ``extend_tokens``: see
    :class:`Lifetimes`. ``keys_uri`` is where others read the keys, if not here. Raises ValueError for what cannot be.
    """

    issuers: tuple[str, ...] = (ISSUER,)
    signing_key_file: Path | None = None
    key_files: tuple[Path, ...] = ()
    audiences: tuple[str, ...] = ()
    most_token_seconds: int = 0
    extend_tokens: bool = True
    keys_uri: str = ""

    def __post_init__(self) -> None:
        if not self.issuers or not all(self.issuers):
            raise ValueError("the issuer of service account tokens must have a name")
        for issuer in self.issuers:
            if ":" in issuer and not urlsplit(issuer).scheme:
                raise ValueError(f"service-account-issuer {issuer!r} contained a ':' but was not a valid URL")
        if self.most_token_seconds and not _LEAST_SECONDS <= self.most_token_seconds <= _MOST_SECONDS:
            raise ValueError("the service-account-max-token-expiration must be between 1 hour and 2^32 seconds")
        if self.keys_uri and urlsplit(self.keys_uri).scheme != "https":
            raise ValueError(f"service-account-jwks-uri requires https scheme, parsed as: {self.keys_uri}")


class ServiceAccounts:
    """Raises ValueError or OSError for key files that cannot be used; without any, no key is read before a token."""

    def __init__(self, options: ServiceAccountOptions, data_dir: Path | None, minor: int) -> None:
        made = data_dir / "pki" / KEY_FILE if data_dir is not None else None
        keys = KeyRing(options.signing_key_file, options.key_files, made)
        if keys.has_files:
            keys.accepted()
        self._options, self._minor = options, minor
        self.issuer = TokenIssuer(keys, options.issuers, options.audiences)

    def authenticator(self, objects: ObjectReader) -> ServiceAccountAuthenticator:
        return ServiceAccountAuthenticator(self.issuer, objects)

    def reviewer(self, authenticator: Authenticator, tokens: ServiceAccountAuthenticator) -> TokenReviewer:
        """``authenticator`` is that of requests, ``tokens`` the part of it that knows service accounts."""
        return TokenReviewer(authenticator, self.issuer.audiences, tokens)

    def actions(self, objects: ObjectReader) -> Mapping[tuple[GroupKind, str], ActionBehaviour]:
        lifetimes = Lifetimes(self._options.most_token_seconds, self._options.extend_tokens)
        requests = TokenRequests(self.issuer, objects, self._minor, lifetimes)
        return {(GroupKind("", "ServiceAccount"), "token"): requests.behaviour}

    def routes(self, host: Callable[[], str]) -> Mapping[str, Handler]:
        """Non-resource paths; ``host`` is the server's host and port, empty where HTTPS is not served."""
        return OpenIDDiscovery(self.issuer, self._options.keys_uri, host).routes()
