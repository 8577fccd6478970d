"""Asking as another user: the headers Impersonate-User, -Group, -Uid and -Extra-KEY.

"Authenticating", section "User impersonation". Whoever asks must be allowed the verb ``impersonate`` on each of what
they claim to be.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self
from urllib.parse import unquote

from msgspec import Struct

from steersman.apimachinery.errors import bad_request
from steersman.apimachinery.names import label_name, subdomain_name
from steersman.apiserver.authentication.user import ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, ANONYMOUS, UserInfo
from steersman.apiserver.request_info import RequestInfo

_PREFIX = b"impersonate-"
_USER, _GROUP, _UID, _EXTRA = (_PREFIX + name for name in (b"user", b"group", b"uid", b"extra-"))
_BAD_ESCAPE = re.compile(r"%(?![0-9a-f]{2})")
_AUTHENTICATION = "authentication.k8s.io"


def asks_as_another(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request has any header of impersonation."""
    for name in headers:  # noqa: SIM110 (every request comes through here, and any() takes twice as long)
        if name.startswith(_PREFIX):
            return True
    return False


class _Claim(NamedTuple):
    """One thing that the request claims to be, and the resource on which that is a verb."""

    kind: str
    resource: str
    name: str
    namespace: str = ""
    extra: str = ""

    @property
    def group(self) -> str:
        return _AUTHENTICATION if self.kind in ("UserExtra", "UID") else ""

    def __str__(self) -> str:
        """As Go prints the ObjectReference that it is there."""
        version = f"{self.group}/v1" if self.group else ""
        return "{" + " ".join((self.kind, self.namespace, self.name, "", version, "", self.extra)) + "}"

    @property
    def check(self) -> RequestInfo:
        version = "v1" if self.group else ""
        return RequestInfo(
            "impersonate", "", True, self.group, version, self.namespace, self.resource, self.extra, self.name
        )


class Impersonation(Struct, frozen=True):
    """``user`` is whom the request is to be answered as, if whoever sent it is allowed all the ``checks``."""

    user: UserInfo
    checks: tuple[RequestInfo, ...]

    @classmethod
    def read(cls, headers: Mapping[bytes, bytes]) -> Self:
        """Raises ApiError 400 for groups, a uid or extra fields without a user."""
        claims = tuple(_claims(headers))
        if not headers.get(_USER):
            raise bad_request(f"requested [{' '.join(map(str, claims))}] without impersonating a user")
        name = _text(headers[_USER])
        groups = [claim.name for claim in claims if claim.kind == "Group"]
        account = claims[0]
        if not groups and account.kind == "ServiceAccount":
            groups = ["system:serviceaccounts", f"system:serviceaccounts:{account.namespace}"]
        extra: dict[str, tuple[str, ...]] = {}
        for claim in claims:
            if claim.kind == "UserExtra":
                extra[claim.extra] = (*extra.get(claim.extra, ()), claim.name)
        user = UserInfo(name, _text(headers.get(_UID, b"")), _with_general_group(name, groups), extra)
        return cls(user, tuple(claim.check for claim in claims))


def _claims(headers: Mapping[bytes, bytes]) -> Iterator[_Claim]:
    if headers.get(_USER):
        yield _user(_text(headers[_USER]))
    if _GROUP in headers:
        yield from (_Claim("Group", "groups", group) for group in _text(headers[_GROUP]).split("\n"))
    for header, values in headers.items():
        if header.startswith(_EXTRA):
            key = _extra_key(_text(header[len(_EXTRA) :]))
            yield from (_Claim("UserExtra", "userextras", value, extra=key) for value in _text(values).split("\n"))
    if headers.get(_UID):
        yield _Claim("UID", "uids", _text(headers[_UID]))


def _user(name: str) -> _Claim:
    system, _, rest = name.partition(":serviceaccount:")
    namespace, colon, account = rest.partition(":")
    if system == "system" and colon and not label_name(namespace, False) and not subdomain_name(account, False):
        return _Claim("ServiceAccount", "serviceaccounts", account, namespace)
    return _Claim("User", "users", name)


def _with_general_group(name: str, groups: list[str]) -> tuple[str, ...]:
    if name == ANONYMOUS:
        return tuple(groups) if ALL_UNAUTHENTICATED in groups else (*groups, ALL_UNAUTHENTICATED)
    if ALL_AUTHENTICATED in groups or ALL_UNAUTHENTICATED in groups:
        return tuple(groups)
    return (*groups, ALL_AUTHENTICATED)


def _extra_key(written: str) -> str:
    """Header names have percent escapes for what they cannot have; malformed ones are taken as they are."""
    return written if _BAD_ESCAPE.search(written) else unquote(written)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
