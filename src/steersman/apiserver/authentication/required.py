"""Authentication as the server asks for it: every request has a user."""

import hmac
import time
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from steersman.apimachinery.errors import unauthorized
from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.user import ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, UserInfo
from steersman.apiserver.http.message import Request

_REMEMBER_SECONDS = 10.0


class RequiredAuthentication:
    """Finds the user of a request, adds the group ``system:authenticated``, and refuses those that have none.

    A client sends the same Authorization field with each request of a connection: what was found is remembered there
    for ``remember`` seconds (kube-apiserver caches tokens for as long), and holds for requests with the same field;
    not so a user who is not ``lasting``, or whose credentials do not hold any more.
    """

    __slots__ = ("_authenticator", "_clock", "_remember")

    def __init__(
        self,
        authenticator: Authenticator,
        *,
        remember: float = _REMEMBER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authenticator, self._remember, self._clock = authenticator, remember, clock

    def authenticate(self, request: Request) -> UserInfo | Awaitable[UserInfo]:
        """The user. Raises :class:`ApiError` 401 for bad credentials, and for none."""
        connection = request.connection
        if connection.remembered is not None:
            user: UserInfo
            known, until, user = connection.remembered
            presented = request.headers.get(b"authorization", b"")
            is_known = self._clock() < until and hmac.compare_digest(known, presented)
            if is_known and (user.holds is None or user.holds()):
                return user
            connection.remembered = None
        found = self._authenticator.authenticate(request)
        return self._later(found, request) if isinstance(found, Awaitable) else self._known(found, request)

    async def _later(self, pending: Awaitable[UserInfo | None], request: Request) -> UserInfo:
        return self._known(await pending, request)

    def _known(self, found: UserInfo | None, request: Request) -> UserInfo:
        if found is None:
            raise unauthorized()
        if ALL_AUTHENTICATED not in found.groups and ALL_UNAUTHENTICATED not in found.groups:
            found = replace(found, groups=(*found.groups, ALL_AUTHENTICATED))
        if found.lasting:
            presented = request.headers.get(b"authorization", b"")
            request.connection.remembered = (presented, self._clock() + self._remember, found)
        return found
