"""Authentication by tokens of configured issuers."""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Iterable, Sequence
from typing import Final

from steersman.apiserver.authentication.bearer import InvalidToken, bearer_token
from steersman.apiserver.authentication.oidc.clock import Clock
from steersman.apiserver.authentication.oidc.distributed_claims import DistributedClaims
from steersman.apiserver.authentication.oidc.provider import Fetch, Provider
from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.oidc.signature import algorithm_of
from steersman.apiserver.authentication.oidc.token import Token, check_claims, parse
from steersman.apiserver.authentication.oidc.validation import TrustedIssuer
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request
from steersman.apiserver.review_webhook import AnswerCache

REMEMBER_SECONDS: Final = 10.0
"""How long a user found for a token is remembered, as kube-apiserver does; never longer than the token is valid."""

_logger = logging.getLogger(__name__)


class IssuerAuthenticator:
    """Tokens of one issuer."""

    def __init__(self, trusted: TrustedIssuer, algorithms: Sequence[str], fetch: Fetch, clock: Clock) -> None:
        issuer = trusted.issuer
        self.provider = Provider(issuer.url, issuer.discovery_url, fetch, clock)
        self._mapping, self._algorithms, self._clock = trusted.mapping, algorithms, clock
        self._audiences = frozenset(issuer.audiences)
        self._elsewhere = DistributedClaims(trusted.groups_claim, fetch, clock) if trusted.groups_claim else None

    def user(self, token: Token) -> UserInfo | None:
        """None if that takes asking the issuer or another one, as ``ask`` does. Raises Refused."""
        if not self.provider.is_ready:
            raise Refused("the keys of the issuer have not come yet")
        check_claims(token.claims, self._audiences, self._clock.now())
        if not self.provider.has_signed(token, algorithm_of(token, self._algorithms)):
            return None
        if self._elsewhere is not None and self._elsewhere.are_in(token.claims):
            return None
        return self._mapping.user(token.claims)

    async def ask(self, token: Token) -> UserInfo:
        """For a token whose key is not known, or whose claims are elsewhere; it is in its time. Raises Refused."""
        await self.provider.verify(token, algorithm_of(token, self._algorithms))
        claims = token.claims
        if self._elsewhere is not None and self._elsewhere.are_in(claims):
            claims = await self._elsewhere.added_to(claims, self._audiences, self._algorithms)
        return self._mapping.user(claims)

    async def keep_fresh(self) -> None:
        """Keeps the issuer's keys until it is cancelled; then what is being fetched is given up."""
        try:
            await self.provider.keep_fresh()
        finally:
            self.provider.close()
            if self._elsewhere is not None:
                self._elsewhere.close()


class OidcAuthenticator:
    """Tokens of several issuers; those of nobody we know are left to others.

    Tokens are kept only as digests, keyed with a secret of this process. Refusals are logged, and not remembered.
    """

    def __init__(self, issuers: Iterable[IssuerAuthenticator], clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._asked: dict[bytes, asyncio.Task[UserInfo]] = {}
        self.replace(issuers)

    def replace(self, issuers: Iterable[IssuerAuthenticator]) -> None:
        """Take tokens of these issuers from now on, and of no others."""
        self._issuers = {issuer.provider.issuer: issuer for issuer in issuers}
        self._known: AnswerCache[UserInfo] = AnswerCache(self._clock.monotonic)
        self._asked = {}

    def close(self) -> None:
        """Give up what is being asked."""
        for task in self._asked.values():
            task.cancel()

    def authenticate(self, request: Request) -> UserInfo | Awaitable[UserInfo] | None:
        """Raises InvalidToken for a token of an issuer that we know, if it is not good."""
        compact = bearer_token(request)
        if compact.count(b".") != 2 or not self._issuers:
            return None
        digest = hmac.digest(self._key, compact, "sha256")
        known = self._known.get(digest)
        if known is not None:
            return known
        token = parse(compact)
        issuer = self._issuers.get(token.issuer) if token is not None else None
        if token is None or issuer is None:
            return None
        asked = self._asked.get(digest)
        if asked is not None:
            return asyncio.shield(asked)
        try:
            user = issuer.user(token)
        except Refused as refusal:
            raise _invalid(issuer, refusal) from None
        if user is None:
            return asyncio.shield(self._ask(digest, token, issuer))
        self._known.put(digest, user, self._seconds(token))
        return user

    def _ask(self, digest: bytes, token: Token, issuer: IssuerAuthenticator) -> asyncio.Task[UserInfo]:
        """One question at a time for a token, however many requests come with it."""
        asked, known = self._asked, self._known

        async def ask() -> UserInfo:
            try:
                user = await issuer.ask(token)
            except Refused as refusal:
                raise _invalid(issuer, refusal) from None
            known.put(digest, user, self._seconds(token))
            return user

        def answered(task: asyncio.Task[UserInfo]) -> None:
            asked.pop(digest, None)
            if not task.cancelled():
                # Whoever asked has been told, if they still wait.
                task.exception()

        task = asked[digest] = asyncio.ensure_future(ask())
        task.add_done_callback(answered)
        return task

    def _seconds(self, token: Token) -> float:
        return min(REMEMBER_SECONDS, float(token.claims["exp"]) - self._clock.now())


def _invalid(issuer: IssuerAuthenticator, refusal: Refused) -> InvalidToken:
    _logger.info("a token of the issuer %s is refused: %s", issuer.provider.issuer, refusal)
    return InvalidToken(f"oidc: {refusal}")
