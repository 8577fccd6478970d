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
"""A user, and those of the audiences asked for that the token is for."""


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
    """``authenticator`` finds users of tokens for this server, whose ``audiences`` these are.

    Tokens that ``first`` knows are asked for there; ``last`` is asked for what is for others than this server.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        audiences: Sequence[str],
        first: AudienceAware,
        last: AudienceAware | None = None,
    ) -> None:
        self._authenticator, self._audiences, self._first, self._last = authenticator, tuple(audiences), first, last

    async def review(self, token: str, audiences: Sequence[str]) -> Reviewed:
        """Whose ``token`` is, for one of ``audiences``; for one of this server's where there are none."""
        wanted = tuple(audiences) or self._audiences
        common = tuple(one for one in wanted if one in self._audiences)
        try:
            sent = token.encode("latin-1")
        except UnicodeEncodeError:
            return Reviewed(error=INVALID)
        reviewed = await _reviewed(self._identify(self._first, sent, wanted))
        if reviewed is None and common:
            reviewed = await _reviewed(self._ask(sent, common))
        if (reviewed is None or reviewed.user is None) and self._last is not None and len(common) < len(wanted):
            other = await _reviewed(self._identify(self._last, sent, wanted))
            reviewed = other if other is not None and (other.user is not None or reviewed is None) else reviewed
        return reviewed or Reviewed(error=INVALID)

    async def _identify(self, aware: AudienceAware, token: bytes, wanted: tuple[str, ...]) -> Reviewed | None:
        found = aware.identify(token, wanted)
        if found is None:
            return None
        user, common = await found if isinstance(found, Awaitable) else found
        return Reviewed(user, common)

    async def _ask(self, token: bytes, common: tuple[str, ...]) -> Reviewed | None:
        """As a request would present the token, on a connection of its own."""
        request = Request("GET", "/", "", {b"authorization": b"Bearer " + token}, b"", Connection())
        found = self._authenticator.authenticate(request)
        user = await found if isinstance(found, Awaitable) else found
        return None if user is None else Reviewed(user, common)


async def _reviewed(asking: Awaitable[Reviewed | None]) -> Reviewed | None:
    """What was found, or why there is nobody; None where nobody knows such a token."""
    try:
        return await asking
    except InvalidToken as refusal:
        return Reviewed(error=f"[{INVALID}, {refusal.why}]")
    except ApiError:
        return Reviewed(error=INVALID)
