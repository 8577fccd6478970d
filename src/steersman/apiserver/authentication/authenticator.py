"""The interface of authenticators, and several of them as one."""

from collections.abc import Sequence
from typing import Protocol

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request


class Authenticator(Protocol):
    """One way to tell who a request comes from."""

    def authenticate(self, request: Request) -> UserInfo | None:
        """The user, or None where the request has no credentials of this kind.

        Raises :class:`ApiError` 401 for credentials of this kind that are not good.
        """


class Union:
    """Asks each authenticator in turn; the first that knows the user wins.

    Bad credentials for one do not keep the next from being asked: its refusal is raised only if none knows the user.
    """

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = tuple(authenticators)

    def authenticate(self, request: Request) -> UserInfo | None:
        refusal: ApiError | None = None
        for authenticator in self._authenticators:
            try:
                user = authenticator.authenticate(request)
            except ApiError as error:
                refusal = refusal or error
                continue
            if user is not None:
                return user
        if refusal is not None:
            raise refusal
        return None
