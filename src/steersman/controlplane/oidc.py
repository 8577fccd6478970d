"""OpenID Connect in a control plane: its issuers, and their configuration file, which may change (KEP-3331).

To be imported only where there is an issuer.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from steersman.apiserver.authentication.anonymous import Anonymous
from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.oidc.authenticator import IssuerAuthenticator, OidcAuthenticator
from steersman.apiserver.authentication.oidc.configuration import (
    AnonymousConfiguration,
    AuthenticationConfiguration,
    ClaimMappings,
    ClaimValidationRule,
    Issuer,
    JWTAuthenticator,
    PrefixedClaimOrExpression,
    decode_configuration,
)
from steersman.apiserver.authentication.oidc.signature import ALGORITHMS
from steersman.apiserver.authentication.oidc.validation import compile_configuration
from steersman.apiserver.configuration_file import read_file
from steersman.controlplane.https_get import https_get
from steersman.controlplane.oidc_options import OidcOptions

POLL_SECONDS = 10.0
"""How often it is looked whether the configuration file has changed."""
UPDATE_SECONDS = 60.0
"""How long the keys of the issuers in a changed file may take to come; then those in force stay."""

_logger = logging.getLogger(__name__)


class Oidc:
    """The issuers of one control plane. ``disallowed`` are issuers already: those of service account tokens.

    Raises ValueError, with one line, for options that cannot be; the file is named where they are in one.
    """

    def __init__(self, options: OidcOptions, disallowed: Collection[str] = ()) -> None:
        self._options, self._disallowed = options, disallowed
        self._data = b""
        if options.configuration is None:
            configuration, algorithms = single_issuer(options), options.signing_algorithms
            self._issuers = self._made(configuration, algorithms)
        else:
            self._data = read_file(options.configuration)
            configuration, self._issuers = self._decoded(options.configuration)
        self._anonymous: AnonymousConfiguration | None = configuration.anonymous
        self._authenticator = OidcAuthenticator(self._issuers, options.clock)
        self._fetching: list[asyncio.Task[None]] = []
        self._watching: list[asyncio.Task[None]] = []

    def authenticators(self) -> Sequence[Authenticator]:
        return (self._authenticator,)

    def last_authenticators(self) -> Sequence[Authenticator]:
        """Those to ask when nobody else knows who it is."""
        if self._anonymous is None or not self._anonymous.enabled:
            return ()
        return (Anonymous([condition.path for condition in self._anonymous.conditions]),)

    def start(self) -> None:
        """Begin to fetch keys, and to look after the file."""
        self._fetching = _keep_fresh(self._issuers)
        if self._options.configuration is not None:
            self._watching = [asyncio.ensure_future(self._watch(self._options.configuration))]

    async def close(self) -> None:
        """Ask nobody any more."""
        await _end(self._watching)
        await _end(self._fetching)
        self._authenticator.close()

    async def _watch(self, path: Path) -> None:
        while True:
            await self._options.clock.sleep(POLL_SECONDS)
            await self._reload(path)

    async def _reload(self, path: Path) -> None:
        """Take up what the file says now, once all its issuers can be asked. Otherwise what is in force stays."""
        before = self._data
        try:
            self._data = read_file(path)
            if self._data == before:
                return
            configuration, issuers = self._decoded(path)
            if configuration.anonymous != self._anonymous:
                raise ValueError(f"{path}: anonymous: Forbidden: changed from initial configuration file")
        except ValueError as error:
            _logger.error("the authentication configuration stays as it is: %s", error)
            return
        fetching = _keep_fresh(issuers)
        try:
            await self._wait_for(issuers)
        except BaseException:
            await _end(fetching)
            raise
        if not all(issuer.provider.is_ready for issuer in issuers):
            await _end(fetching)
            # It may still come to be: the file is looked at again.
            self._data = before
            _logger.error("the authentication configuration stays as it is: %s: not all issuers can be asked", path)
            return
        replaced, self._fetching = self._fetching, fetching
        self._authenticator.replace(issuers)
        await _end(replaced)
        _logger.info("the authentication configuration %s is in force as it is now", path)

    async def _wait_for(self, issuers: Iterable[IssuerAuthenticator]) -> None:
        """Until the keys of all of them are there, or it takes too long."""
        too_long = asyncio.ensure_future(self._options.clock.sleep(UPDATE_SECONDS))
        ready = asyncio.ensure_future(_are_ready(issuers))
        try:
            await asyncio.wait((too_long, ready), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end((too_long, ready))

    def _decoded(self, path: Path) -> tuple[AuthenticationConfiguration, Sequence[IssuerAuthenticator]]:
        try:
            configuration = decode_configuration(self._data)
            return configuration, self._made(configuration, ALGORITHMS)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def _made(
        self, configuration: AuthenticationConfiguration, algorithms: Sequence[str]
    ) -> Sequence[IssuerAuthenticator]:
        seconds, clock = self._options.fetch_seconds, self._options.clock
        return [
            IssuerAuthenticator(
                trusted, algorithms, https_get(trusted.issuer.certificate_authority.encode(), seconds), clock
            )
            for trusted in compile_configuration(configuration, self._disallowed)
        ]


def single_issuer(options: OidcOptions) -> AuthenticationConfiguration:
    """What the file would say. Raises ValueError for an algorithm, or a CA file, that cannot be used."""
    for algorithm in options.signing_algorithms:
        if algorithm not in ALGORITHMS:
            raise ValueError(f'oidc: unsupported signing alg: "{algorithm}"')
    prefix = options.username_prefix or ("" if options.username_claim == "email" else f"{options.issuer_url}#")
    username = PrefixedClaimOrExpression(claim=options.username_claim, prefix="" if prefix == "-" else prefix)
    groups = PrefixedClaimOrExpression()
    if options.groups_claim:
        groups = PrefixedClaimOrExpression(claim=options.groups_claim, prefix=options.groups_prefix)
    issuer = Issuer(
        url=options.issuer_url,
        certificate_authority="" if options.ca_file is None else _authority(options.ca_file),
        audiences=(options.client_id,),
    )
    required = tuple(ClaimValidationRule(claim=claim, required_value=value) for claim, value in options.required_claims)
    mappings = ClaimMappings(username=username, groups=groups)
    jwt = JWTAuthenticator(issuer=issuer, claim_validation_rules=required, claim_mappings=mappings)
    return AuthenticationConfiguration(jwt=(jwt,))


def _authority(path: Path) -> str:
    try:
        return read_file(path).decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not PEM") from None


async def _are_ready(issuers: Iterable[IssuerAuthenticator]) -> None:
    """Returns once the keys of all of them have come."""
    for issuer in issuers:
        await issuer.provider.ready()


def _keep_fresh(issuers: Iterable[IssuerAuthenticator]) -> list[asyncio.Task[None]]:
    return [asyncio.ensure_future(issuer.keep_fresh()) for issuer in issuers]


async def _end(tasks: Iterable[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        await asyncio.wait((task,))
