"""Keys that sign and verify tokens, as PEM and as JSON Web Keys (RFC 7517, RFC 7518).

Importing this module imports ``cryptography``: do so only for a token.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_MEMBERS = ("kty", "crv", "n", "e", "x", "y")
_UNKNOWN = "it is neither an RSA key nor an EC key on P-256, P-384 or P-521"

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class VerificationKey(NamedTuple):
    """``id`` is the base64url form of the SHA-256 of the key's SubjectPublicKeyInfo; ``algorithm`` is a name of JWA."""

    id: str
    algorithm: str
    key: Public

    def jwk(self) -> dict[str, Any]:
        """As a JSON Web Key."""
        if isinstance(self.key, rsa.RSAPublicKey):
            made = RSAAlgorithm.to_jwk(self.key, as_dict=True)
        else:
            made = ECAlgorithm.to_jwk(self.key, as_dict=True)
        parts = {member: made[member] for member in _MEMBERS if member in made}
        return {"use": "sig", "kid": self.id, "alg": self.algorithm, **parts}


class SigningKey(NamedTuple):
    """A private key and its other half."""

    key: Private
    public: VerificationKey


def make_signing_key() -> bytes:
    """A new key on P-256, as PKCS #8 in PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_signing_key(pem: bytes) -> SigningKey:
    """The private key in ``pem``. Raises ValueError where there is none that can sign, without showing it."""
    for block in _BLOCK.finditer(pem):
        if block[1].endswith(b"PRIVATE KEY"):
            key = _private(block[0])
            return SigningKey(key, _verification_key(key.public_key()))
    raise ValueError("there is no private key in it")


def read_verification_keys(pem: bytes) -> list[VerificationKey]:
    """The public keys, and those of the private keys and certificates, in ``pem``. Raises ValueError for none."""
    keys = [_verification_key(_public(block[1], block[0])) for block in _BLOCK.finditer(pem) if _is_key(block[1])]
    if not keys:
        raise ValueError("there is no key in it")
    return keys


def _is_key(label: bytes) -> bool:
    return label.endswith(b"KEY") or label == b"CERTIFICATE"


def _private(block: bytes) -> Private:
    try:
        key = load_pem_private_key(block, password=None)
    except (ValueError, TypeError):
        raise ValueError("its private key cannot be read") from None
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return key
    raise ValueError(_UNKNOWN)


def _public(label: bytes, block: bytes) -> object:
    if label.endswith(b"PRIVATE KEY"):
        return _private(block).public_key()
    try:
        if label == b"CERTIFICATE":
            return x509.load_pem_x509_certificate(block).public_key()
        return load_pem_public_key(block)
    except ValueError:
        raise ValueError("its public key cannot be read") from None


def _verification_key(key: object) -> VerificationKey:
    if isinstance(key, rsa.RSAPublicKey):
        algorithm = "RS256"
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        algorithm = _CURVES[key.curve.name]
    else:
        raise ValueError(_UNKNOWN)
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return VerificationKey(urlsafe_b64encode(digest).rstrip(b"=").decode(), algorithm, key)
