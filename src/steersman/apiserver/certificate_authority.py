"""X.509 certificates on EC P-256 keys: a certificate authority, and what it issues.

Importing this module imports ``cryptography``, which takes longer than all else at start: do so only to issue.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key (PKCS #8), both PEM."""

    certificate: bytes
    key: bytes


def issue_authority(common_name: str, now: datetime, lifetime: timedelta) -> KeyPair:
    """A self-signed certificate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        _begin(name, name, key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return _sign(builder, key, key)


def authority_end(authority: KeyPair) -> datetime:
    """When an EC certificate authority ends. Raises ValueError where it is none, or its key is another one's."""
    certificate = x509.load_pem_x509_certificate(authority.certificate)
    if certificate.public_key() != _authority_key(authority).public_key():
        raise ValueError("the key is not that of the certificate")
    return certificate.not_valid_after_utc


def issue_server(authority: KeyPair, names: Sequence[str], now: datetime, lifetime: timedelta) -> KeyPair:
    """A server certificate for ``names``: DNS names and IP addresses."""
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    return _issue(authority, subject, ExtendedKeyUsageOID.SERVER_AUTH, now, lifetime, alternatives)


def issue_client(authority: KeyPair, user: str, groups: Sequence[str], now: datetime, lifetime: timedelta) -> KeyPair:
    """A client certificate: ``user`` is its CN, ``groups`` are its Os."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, user)])
    return _issue(authority, subject, ExtendedKeyUsageOID.CLIENT_AUTH, now, lifetime, None)


def _issue(
    authority: KeyPair,
    subject: x509.Name,
    usage: x509.ObjectIdentifier,
    now: datetime,
    lifetime: timedelta,
    alternatives: x509.SubjectAlternativeName | None,
) -> KeyPair:
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    issuer_key = _authority_key(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _begin(subject, issuer.subject, key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    return _sign(builder, issuer_key, key)


def _authority_key(authority: KeyPair) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(authority.key, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key of the certificate authority is not an EC key")
    return key


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _sign(
    builder: x509.CertificateBuilder, issuer_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey
) -> KeyPair:
    return KeyPair(
        builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
