"""How others learn to verify the tokens of service accounts: the discovery document and the key set."""

from pathlib import Path

import orjson
import pytest
from jwt import PyJWKSet
from jwt import decode as decode_token
from tests.apiserver.authorization.people import person
from tests.controlplane.account_tokens import ISSUER, serving

from steersman.controlplane import ControlPlane
from steersman.controlplane.service_account_options import ServiceAccountOptions

CONFIGURATION, KEYS = "/.well-known/openid-configuration", "/openid/v1/jwks"


async def test_others_can_verify_a_token(tmp_path: Path) -> None:
    """With a library of theirs, and what these paths say."""
    async with serving(tmp_path) as server:
        token = await server.token(audiences=["vault"])
        document, keys = await server.admin.get(CONFIGURATION), await server.admin.get(KEYS)

    assert (document.content_type, keys.content_type) == ("application/json", "application/jwk-set+json")
    assert document.headers["cache-control"] == keys.headers["cache-control"] == ["public, max-age=3600"]
    assert document.body == {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }
    (key,) = PyJWKSet.from_dict(orjson.loads(keys.body)).keys
    algorithms = document.body["id_token_signing_alg_values_supported"]
    claims = decode_token(token, key, algorithms, issuer=ISSUER, audience="vault")
    assert claims["sub"] == "system:serviceaccount:default:robot"


async def test_where_the_keys_are_can_be_said(tmp_path: Path) -> None:
    async with serving(tmp_path, keys_uri="https://keys.example.com/jwks") as server:
        assert (await server.admin.get(CONFIGURATION)).body["jwks_uri"] == "https://keys.example.com/jwks"


async def test_the_keys_are_where_the_server_listens(tmp_path: Path) -> None:
    async with ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path) as plane:
        assert (await person(plane).get(CONFIGURATION)).body["jwks_uri"] == f"{plane.url}{KEYS}"


async def test_service_accounts_may_read_them_and_others_may_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        account = person(server.plane, "system:serviceaccount:a:b", "system:serviceaccounts")

        assert [(await account.get(path)).status for path in (CONFIGURATION, KEYS)] == [200, 200]
        jane = person(server.plane, "jane")
        assert [(await jane.get(path)).status for path in (CONFIGURATION, KEYS)] == [403, 403]


async def test_they_are_only_read(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert [(await server.admin.create(path, {})).status for path in (CONFIGURATION, KEYS)] == [405, 405]


@pytest.mark.parametrize("issuer", ["kubernetes/serviceaccount", "http://x", "https://x?y", "https://x#y", "https://"])
async def test_an_issuer_that_nobody_could_find_has_none(issuer: str) -> None:
    options = ServiceAccountOptions(issuers=(issuer,))
    async with ControlPlane(store="memory:", service_accounts=options) as plane:
        assert [(await person(plane).get(path)).status for path in (CONFIGURATION, KEYS)] == [404, 404]
