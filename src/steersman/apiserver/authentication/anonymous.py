"""Requests without credentials, where they are allowed ("Authenticating", section "Anonymous requests")."""

from collections.abc import Collection

from steersman.apiserver.authentication.user import ALL_UNAUTHENTICATED, ANONYMOUS, UserInfo
from steersman.apiserver.http.message import Request

_NOBODY = UserInfo(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,), lasting=False)


class Anonymous:
    """The last one to be asked: whoever shows no credentials is ``system:anonymous``.

    With ``paths`` only for requests of these. Credentials that nobody knows make nobody of the one who shows them.
    """

    __slots__ = ("_paths",)

    def __init__(self, paths: Collection[str] = ()) -> None:
        self._paths = frozenset(paths)

    def authenticate(self, request: Request) -> UserInfo | None:
        if b"authorization" in request.headers or (self._paths and request.path not in self._paths):
            return None
        return _NOBODY
