"""Signing and verifying tokens: JSON Web Signatures in the compact form (RFC 7515).

Importing this module imports ``jwt``: do so only for a token.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson
from jwt import PyJWS, PyJWTError

from steersman.apiserver.authentication.service_account.keys import SigningKey, VerificationKey

_jws = PyJWS()


class _Header(msgspec.Struct):
    kid: str = ""


_read_header = msgspec.json.Decoder(_Header).decode


def signed(claims: Mapping[str, Any], key: SigningKey) -> str:
    """A token with these claims."""
    headers = {"kid": key.public.id, "typ": None}
    return _jws.encode(orjson.dumps(claims), key.key, key.public.algorithm, headers)


def verified_payload(token: bytes, keys: Sequence[VerificationKey]) -> bytes:
    """The payload of a token that one of ``keys`` has signed, by its own algorithm whatever the token says.

    Raises ValueError for any other.
    """
    key_id = _key_id(token)
    candidates = [key for key in keys if not key_id or key.id == key_id]
    if not candidates:
        raise ValueError("invalid signature, no keys found")
    for key in candidates:
        try:
            payload: bytes = _jws.decode(token, key.key, [key.algorithm])
        except PyJWTError:
            continue
        return payload
    raise ValueError("invalid signature")


def _key_id(token: bytes) -> str:
    """Which key the token says it was signed with; empty where it does not say. Raises ValueError for no token."""
    header = token.partition(b".")[0]
    try:
        # Read here, for PyJWT would read all of the token twice.
        return _read_header(urlsafe_b64decode(header + b"=" * (-len(header) % 4))).kid
    except (ValueError, msgspec.DecodeError):
        raise ValueError("the token cannot be read") from None
