"""Real keys, as a JSON Web Key Set has them, and tokens that are signed with them."""

import base64
import json
from functools import cache
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CURVES: dict[str, type[ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}


class Signer(NamedTuple):
    """Signs with ``algorithm``, under the name ``kid``."""

    kid: str
    algorithm: str
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        named = {"kid": self.kid, **header} if self.kid else header
        return jwt.encode(claims, self.private, self.algorithm, named)

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        made = RSAAlgorithm.to_jwk(public) if isinstance(public, rsa.RSAPublicKey) else ECAlgorithm.to_jwk(public)
        return {**json.loads(made), "kid": self.kid, "use": "sig"}


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same for the same number: they take long to make."""
    return rsa.generate_private_key(65537, bits)


@cache
def signer(kid: str = "one", algorithm: str = "RS256", number: int = 0) -> Signer:
    curve = CURVES.get(algorithm)
    return Signer(kid, algorithm, rsa_key(number) if curve is None else ec.generate_private_key(curve()))


def key_set(*signers: Signer, **more: Any) -> bytes:
    return json.dumps({"keys": [{**one.jwk, **more} for one in signers]}).encode()


def encoded(value: Any) -> str:
    """A part of a token."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
