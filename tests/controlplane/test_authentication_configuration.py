"""The AuthenticationConfiguration file in a control plane: issuers, anonymous requests, and taking up changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.apiserver.api_client import Client, failure
from tests.apiserver.authentication.oidc.fake_clock import START, FakeClock
from tests.apiserver.authentication.oidc.issuers import document, jwt
from tests.apiserver.authentication.oidc.signer import signer
from tests.controlplane.identity_provider import DOCUMENT, KEYS, IdentityProvider, identity_provider
from tests.controlplane.oidc_plane import ME, UNAUTHORIZED, fetched, logged, serving, taken, whoami

from steersman.controlplane import ControlPlane
from steersman.controlplane.authentication import AuthenticationOptions
from steersman.controlplane.oidc_options import OidcOptions


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[IdentityProvider]:
    async with identity_provider(tmp_path) as provider:
        yield provider


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "authentication.yaml"


def issuer(provider: IdentityProvider, **more: Any) -> dict[str, Any]:
    return jwt({"url": provider.url, "certificateAuthority": provider.authority.read_text()}, **more)


async def test_expressions_make_the_user_and_decide(
    provider: IdentityProvider, clock: FakeClock, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configured = issuer(
        provider,
        username={"expression": "'oidc:' + claims.sub"},
        groups={"expression": "claims.?roles.orValue([]).map(r, 'role:' + r)"},
        uid={"expression": "claims.?oid.orValue('none')"},
        extra=[{"key": "example.org/tenant", "valueExpression": "claims.?tenant.orValue('')"}],
        claimValidationRules=[{"expression": "claims.exp - claims.iat <= 7200.0", "message": "too long"}],
        userValidationRules=[{"expression": "!user.username.endsWith(':root')", "message": "no root"}],
    )
    file.write_bytes(document(configured))
    caplog.set_level("INFO")
    async with serving(provider, clock, ready=False, configuration=file) as plane:
        good: dict[str, Any] = {"iat": START, "roles": ["a"], "oid": "7", "tenant": "t"}
        await taken(plane, provider.token(**good))
        user = await whoami(plane, provider.token(**good))
        bad: tuple[dict[str, Any], ...] = ({"iat": START - 7200}, {"iat": START, "sub": "root"}, {})
        refused = [await whoami(plane, provider.token(**claims)) for claims in bad]

    assert user == {
        "username": "oidc:jane",
        "uid": "7",
        "groups": ["role:a", "system:authenticated"],
        "extra": {"example.org/tenant": ["t"]},
    }
    assert refused == [UNAUTHORIZED] * 3
    assert "<= 7200.0' failed: too long" in caplog.text
    assert "failed: no root" in caplog.text
    assert "no such key: iat" in caplog.text


async def test_another_place_for_the_document(provider: IdentityProvider, clock: FakeClock, file: Path) -> None:
    name = "https://issuer.example.com/realm"
    provider.says("/discovery", text=json.dumps({"issuer": name, "jwks_uri": provider.url + KEYS}))
    configured = issuer(provider)
    configured["issuer"] |= {"url": name, "discoveryURL": f"{provider.url}/discovery"}
    file.write_bytes(document(configured))
    async with serving(provider, clock, ready=False, configuration=file) as plane:
        await taken(plane, provider.token(iss=name))
        assert (await whoami(plane, provider.token(iss=name)))["username"] == "jane"
        assert await whoami(plane, provider.token()) == UNAUTHORIZED

    assert DOCUMENT not in provider.asked


async def test_several_issuers_and_audiences(
    provider: IdentityProvider, clock: FakeClock, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    async with identity_provider(tmp_path / "other") as other:
        other.signers = [signer("e", "ES256")]
        second = issuer(other, username={"claim": "sub", "prefix": "other:"})
        second["issuer"] |= {"audiences": ["us", "cli"], "audienceMatchPolicy": "MatchAny"}
        file.write_bytes(document(issuer(provider), second))
        async with serving(provider, clock, configuration=file) as plane:
            await taken(plane, other.token())
            assert (await whoami(plane, provider.token()))["username"] == "jane"
            assert (await whoami(plane, other.token(aud=["cli", "x"])))["username"] == "other:jane"
            assert await whoami(plane, provider.token(aud="cli")) == UNAUTHORIZED
            assert await whoami(plane, other.token(iss=provider.url)) == UNAUTHORIZED


async def ask(plane: Any, path: str, token: str = "") -> tuple[int, Any]:
    reply = await Client(plane.handler, None, token).call("GET", path)
    return reply.status, failure(reply)[2] if reply.status >= 400 else reply.body


async def test_anonymous_requests(provider: IdentityProvider, clock: FakeClock, file: Path) -> None:
    file.write_bytes(document(issuer(provider), anonymous={"enabled": True}))
    async with serving(provider, clock, configuration=file) as plane:
        assert await ask(plane, "/livez") == (200, "ok")
        status, message = await ask(plane, "/api/v1/namespaces")
        assert status == 403
        assert 'User "system:anonymous" cannot list resource "namespaces"' in message
        whoami_status = (await Client(plane.handler, None).create(ME, {})).status
        assert whoami_status == 403, "that is for authenticated users"
        assert (await ask(plane, "/livez", "nobody's"))[0] == 401
        assert (await ask(plane, "/livez", provider.token(exp=1)))[0] == 401


async def test_anonymous_requests_of_some_paths(provider: IdentityProvider, clock: FakeClock, file: Path) -> None:
    conditions = [{"path": "/livez"}, {"path": "/readyz"}]
    file.write_bytes(document(issuer(provider), anonymous={"enabled": True, "conditions": conditions}))
    async with serving(provider, clock, configuration=file) as plane:
        client = Client(plane.handler, None)
        statuses = [(await client.call("GET", path)).status for path in ("/livez", "/version", "/readyz", "/livez/")]

    assert statuses == [200, 401, 200, 401], "on one connection"


async def test_no_anonymous_requests(provider: IdentityProvider, clock: FakeClock, file: Path) -> None:
    for anonymous in (None, {"enabled": False}):
        file.write_bytes(document(issuer(provider), anonymous=anonymous))
        async with serving(provider, clock, configuration=file) as plane:
            assert (await ask(plane, "/livez"))[0] == 401


async def test_a_change_is_taken_up(
    provider: IdentityProvider, clock: FakeClock, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    file.write_bytes(document(issuer(provider)))
    async with serving(provider, clock, configuration=file) as plane:
        token = provider.token()
        file.write_bytes(document(issuer(provider, username={"claim": "sub", "prefix": "new:"})))
        clock.advance(9)
        assert (await whoami(plane, token))["username"] == "jane"
        clock.advance(1)
        await logged(caplog, "is in force as it is now")
        assert (await whoami(plane, token))["username"] == "new:jane"
        file.write_bytes(document())
        caplog.clear()
        clock.advance(10)
        await logged(caplog, "is in force as it is now")
        assert await whoami(plane, token) == UNAUTHORIZED
        count = len(provider.asked)
        clock.advance(1000)
        assert len(provider.asked) == count, "nobody asks an issuer that is gone"


async def a_few_turns() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"issuer": {"audiences": []}}, "jwt[0].issuer.audiences: Required value"),
    ({"anonymous": {"enabled": True}}, "anonymous: Forbidden: changed from initial configuration file"),
    ({"foo": 1}, 'strict decoding error: unknown field "foo"'),
]


async def test_a_change_that_cannot_be_is_refused_once(
    provider: IdentityProvider, clock: FakeClock, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(document(issuer(provider)))
    async with serving(provider, clock, configuration=file) as plane:
        for change, why in REFUSED:
            first = issuer(provider)
            first["issuer"] |= change.pop("issuer", {})
            caplog.clear()
            file.write_bytes(document(first, **change))
            clock.advance(10)
            await logged(caplog, f"the authentication configuration stays as it is: {file}: {why}")
            clock.advance(10)
            await a_few_turns()
            assert (await whoami(plane, provider.token()))["username"] == "jane"
            assert caplog.text.count("stays as it is") == 1
        file.unlink()
        clock.advance(10)
        await logged(caplog, f"stays as it is: {file}: No such file or directory")
        assert (await whoami(plane, provider.token()))["username"] == "jane"


async def test_a_change_waits_for_the_keys_of_its_issuers(
    provider: IdentityProvider, clock: FakeClock, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    file.write_bytes(document(issuer(provider)))
    async with serving(provider, clock, configuration=file) as plane:
        provider.says(DOCUMENT, 500)
        file.write_bytes(document(issuer(provider, username={"claim": "sub", "prefix": "new:"})))
        clock.advance(10)
        await fetched(provider, 3)
        assert (await whoami(plane, provider.token()))["username"] == "jane"
        clock.advance(60)
        await logged(caplog, f"stays as it is: {file}: not all issuers can be asked")
        assert (await whoami(plane, provider.token()))["username"] == "jane"
        provider.answers.clear()
        clock.advance(10)
        await logged(caplog, "is in force as it is now")
        assert (await whoami(plane, provider.token()))["username"] == "new:jane"


def elsewhere(provider: IdentityProvider, **source: Any) -> dict[str, Any]:
    """Claims of a token whose groups are somewhere else."""
    endpoint = {"endpoint": f"{provider.url}/groups", "access_token": "secret"}
    return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {**endpoint, **source}}}


async def test_groups_that_are_elsewhere(provider: IdentityProvider, clock: FakeClock) -> None:
    provider.says("/groups", text=provider.token(groups=["dev"], sub=None))
    async with serving(provider, clock) as plane:
        first = await whoami(plane, provider.token(**elsewhere(provider)))
        again = await whoami(plane, provider.token(**elsewhere(provider)))
        count = provider.asked.count("/groups")
        own = await whoami(plane, provider.token(groups=["own"], **elsewhere(provider)))
        aggregated = await whoami(plane, provider.token(**elsewhere(provider, endpoint="", JWT="x")))
        others = await whoami(plane, provider.token(_claim_names={"address": "src1"}, _claim_sources={}))

    assert first["groups"] == again["groups"] == ["dev", "system:authenticated"]
    assert (provider.asked.count("/groups"), count) == (1, 1)
    assert "Bearer secret" in provider.authorizations
    assert own["groups"] == ["own", "system:authenticated"]
    assert aggregated["groups"] == others["groups"] == ["system:authenticated"]


BAD_GROUPS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"text": "x"}, {}, "the claim 'groups' is elsewhere, but not as a token"),
    ({"status": 403}, {}, "the claim 'groups' cannot be fetched: Get "),
    ({}, {"exp": 1}, "it has expired"),
    ({}, {"aud": "them"}, "it is for another audience"),
    ({}, {"groups": None}, "the claim 'groups' is not where it should be"),
    ({}, {"iss": "http://127.0.0.1:1"}, "the keys of 'http://127.0.0.1:1' cannot be fetched"),
]
BAD_SOURCES: list[tuple[dict[str, Any], str]] = [
    ({"_claim_names": {"groups": "src1"}}, "must be objects"),
    ({"_claim_names": {"groups": "src1"}, "_claim_sources": {}}, "missing in _claim_sources"),
    ({"_claim_names": {"groups": 1}, "_claim_sources": {}}, "missing in _claim_sources"),
    ({"_claim_names": {"groups": "s"}, "_claim_sources": {"s": {"endpoint": 1}}}, "is malformed"),
    ({"_claim_names": {"groups": "s"}, "_claim_sources": {"s": {"endpoint": "http://a"}}}, "not an https URL"),
    ({"_claim_names": {"groups": "s"}, "_claim_sources": {"s": {"endpoint": "https://a/b c"}}}, "not an https URL"),
]


async def test_groups_that_cannot_be_had(
    provider: IdentityProvider, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with serving(provider, clock) as plane:
        for answer, claims, why in BAD_GROUPS:
            caplog.clear()
            provider.says("/groups", **{"text": provider.token(**{"groups": ["dev"], **claims}), **answer})
            assert await whoami(plane, provider.token(**elsewhere(provider))) == UNAUTHORIZED
            assert why in caplog.text
            assert "secret" not in caplog.text
        split = elsewhere(provider, access_token="secret\r\nX-Header: 1")
        assert await whoami(plane, provider.token(**split)) == UNAUTHORIZED
        for sources, why in BAD_SOURCES:
            caplog.clear()
            assert await whoami(plane, provider.token(**sources)) == UNAUTHORIZED
            assert why in caplog.text


async def test_the_access_token_goes_to_no_other_server(
    provider: IdentityProvider, clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    async with identity_provider(tmp_path / "other") as other:
        both = tmp_path / "both.pem"
        both.write_bytes(provider.authority.read_bytes() + other.authority.read_bytes())
        other.says("/groups", text=provider.token(groups=["dev"]))

        async def moved(_: web.Request) -> web.StreamResponse:
            raise web.HTTPTemporaryRedirect(f"{other.url}/groups")

        provider.answers["/groups"] = moved
        async with serving(provider, clock, ca_file=both) as plane:
            user = await whoami(plane, provider.token(**elsewhere(provider)))

    assert user["groups"] == ["dev", "system:authenticated"]
    assert other.authorizations == [""]


def test_what_cannot_be_is_refused_at_once(file: Path) -> None:
    file.write_bytes(document(jwt({"audiences": []})))
    with pytest.raises(ValueError) as refused:
        ControlPlane(store="memory:", authentication=AuthenticationOptions(oidc=OidcOptions(file)))
    required = "Required value: at least one jwt[0].issuer.audiences is required"
    assert str(refused.value) == f"{file}: jwt[0].issuer.audiences: {required}"


def test_the_issuer_of_service_account_tokens_is_no_other(file: Path) -> None:
    file.write_bytes(document(jwt({"url": "https://kubernetes.default.svc.cluster.local"})))
    with pytest.raises(ValueError, match=r"jwt\[0\].issuer.url: .*: URL must not overlap with disallowed issuers"):
        ControlPlane(store="memory:", authentication=AuthenticationOptions(oidc=OidcOptions(file)))
