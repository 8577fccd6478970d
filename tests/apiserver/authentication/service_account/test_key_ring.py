"""The keys of a server: read from files when they are needed, made where there are none."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt import PyJWK

from steersman.apiserver.authentication.service_account.key_ring import KeyRing
from steersman.apiserver.authentication.service_account.keys import VerificationKey, read_signing_key
from steersman.apiserver.authentication.service_account.signatures import signed, verified_payload

RSA, P256, P384 = (
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
)


def private(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return pem


def public(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def file(path: Path, *pems: bytes) -> Path:
    path.write_bytes(b"".join(pems))
    return path


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (P256, "ES256"), (P384, "ES384")])
def test_what_a_key_signs_its_public_half_verifies(tmp_path: Path, key: Any, algorithm: str, form: Any) -> None:
    signing = KeyRing(file(tmp_path / "a", private(key, form))).signing()
    token = signed({"a": 1}, signing).encode()
    accepted = KeyRing(None, [file(tmp_path / "b", public(key))]).accepted()

    assert [(one.id, one.algorithm) for one in accepted] == [(signing.public.id, algorithm)]
    assert orjson.loads(verified_payload(token, accepted)) == {"a": 1}
    assert PyJWK(accepted[0].jwk()).key.public_numbers() == key.public_key().public_numbers()


def test_the_id_of_a_key_is_that_of_kube_apiserver() -> None:
    """base64url of the SHA-256 of the SubjectPublicKeyInfo: so says openssl of the same key."""
    pem = b"""-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgigbeg7l42MmSYZjA
SqHpEsgsV3fJ2YsCMIi3OfXcJruhRANCAARJz7fVjUlCrqz32yvBGddxRWEdFLRg
tzLsF3sWqdZH5+NKL6fkXOAlc0ZSgBCU3xjFt0NJOMiu5en/ByekL0QU
-----END PRIVATE KEY-----
"""
    assert read_signing_key(pem).public.id == "swAcV0y3Zz-79NH7crHjXs0EckSG8aUT6osXsrJPWlE"


def test_a_key_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "pki" / "sa.key"
    ring = KeyRing(None, (), path)

    assert (ring.accepted(), ring.ready, path.exists()) == ((), False, False)
    made = ring.signing().public
    assert path.stat().st_mode & 0o777 == 0o600
    assert (ring.accepted(), ring.ready) == ((made,), True)
    assert KeyRing(None, (), path).accepted() == (made,)


def test_without_a_place_a_key_lives_as_long_as_its_ring() -> None:
    first, second = KeyRing(None), KeyRing(None)

    assert first.signing().public == first.accepted()[0]
    assert first.signing().public.id != second.signing().public.id


def test_several_keys_in_files_each_counts_once(tmp_path: Path) -> None:
    signing = file(tmp_path / "a", private(P256))
    more = [file(tmp_path / "b", public(RSA), private(P384)), file(tmp_path / "c", public(P256))]

    accepted = KeyRing(signing, more).accepted()

    assert [one.algorithm for one in accepted] == ["ES256", "RS256", "ES384"]


def test_a_key_is_chosen_by_its_id_or_all_are_tried() -> None:
    ring, other = KeyRing(None), KeyRing(None)
    token = signed({}, ring.signing()).encode()
    without_id = signed({}, ring.signing()._replace(public=VerificationKey("", "ES256", P256.public_key()))).encode()
    both = (other.signing().public, ring.signing().public)

    assert verified_payload(token, both) == verified_payload(without_id, both) == b"{}"
    with pytest.raises(ValueError, match="invalid signature, no keys found"):
        verified_payload(token, [other.signing().public])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "there is no private key in it"),
        (public(P256), "there is no private key in it"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "its private key cannot be read"),
        (private(ec.generate_private_key(ec.SECP256K1())), "it is neither an RSA key nor an EC key on P-256"),
        (private(ed25519.Ed25519PrivateKey.generate()), "it is neither an RSA key nor an EC key on P-256"),
    ],
)
def test_files_that_are_not_keys_are_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = file(tmp_path / "bad.key", content)

    for ring in (KeyRing(path), KeyRing(None, (), path)):
        with pytest.raises(ValueError, match=told) as raised:
            ring.signing()
        assert str(path) in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_so_are_files_of_more_keys(tmp_path: Path, content: bytes) -> None:
    path = file(tmp_path / "bad.pub", content)

    with pytest.raises(ValueError, match=str(path)):
        KeyRing(None, [path]).accepted()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        KeyRing(tmp_path / "none").signing()
