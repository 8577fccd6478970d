"""What is in a service account's token: the claims that are signed, and the user they make.

RFC 7519 for the registered claims; ``kubernetes.io`` is specified by KEP-1205 and KEP-4193, the flat claims of tokens
that stand in Secrets by "Managing Service Accounts".
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from steersman.apiserver.authentication.user import ALL_AUTHENTICATED, UserInfo

LEGACY_ISSUER = "kubernetes/serviceaccount"
"""Who issued the tokens that stand in Secrets."""
ACCOUNTS_GROUP = "system:serviceaccounts"

CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
_EXTRA = "authentication.kubernetes.io/"
_LEGACY = "kubernetes.io/serviceaccount/"


class Reference(Struct, frozen=True, omit_defaults=True):
    """An object by name and, where it is known, uid."""

    name: str = ""
    uid: str = ""


class Binding(Struct, frozen=True, omit_defaults=True):
    """The claim ``kubernetes.io``: whose token it is, and the objects that it ends with. ``warnafter`` is a time."""

    namespace: str = ""
    node: Reference | None = None
    pod: Reference | None = None
    secret: Reference | None = None
    serviceaccount: Reference = Reference()
    warnafter: float | None = None


class Claims(Struct, frozen=True, omit_defaults=True):
    """Times are in seconds since the epoch. Of a token in a Secret there are the ``secret_…`` and ``account_…``."""

    iss: str = ""
    sub: str = ""
    aud: str | list[str] | None = None
    exp: float | None = None
    iat: float | None = None
    nbf: float | None = None
    jti: str = ""
    binding: Binding | None = field(name="kubernetes.io", default=None)
    namespace: str = field(name=f"{_LEGACY}namespace", default="")
    secret_name: str = field(name=f"{_LEGACY}secret.name", default="")
    account_name: str = field(name=f"{_LEGACY}service-account.name", default="")
    account_uid: str = field(name=f"{_LEGACY}service-account.uid", default="")

    @property
    def audiences(self) -> tuple[str, ...]:
        return (self.aud,) if isinstance(self.aud, str) else tuple(self.aud or ())


_decode = msgspec.json.Decoder(Claims).decode


def read_claims(payload: bytes) -> Claims:
    """Raises ValueError for what are no claims of such a token."""
    try:
        return _decode(payload)
    except msgspec.DecodeError:
        raise ValueError("the claims cannot be read") from None


def legacy_claims(namespace: str, account: Reference, secret_name: str) -> Mapping[str, Any]:
    """Claims of a token that stands in a Secret and does not expire."""
    return {
        "iss": LEGACY_ISSUER,
        f"{_LEGACY}namespace": namespace,
        f"{_LEGACY}secret.name": secret_name,
        f"{_LEGACY}service-account.name": account.name,
        f"{_LEGACY}service-account.uid": account.uid,
        "sub": user_name(namespace, account.name),
    }


def user_name(namespace: str, account: str) -> str:
    return f"system:serviceaccount:{namespace}:{account}"


def account_user(
    namespace: str, account: Reference, extra: Mapping[str, tuple[str, ...]], holds: Callable[[], bool]
) -> UserInfo:
    """The user that a service account is, as long as the credentials hold."""
    groups = (ACCOUNTS_GROUP, f"{ACCOUNTS_GROUP}:{namespace}", ALL_AUTHENTICATED)
    return UserInfo(user_name(namespace, account.name), account.uid, groups, extra, holds=holds)


def binding_extra(jti: str, binding: Binding) -> dict[str, tuple[str, ...]]:
    """What the user's ``extra`` tells of the token and what it is bound to."""
    extra: dict[str, tuple[str, ...]] = {CREDENTIAL_ID: (f"JTI={jti}",)} if jti else {}
    for kind, reference in (("pod", binding.pod), ("node", binding.node)):
        if reference is not None:
            parts = (("name", reference.name), ("uid", reference.uid))
            extra |= {f"{_EXTRA}{kind}-{part}": (value,) for part, value in parts if value}
    return extra
