"""The interface of authenticators, and several of them as one."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.bearer import InvalidToken
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request

Found = UserInfo | Awaitable[UserInfo | None] | None
"""What an authenticator finds: at once where it can."""


class Authenticator(Protocol):
    """One way to tell who a request comes from."""

    def authenticate(self, request: Request) -> Found:
        """The user, or None where the request has no credentials of this kind.

        Raises :class:`ApiError` 401 for credentials of this kind that are not good.
        """


class Union:
    """Asks each authenticator in turn; the first that knows the user wins.

    Bad credentials for one do not keep the next from being asked: its refusal is raised only if none knows the user,
    and rather one that tells why.
    """

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = tuple(authenticators)

    def authenticate(self, request: Request) -> Found:
        return self._ask(request, 0, None)

    def _ask(self, request: Request, first: int, refusal: ApiError | None) -> Found:
        for at in range(first, len(self._authenticators)):
            try:
                user = self._authenticators[at].authenticate(request)
            except ApiError as error:
                refusal = _telling(refusal, error)
                continue
            if isinstance(user, Awaitable):
                return self._resume(user, request, at + 1, refusal)
            if user is not None:
                return user
        if refusal is not None:
            raise refusal
        return None

    async def _resume(
        self, pending: Awaitable[UserInfo | None], request: Request, at: int, refusal: ApiError | None
    ) -> UserInfo | None:
        try:
            user = await pending
        except ApiError as error:
            user, refusal = None, _telling(refusal, error)
        if user is not None:
            return user
        found = self._ask(request, at, refusal)
        return await found if isinstance(found, Awaitable) else found


def _telling(first: ApiError | None, second: ApiError) -> ApiError:
    """The one of two refusals that tells more."""
    return (
        second if first is None or (not isinstance(first, InvalidToken) and isinstance(second, InvalidToken)) else first
    )
