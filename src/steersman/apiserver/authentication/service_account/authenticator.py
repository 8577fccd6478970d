"""Authentication by the tokens of service accounts."""

import asyncio
import hmac
import logging
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Iterable, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.bearer import InvalidToken, bearer_token
from steersman.apiserver.authentication.service_account.bound_objects import (
    LiveObject,
    bound_objects,
    objects_of_legacy,
)
from steersman.apiserver.authentication.service_account.claims import (
    LEGACY_ISSUER,
    Claims,
    Reference,
    account_user,
    binding_extra,
    read_claims,
    user_name,
)
from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
from steersman.apiserver.authentication.token_review import Identified
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.review_webhook import AnswerCache
from steersman.storage.watch_cache import Cacher

TOKEN_BYTES = 16 << 10
"""A longer token is none of ours; none is issued."""
LEEWAY_SECONDS = 60.0
"""How far clocks may differ: so much earlier and later than it says a token holds, as kube-apiserver has it."""

_FOREVER = float("inf")
_logger = logging.getLogger(__name__)


class _Issuer(Struct):
    iss: str = ""


_read_issuer = msgspec.json.Decoder(_Issuer).decode


class _Terms(Struct, frozen=True):
    """When a token holds, in seconds since the epoch, and with which objects."""

    begins: float
    ends: float
    living: tuple[LiveObject, ...]


class _Verified(Struct, frozen=True):
    """A token whose signature was good. ``audiences`` None: the server's own."""

    user: UserInfo
    audiences: tuple[str, ...] | None
    terms: _Terms


