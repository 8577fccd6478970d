"""Reviewing a token for somebody else: whose it is, and for which audiences (TokenReview)."""

from collections.abc import Awaitable, Sequence
from typing import NamedTuple, Protocol

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.bearer import InvalidToken
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Connection, Request

INVALID = "invalid bearer token"

Identified = tuple[UserInfo, tuple[str, ...]]


class AudienceAware(Protocol):
    """Tokens that say for whom they are."""

    def identify(self, token: bytes, audiences: Sequence[str]) -> Identified | Awaitable[Identified] | None:
        """The user, and those of ``audiences`` that the token is for; None for what is no such token.

        Raises InvalidToken where it does not hold, or is for others only.
        """


class Reviewed(NamedTuple):
    """What was found: no user, or one and the audiences the token is for; ``error`` tells why there is none."""

    user: UserInfo | None = None
    audiences: tuple[str, ...] = ()
    error: str = ""


class TokenReviewer:
    """Other tokens than those that ``aware`` knows are for all ``audiences`` of this server."""

    def __init__(self, authenticator: Authenticator, audiences: Sequence[str], aware: AudienceAware) -> None:
        self._authenticator, self._audiences, self._aware = authenticator, tuple(audiences), aware

    async def review(self, token: str, audiences: Sequence[str]) -> Reviewed:
        """Whose ``token`` is, for one of ``audiences``; for one of this server's where there are none."""
        wanted = tuple(audiences) or self._audiences
        try:
            sent = token.encode("latin-1")
        except UnicodeEncodeError:
            return Reviewed(error=INVALID)
        try:
            found = self._aware.identify(sent, wanted)
            if found is not None:
                user, common = await found if isinstance(found, Awaitable) else found
                return Reviewed(user, common)
            return await self._ask(sent, tuple(one for one in wanted if one in self._audiences))
        except InvalidToken as refusal:
            return Reviewed(error=f"[{INVALID}, {refusal.why}]")
        except ApiError:
            return Reviewed(error=INVALID)

    async def _ask(self, token: bytes, common: tuple[str, ...]) -> Reviewed:
        """As a request would present the token, on a connection of its own."""
        if not common:
            return Reviewed(error=INVALID)
        request = Request("GET", "/", "", {b"authorization": b"Bearer " + token}, b"", Connection())
        found = self._authenticator.authenticate(request)
        user = await found if isinstance(found, Awaitable) else found
        return Reviewed(user, common) if user is not None else Reviewed()
