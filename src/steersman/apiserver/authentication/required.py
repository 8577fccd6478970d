"""Authentication as the server asks for it: every request has a user."""

import hmac
import time
from collections.abc import Callable
from dataclasses import replace

from steersman.apimachinery.errors import forbidden, unauthorized
from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.user import ALL_AUTHENTICATED, UserInfo
from steersman.apiserver.http.message import Request

_REMEMBER_SECONDS = 10.0
# Answering as the real user, who may do more, what was asked as another one would be a lie.
_IMPERSONATION = frozenset((b"impersonate-user", b"impersonate-uid", b"impersonate-group"))


class RequiredAuthentication:
    """Finds the user of a request, adds the group ``system:authenticated``, and refuses anonymous ones.

    A client sends the same Authorization field with each request of a connection: what was found is remembered there
    for ``remember`` seconds (kube-apiserver caches tokens for as long), and holds for requests with the same field.
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

    def authenticate(self, request: Request) -> UserInfo:
        """The user. Raises :class:`ApiError` 401 for bad credentials, and for none; 403 for impersonation."""
        if not _IMPERSONATION.isdisjoint(request.headers):
            raise forbidden(None, "", "impersonation is not supported by this server")
        connection = request.connection
        presented = request.headers.get(b"authorization", b"")
        if connection.remembered is not None:
            user: UserInfo
            known, until, user = connection.remembered
            if self._clock() < until and hmac.compare_digest(known, presented):
                return user
            connection.remembered = None
        found = self._authenticator.authenticate(request)
        if found is None:
            raise unauthorized()
        if ALL_AUTHENTICATED not in found.groups:
            found = replace(found, groups=(*found.groups, ALL_AUTHENTICATED))
        connection.remembered = (presented, self._clock() + self._remember, found)
        return found
