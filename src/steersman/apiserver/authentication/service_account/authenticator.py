"""Authentication by the tokens of service accounts."""

import asyncio
import hmac
import logging
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Iterable, Sequence

import msgspec
from msgspec import Struct

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.bearer import InvalidToken, bearer_token
from steersman.apiserver.authentication.service_account.bound_objects import (
    Living,
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
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.review_webhook import AnswerCache
from steersman.storage.watch_cache import Entry

TOKEN_BYTES = 64 << 10
"""A longer token is none of ours; none is issued."""
LEEWAY_SECONDS = 60.0
"""How far clocks may differ: so much earlier and later than it says a token holds, as kube-apiserver has it."""

_FOREVER = float("inf")
_logger = logging.getLogger(__name__)

Identified = tuple[UserInfo, tuple[str, ...]]
"""A user, and those of the audiences asked for that the token is for."""


class _Issuer(Struct):
    iss: str = ""


_read_issuer = msgspec.json.Decoder(_Issuer).decode


class _Verified(Struct, frozen=True):
    """A token whose signature was good. ``audiences`` None: the server's own."""

    user: UserInfo
    audiences: tuple[str, ...] | None
    begins: float
    ends: float
    living: tuple[Living, ...]


class ServiceAccountAuthenticator:
    """Tokens that ``issuer`` signed, for accounts and bound objects that ``objects`` has.

    A good signature is remembered; time, audience and objects are looked at for each request, so that a token ends at
    once with what it is bound to. Tokens are kept only as digests, keyed with a secret of this process.
    """

    def __init__(self, issuer: TokenIssuer, objects: ObjectReader) -> None:
        self._issuer, self._objects, self._clock = issuer, objects, issuer.clock
        self._ours = frozenset((*issuer.issuers, LEGACY_ISSUER))
        self._key = secrets.token_bytes(32)
        self._verified: AnswerCache[_Verified] = AnswerCache(issuer.clock)

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
        if any(self._waits_for(one.resource) for one in known.living):
            return self._wait_and_check(known, common)
        self._check(known)
        return known.user, common

    async def _load_and_identify(self, token: bytes, digest: bytes, audiences: Sequence[str]) -> Identified:
        await asyncio.to_thread(self._issuer.keys.accepted)
        known = self._verify(token, digest)
        return await self._wait_and_check(known, self._common(known, audiences))

    async def _wait_and_check(self, known: _Verified, common: tuple[str, ...]) -> Identified:
        for one in known.living:
            await self._objects.ready(one.resource)
        self._check(known)
        return known.user, common

    def _verify(self, token: bytes, digest: bytes) -> _Verified:
        from steersman.apiserver.authentication.service_account.signatures import verified_payload

        try:
            claims = read_claims(verified_payload(token, self._issuer.keys.accepted()))
        except ValueError as error:
            raise _refused(str(error)) from None
        known = _bound(claims) if claims.iss in self._issuer.issuers else _legacy(claims, token)
        self._verified.put(digest, known, known.ends + LEEWAY_SECONDS - self._clock())
        return known

    def _common(self, known: _Verified, audiences: Sequence[str]) -> tuple[str, ...]:
        own = self._issuer.audiences if known.audiences is None else known.audiences
        common = tuple(one for one in own if one in audiences)
        if not common:
            listed = f"token audiences {_quoted(own)} is invalid for the target audiences {_quoted(audiences)}"
            raise _refused(listed)
        return common

    def _check(self, known: _Verified) -> None:
        """Whether the token holds now."""
        now = self._clock()
        if now > known.ends + LEEWAY_SECONDS:
            raise _refused("service account token has expired")
        if now < known.begins - LEEWAY_SECONDS:
            raise _refused("service account token is not valid yet")
        for one in known.living:
            one.check(self._find, now)

    def _find(self, resource: GroupResource, namespace: str, name: str) -> Entry | None:
        cacher = self._objects.cacher(resource)
        return None if cacher is None else cacher.get(namespace, name)

    def _waits_for(self, resource: GroupResource) -> bool:
        cacher = self._objects.cacher(resource)
        return cacher is not None and not cacher.ready


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


def _bound(claims: Claims) -> _Verified:
    binding = claims.binding
    if binding is None or claims.exp is None:
        raise _refused("service account token claims could not be validated")
    user = account_user(binding.namespace, binding.serviceaccount, binding_extra(claims.jti, binding))
    begins = max(claims.nbf or 0.0, claims.iat or 0.0)
    return _Verified(user, claims.audiences or None, begins, claims.exp, tuple(bound_objects(binding)))


def _legacy(claims: Claims, token: bytes) -> _Verified:
    for name, value in (
        ("sub", claims.sub),
        ("namespace", claims.namespace),
        ("secretName", claims.secret_name),
        ("serviceAccountName", claims.account_name),
        ("serviceAccountUID", claims.account_uid),
    ):
        if not value:
            raise _refused(f"{name} claim is missing")
    if claims.sub != user_name(claims.namespace, claims.account_name):
        raise _refused("sub claim is invalid")
    user = account_user(claims.namespace, Reference(claims.account_name, claims.account_uid))
    return _Verified(user, claims.audiences or None, 0.0, _FOREVER, tuple(objects_of_legacy(claims, token)))


def _refused(why: str) -> InvalidToken:
    _logger.debug("a service account's token is refused: %s", why)
    return InvalidToken(why)


def _quoted(listed: Iterable[str]) -> str:
    """As Go prints a list of strings."""
    return "[" + " ".join(f'"{one}"' for one in listed) + "]"
