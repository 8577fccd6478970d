"""The tokens of service accounts in a control plane: what the server has to do with them.

What it takes is imported and made when the first token comes, or is asked for: a server starts sooner without.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.apimachinery.group_version import GroupKind
from steersman.apiserver.authentication.authenticator import Authenticator, Found
from steersman.apiserver.authentication.service_account import CONFIGURATION_PATH, KEYS_PATH
from steersman.apiserver.authentication.token_review import AudienceAware, Identified, TokenReviewer
from steersman.apiserver.http.message import Handler, Request
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionBehaviour
from steersman.controlplane.actions import lazily
from steersman.controlplane.service_account_options import ServiceAccountOptions, is_issuer_url

if TYPE_CHECKING:
    from steersman.apiserver.authentication.service_account.authenticator import ServiceAccountAuthenticator
    from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
    from steersman.apiserver.authentication.service_account.openid_discovery import OpenIDDiscovery

KEY_FILE = "service-account.key"
"""In the data directory's ``pki``."""


class ServiceAccounts:
    """Raises ValueError or OSError for key files that cannot be used; without any, no key is read before a token."""

    def __init__(self, options: ServiceAccountOptions, data_dir: Path | None, minor: int) -> None:
        self._options, self._data_dir, self._minor = options, data_dir, minor
        if options.signing_key_file or options.key_files:
            self.issuer.keys.accepted()

    @cached_property
    def issuer(self) -> "TokenIssuer":
        from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
        from steersman.apiserver.authentication.service_account.key_ring import KeyRing

        options = self._options
        made = self._data_dir / "pki" / KEY_FILE if self._data_dir is not None else None
        keys = KeyRing(options.signing_key_file, options.key_files, made)
        return TokenIssuer(keys, options.issuers, options.api_audiences)

    def authenticator(self, objects: ObjectReader) -> "ServiceAccountTokens":
        """Tells who presents a token; ``objects`` has the accounts, and what tokens are bound to."""
        return ServiceAccountTokens(self, objects)

    def reviewer(
        self, authenticator: Authenticator, tokens: "ServiceAccountTokens", others: AudienceAware | None
    ) -> TokenReviewer:
        """``authenticator`` is that of requests, ``tokens`` the part of it that knows service accounts.

        ``others`` is the part, if any, that knows of other audiences than this server's.
        """
        return TokenReviewer(authenticator, self._options.api_audiences, tokens, others)

    def actions(self, objects: ObjectReader) -> Mapping[tuple[GroupKind, str], ActionBehaviour]:
        """What ``serviceaccounts/token`` does."""
        return {(GroupKind("", "ServiceAccount"), "token"): lazily(lambda: self._token_requests(objects))}

    def routes(self, host: Callable[[], str]) -> Mapping[str, Handler]:
        """Non-resource paths; ``host`` is the server's host and port, empty where HTTPS is not served.

        There are none where the issuer's name is no https URL: nobody could find them.
        """
        if not is_issuer_url(self._options.issuers[0]):
            return {}
        discovery = cache(lambda: self._discovery(host))
        return {
            CONFIGURATION_PATH: lambda request: discovery().configuration(request),
            KEYS_PATH: lambda request: discovery().keys(request),
        }

    async def issue_for_secret(self, namespace: str, account: str, uid: str, secret: str) -> str:
        """A token of the account of this name and uid, to stand in a Secret. Raises ValueError or OSError."""
        return await self.issuer.issue_for_secret(namespace, account, uid, secret)

    def _token_requests(self, objects: ObjectReader) -> ActionBehaviour:
        from steersman.apis.token_requests import Lifetimes, TokenRequests

        lifetimes = Lifetimes(self._options.most_token_seconds, self._options.extend_tokens)
        requests = TokenRequests(self.issuer, objects, self._minor, lifetimes)
        return ActionBehaviour(requests.act, requests.prepare)

    def _discovery(self, host: Callable[[], str]) -> "OpenIDDiscovery":
        from steersman.apiserver.authentication.service_account.openid_discovery import OpenIDDiscovery

        return OpenIDDiscovery(self.issuer, self._options.keys_uri, host)


class ServiceAccountTokens:
    """An authenticator that imports what it takes with the first bearer token, whosever that is."""

    def __init__(self, accounts: ServiceAccounts, objects: ObjectReader) -> None:
        self._accounts, self._objects = accounts, objects

    def authenticate(self, request: Request) -> Found:
        return self._authenticator.authenticate(request) if b"authorization" in request.headers else None

    def identify(self, token: bytes, audiences: Sequence[str]) -> Identified | Awaitable[Identified] | None:
        return self._authenticator.identify(token, audiences)

    @cached_property
    def _authenticator(self) -> "ServiceAccountAuthenticator":
        from steersman.apiserver.authentication.service_account.authenticator import ServiceAccountAuthenticator

        return ServiceAccountAuthenticator(self._accounts.issuer, self._objects)
