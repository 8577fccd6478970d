"""Public keys of issuers (RFC 7517), and signatures made with their private ones (RFC 7518)."""

import logging
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm, get_default_algorithms
from jwt.exceptions import PyJWTError

from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.oidc.token import Token

ALGORITHMS: Final = ("ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
"""Those that kube-apiserver takes: asymmetric ones only."""

MAX_KEYS: Final = 256
_RSA_BITS: Final = range(2048, 16384 + 1)
"""RFC 7518 wants 2048 at least; a signature of more than 16384 takes long to verify."""

_CURVES: Final = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_VERIFIERS: Final = {name: algorithm for name, algorithm in get_default_algorithms().items() if name in ALGORITHMS}
_logger = logging.getLogger(__name__)


class Key(NamedTuple):
    """``id`` is the ``kid``, empty where it has none."""

    id: str
    public: RSAPublicKey | EllipticCurvePublicKey


def read_key_set(data: bytes) -> tuple[Key, ...]:
    """The keys of a JSON Web Key Set that can sign tokens. Raises ValueError if it is no such set, or has too many."""
    document = orjson.loads(data)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JSON Web Key Set: it has no list of keys")
    if len(listed) > MAX_KEYS:
        raise ValueError(f"more than {MAX_KEYS} keys")
    return tuple(key for one in listed if isinstance(one, dict) and (key := _key(one)) is not None)


def _key(jwk: dict[str, Any]) -> Key | None:
    """None for a key of another kind or for another use, and for one that is not sound."""
    kid, use = jwk.get("kid") or "", jwk.get("use", "sig")
    if use != "sig" or not isinstance(kid, str):
        return None
    try:
        if jwk.get("kty") == "RSA":
            rsa = RSAAlgorithm.from_jwk(jwk)
            if isinstance(rsa, RSAPublicKey) and rsa.key_size in _RSA_BITS:
                return Key(kid, rsa)
        elif jwk.get("kty") == "EC":
            curve = ECAlgorithm.from_jwk(jwk)
            if isinstance(curve, EllipticCurvePublicKey):
                return Key(kid, curve)
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        _logger.debug("a key of an issuer is skipped: it is not sound")
    return None


def algorithm_of(token: Token, allowed: Collection[str]) -> str:
    """Raises Refused for an algorithm that is not allowed, and for headers that we do not know but must."""
    if "crit" in token.header:
        raise Refused("its header has critical extensions")
    algorithm = token.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in allowed:
        raise Refused(f"it is signed with another algorithm than {', '.join(allowed)}")
    return algorithm


def is_signed_by(token: Token, algorithm: str, keys: Iterable[Key]) -> bool:
    """Whether one of the keys has signed it; a token that names a key is looked at with that one only."""
    kid, verifier = token.header.get("kid") or "", _VERIFIERS[algorithm]
    return any(
        verifier.verify(token.signed, key.public, token.signature)
        for key in keys
        if (not kid or key.id == kid) and _fits(key, algorithm)
    )


def _fits(key: Key, algorithm: str) -> bool:
    if isinstance(key.public, RSAPublicKey):
        return algorithm not in _CURVES
    return key.public.curve.name == _CURVES.get(algorithm)
