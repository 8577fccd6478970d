"""Keys of issuers, and what they have signed."""

import contextlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.utils import der_to_raw_signature
from tests.apiserver.authentication.oidc.signer import Signer, encoded, key_set, rsa_key, signer

from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.oidc.signature import (
    ALGORITHMS,
    MAX_KEYS,
    algorithm_of,
    is_signed_by,
    read_key_set,
)
from steersman.apiserver.authentication.oidc.token import Token, check_claims, parse

CLAIMS = {"iss": "https://a", "sub": "jane"}
SIGNERS = [signer(algorithm, algorithm) for algorithm in ALGORITHMS]


KEYS = read_key_set(key_set(*SIGNERS))


def parsed(compact: str) -> Token:
    token = parse(compact.encode())
    assert token is not None
    return token


@pytest.mark.parametrize("by", SIGNERS, ids=ALGORITHMS)
def test_signatures(by: Signer) -> None:
    token, keys = parsed(by.sign(CLAIMS)), KEYS
    assert token.claims == CLAIMS
    assert algorithm_of(token, ALGORITHMS) == by.algorithm
    assert is_signed_by(token, by.algorithm, keys)
    assert not is_signed_by(token, by.algorithm, [key for key in keys if key.id != by.kid])


@pytest.mark.parametrize("by", SIGNERS, ids=ALGORITHMS)
def test_a_key_is_for_its_algorithms_only(by: Signer) -> None:
    """RSA keys are for all of RSA's; a curve is for one algorithm."""
    keys = read_key_set(key_set(by))
    token = parsed(by.sign(CLAIMS))
    signed: list[str] = [other for other in ALGORITHMS if is_signed_by(token, other, keys)]
    assert signed == [by.algorithm]


@settings(max_examples=200, deadline=None)
@given(part=st.sampled_from(["signed", "signature"]), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_can_be_changed(part: str, at: float, bit: int) -> None:
    by = signer("ES256", "ES256")
    token = parsed(by.sign(CLAIMS))
    data = bytearray(getattr(token, part))
    data[int(at * len(data))] ^= 1 << bit
    changed: dict[str, Any] = {part: bytes(data)}
    assert not is_signed_by(token._replace(**changed), "ES256", read_key_set(key_set(by)))


def test_an_algorithm_goes_with_its_curve() -> None:
    """RFC 7518, section 3.4: ES256 is P-256 with SHA-256, and no other curve with that."""
    by = signer("ES384", "ES384")
    assert isinstance(by.private, ec.EllipticCurvePrivateKey)
    token = parsed(by.sign(CLAIMS))
    signature = der_to_raw_signature(by.private.sign(token.signed, ec.ECDSA(hashes.SHA256())), by.private.curve)
    assert is_signed_by(token, "ES384", KEYS)
    assert not is_signed_by(token._replace(signature=signature), "ES256", KEYS)


@pytest.mark.parametrize("by", SIGNERS, ids=ALGORITHMS)
@pytest.mark.parametrize("length", [0, 1, 63, 1000])
def test_signatures_of_another_length(by: Signer, length: int) -> None:
    token = parsed(by.sign(CLAIMS))._replace(signature=bytes(length))
    assert not is_signed_by(token, by.algorithm, read_key_set(key_set(by)))


NAMES = st.sampled_from(["iss", "aud", "exp", "nbf", "alg", "kid", "crit"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(["us", *ALGORITHMS]),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)


@given(header=VALUES, claims=VALUES)
def test_whatever_is_in_a_token_it_is_looked_at_or_refused(header: Any, claims: Any) -> None:
    token = parse(f"{encoded(header)}.{encoded(claims)}.{encoded(b'x')}".encode())
    if token is None:
        return
    assert isinstance(token.issuer, str)
    with contextlib.suppress(Refused):
        check_claims(token.claims, frozenset({"us"}), 0.0)
    with contextlib.suppress(Refused):
        assert not is_signed_by(token, algorithm_of(token, ALGORITHMS), KEYS)


@pytest.mark.parametrize("header", [{}, {"alg": None}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"alg": 1}])
def test_other_algorithms(header: dict[str, Any]) -> None:
    token = parsed(f"{encoded(header)}.{encoded(CLAIMS)}.{encoded(b'x')}")
    with pytest.raises(Refused, match="another algorithm"):
        algorithm_of(token, ALGORITHMS)


SKIPPED: list[dict[str, Any]] = [
    {"kty": "oct", "k": "c2VjcmV0"},
    {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    {"kty": "RSA", "n": "AQ", "e": "AQAB"},
    {"kty": "RSA", "n": 1, "e": "AQAB"},
    {"kty": "RSA"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "P-0"},
    {**signer().jwk, "use": "enc"},
    {**signer().jwk, "kid": 1},
    Signer("small", "RS256", rsa_key(0, 1024)).jwk,
    {},
]


@pytest.mark.parametrize("jwk", SKIPPED)
def test_keys_that_sign_nothing_for_us(jwk: dict[str, Any]) -> None:
    data = json.dumps({"keys": [jwk, None, signer("good").jwk]}).encode()
    assert [key.id for key in read_key_set(data)] == ["good"]


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"keys": {}}', json.dumps({"keys": [{}] * (MAX_KEYS + 1)}).encode()]
)
def test_what_is_no_key_set(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_key_set(data)
