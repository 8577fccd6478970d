"""A JSON Web Token in its compact form (RFC 7519, RFC 7515), read but not verified."""

import base64
import binascii
from typing import Any, NamedTuple

import orjson

from steersman.apiserver.authentication.oidc.refusal import Refused

NOT_BEFORE_LEEWAY_SECONDS = 60.0
"""How far the clocks of issuers may be ahead of ours."""

_GOOGLE = {"accounts.google.com": "https://accounts.google.com"}
"""Google has signed tokens with an issuer that is no URL (OpenID Connect Core, "Google")."""


class Token(NamedTuple):
    """Nothing of it is to be believed before its signature is. ``signed`` are the bytes that ``signature`` is of."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    @property
    def issuer(self) -> str:
        issuer = self.claims.get("iss")
        return _GOOGLE.get(issuer, issuer) if isinstance(issuer, str) else ""


def parse(compact: bytes) -> Token | None:
    """None if it is no such token at all."""
    parts = compact.split(b".")
    if len(parts) != 3:
        return None
    try:
        header, claims = (orjson.loads(_decode(part)) for part in parts[:2])
        signature = _decode(parts[2])
    except ValueError:
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    return Token(header, claims, compact[: compact.rindex(b".")], signature)


def _decode(part: bytes) -> bytes:
    """base64url without padding. Raises ValueError."""
    if b"=" in part or b"+" in part or b"/" in part:
        raise ValueError("not base64url")
    try:
        return base64.b64decode(part + b"=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def check_claims(claims: dict[str, Any], audiences: frozenset[str], now: float) -> None:
    """Raises Refused if the token is for others, or out of its time; ``now`` is in seconds since 1970."""
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or not any(isinstance(one, str) and one in audiences for one in listed):
        raise Refused(f"it is for another audience than {', '.join(map(repr, sorted(audiences)))}")
    expiry = _moment(claims, "exp")
    if expiry is None or expiry < now:
        raise Refused("it has expired")
    not_before = _moment(claims, "nbf")
    if not_before is not None and now + NOT_BEFORE_LEEWAY_SECONDS < not_before:
        raise Refused("it is not valid yet")


def _moment(claims: dict[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519), None where there is none."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"the claim {name!r} must be a number")
    return float(value)
