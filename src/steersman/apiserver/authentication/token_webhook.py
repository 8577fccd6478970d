"""Authentication by another server, which reviews bearer tokens ("Webhook Token Authentication")."""

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from steersman.apimachinery.errors import unauthorized
from steersman.apiserver.authentication.bearer import bearer_token
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request
from steersman.apiserver.review_webhook import AnswerCache, Post, ReviewFailed, ask

Identified = tuple[UserInfo, tuple[str, ...]]
"""A user, and those of the audiences asked for that the token is for."""

_logger = logging.getLogger(__name__)


class _Unknown:
    """The answer that a token is nobody's."""


class TokenWebhook:
    """``version`` of authentication.k8s.io is v1 or v1beta1. An answer holds for ``seconds``, whatever it is.

    ``audiences`` are those of this server, for which tokens of requests have to be. Tokens are kept only as digests,
    keyed with a secret of this process.
    """

    def __init__(
        self,
        post: Post,
        version: str = "v1beta1",
        seconds: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
        audiences: Sequence[str] = (),
    ) -> None:
        self._post, self._version, self._seconds, self._audiences = post, version, seconds, tuple(audiences)
        self._key = secrets.token_bytes(32)
        self._cache: AnswerCache[Identified | _Unknown] = AnswerCache(clock)
        self._asked: dict[bytes, asyncio.Task[Identified]] = {}

    def authenticate(self, request: Request) -> UserInfo | Awaitable[UserInfo] | None:
        token = bearer_token(request)
        if not token:
            return None
        found = self.identify(token, self._audiences)
        return found[0] if isinstance(found, tuple) else _user_of(found)

    def identify(self, token: bytes, audiences: Sequence[str]) -> Identified | Awaitable[Identified]:
        """The user, and those of ``audiences`` that the token is for. Raises ApiError 401 for nobody's."""
        digest = hmac.digest(self._key, token, "sha256") + "\0".join(audiences).encode()
        known = self._cache.get(digest)
        if known is None:
            return self._once(digest, token, audiences)
        if isinstance(known, tuple):
            return known
        raise unauthorized()

    async def _once(self, digest: bytes, token: bytes, audiences: Sequence[str]) -> Identified:
        """One question at a time for a token, however many requests come with it."""
        task = self._asked.get(digest)
        if task is None:
            task = self._asked[digest] = asyncio.ensure_future(self._ask(digest, token, audiences))
            task.add_done_callback(lambda _: self._asked.pop(digest, None))
        return await asyncio.shield(task)

    async def _ask(self, digest: bytes, token: bytes, audiences: Sequence[str]) -> Identified:
        try:
            spec: dict[str, Any] = {"token": token.decode("utf-8")}
        except UnicodeDecodeError:
            raise unauthorized() from None
        if audiences:
            spec["audiences"] = list(audiences)
        api_version = f"authentication.k8s.io/{self._version}"
        review = {
            "kind": "TokenReview",
            "apiVersion": api_version,
            "metadata": {},
            "spec": spec,
            "status": {"user": {}},
        }
        try:
            status = (await ask(self._post, review)).get("status")
        except ReviewFailed as failure:
            _logger.error("the webhook that reviews tokens cannot be asked: %s", failure)
            raise unauthorized() from None
        found = self._identified(status, audiences)
        self._cache.put(digest, found or _Unknown(), self._seconds)
        if found is None:
            raise unauthorized()
        return found

    def _identified(self, status: Any, audiences: Sequence[str]) -> Identified | None:
        """A token of which the webhook does not say for whom it is, is for this server."""
        user = _user(status)
        if user is None:
            return None
        own = status.get("audiences") or self._audiences
        common = tuple(one for one in audiences if one in own)
        return (user, common) if common or not audiences else None


async def _user_of(found: Awaitable[Identified]) -> UserInfo:
    return (await found)[0]


def _user(status: Any) -> UserInfo | None:
    """The user of a review's status, None where it is not authenticated."""
    if not isinstance(status, dict) or status.get("authenticated") is not True:
        return None
    found = status.get("user")
    user: dict[str, Any] = found if isinstance(found, dict) else {}
    extra = user.get("extra") or {}
    return UserInfo(
        str(user.get("username") or ""),
        str(user.get("uid") or ""),
        tuple(map(str, user.get("groups") or ())),
        {str(name).lower(): tuple(map(str, values or ())) for name, values in extra.items()},
    )