class ServiceAccountAuthenticator:
    """Tokens that ``issuer`` signed, for accounts and bound objects that ``objects`` has.

    A good signature is remembered; time and objects are looked at for each request, so that a token ends at once with
    what it is bound to. Tokens are kept only as digests, keyed with a secret of this process.
    """

    def __init__(self, issuer: TokenIssuer, objects: ObjectReader) -> None:
        self._issuer, self._objects, self._clock = issuer, objects, issuer.clock
        self._ours = frozenset((*issuer.issuers, LEGACY_ISSUER))
        self._key = secrets.token_bytes(32)
        self._verified: AnswerCache[_Verified] = AnswerCache(issuer.clock)
        self._cachers: dict[GroupResource, Cacher] = {}

    def authenticate(self, request: Request) -> UserInfo | Awaitable[UserInfo] | None:
        """None for what no token of ours is. Raises InvalidToken for one that does not hold."""
        token = bearer_token(request)
        if not token:
            return None
        found = self.identify(token, self._issuer.audiences)
        if found is None:
            return None
        return found[0] if isinstance(found, tuple) else _user_of(found)

    def identify(self, token: bytes, audiences: Sequence[str]) -> Identified | Awaitable[Identified] | None:
        """The user, where the token is for one of ``audiences``. As :meth:`authenticate` otherwise."""
        if len(token) > TOKEN_BYTES:
            return None
        digest = hmac.digest(self._key, token, "sha256")
        known = self._verified.get(digest)
        if known is None:
            if _issuer_of(token) not in self._ours:
                return None
            if not self._issuer.keys.ready:
                return self._load_and_identify(token, digest, audiences)
            known = self._verify(token, digest)
        common = self._common(known, audiences)
        if any(self._cacher(one.resource) is None for one in known.terms.living):
            return self._wait_and_check(known, common)
        self._check(known.terms)
        return known.user, common

    async def _load_and_identify(self, token: bytes, digest: bytes, audiences: Sequence[str]) -> Identified:
        try:
            keys = await asyncio.to_thread(self._issuer.keys.accepted)
        except (OSError, ValueError) as error:
            _logger.error("the keys of service accounts cannot be read: %s", error)
            raise InvalidToken("the keys cannot be read") from None
        if not keys:
            # No token has been issued yet: nothing is imported to find out about this one.
            raise _refused("invalid signature, no keys found")
        known = self._verify(token, digest)
        return await self._wait_and_check(known, self._common(known, audiences))

    async def _wait_and_check(self, known: _Verified, common: tuple[str, ...]) -> Identified:
        for one in known.terms.living:
            await self._objects.ready(one.resource)
        self._check(known.terms)
        return known.user, common

    def _verify(self, token: bytes, digest: bytes) -> _Verified:
        from steersman.apiserver.authentication.service_account.signatures import verified_payload

        try:
            claims = read_claims(verified_payload(token, self._issuer.keys.accepted()))
        except ValueError as error:
            raise _refused(str(error)) from None
        known = self._bound(claims) if claims.iss in self._issuer.issuers else self._legacy(claims, token)
        self._verified.put(digest, known, known.terms.ends + LEEWAY_SECONDS - self._clock())
        return known

    def _bound(self, claims: Claims) -> _Verified:
        binding = claims.binding
        if binding is None or claims.exp is None:
            raise _refused("service account token claims could not be validated")
        begins = max(claims.nbf or 0.0, claims.iat or 0.0)
        terms = _Terms(begins, claims.exp, tuple(bound_objects(binding)))
        extra, holds = binding_extra(claims.jti, binding), partial(self._holds, terms)
        user = account_user(binding.namespace, binding.serviceaccount, extra, holds)
        return _Verified(user, claims.audiences or None, terms)

    def _legacy(self, claims: Claims, token: bytes) -> _Verified:
        if wrong := _wrong_in_legacy(claims):
            raise _refused(wrong)
        terms = _Terms(0.0, _FOREVER, tuple(objects_of_legacy(claims, token)))
        account = Reference(claims.account_name, claims.account_uid)
        user = account_user(claims.namespace, account, {}, partial(self._holds, terms))
        return _Verified(user, claims.audiences or None, terms)

    def _common(self, known: _Verified, audiences: Sequence[str]) -> tuple[str, ...]:
        own = self._issuer.audiences if known.audiences is None else known.audiences
        common = tuple(one for one in own if one in audiences)
        if not common:
            listed = f"token audiences {_quoted(own)} is invalid for the target audiences {_quoted(audiences)}"
            raise _refused(listed)
        return common

    def _check(self, terms: _Terms) -> None:
        """Raises InvalidToken where the token does not hold now."""
        now = self._clock()
        if now > terms.ends + LEEWAY_SECONDS:
            raise _refused("service account token has expired")
        if now < terms.begins - LEEWAY_SECONDS:
            raise _refused("service account token is not valid yet")
        for one in terms.living:
            cacher = self._cacher(one.resource)
            one.check(None if cacher is None else cacher.get(one.namespace, one.name), now)

    def _holds(self, terms: _Terms) -> bool:
        """Whether nothing has changed since the token was found good; it may be good all the same where it has."""
        if not terms.begins - LEEWAY_SECONDS <= self._clock() <= terms.ends + LEEWAY_SECONDS:
            return False
        for one in terms.living:
            cacher = self._cacher(one.resource)
            entry = None if cacher is None else cacher.get(one.namespace, one.name)
            if entry is None or entry.revision != one.revision:
                return False
        return True

    def _cacher(self, resource: GroupResource) -> Cacher | None:
        """The resource's cache; None where it is not filled, or not served."""
        cacher = self._cachers.get(resource)
        if cacher is None or not cacher.ready:
            cacher = self._objects.cacher(resource)
            if cacher is None or not cacher.ready:
                return None
            self._cachers[resource] = cacher
        return cacher


async def _user_of(found: Awaitable[Identified]) -> UserInfo:
    return (await found)[0]


def _issuer_of(token: bytes) -> str:
    """Who issued it, as the token itself says; empty where it is none."""
    parts = token.split(b".")
    if len(parts) != 3:
        return ""
    try:
        return _read_issuer(urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4))).iss
    except (ValueError, msgspec.DecodeError):
        return ""


def _wrong_in_legacy(claims: Claims) -> str:
    """What is wrong with the claims of a token that stands in a Secret, in the words of kube-apiserver."""
    needed = {
        "sub": claims.sub,
        "namespace": claims.namespace,
        "secretName": claims.secret_name,
        "serviceAccountName": claims.account_name,
        "serviceAccountUID": claims.account_uid,
    }
    for name, value in needed.items():
        if not value:
            return f"{name} claim is missing"
    return "" if claims.sub == user_name(claims.namespace, claims.account_name) else "sub claim is invalid"


def _refused(why: str) -> InvalidToken:
    _logger.debug("a service account's token is refused: %s", why)
    return InvalidToken(why)


def _quoted(listed: Iterable[str]) -> str:
    """As Go prints a list of strings."""
    return "[" + " ".join(f'"{one}"' for one in listed) + "]"
