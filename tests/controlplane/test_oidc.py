"""Tokens of identity providers, over real HTTPS: whose they are, and which of them are not taken."""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.apiserver.api_client import Client
from tests.apiserver.authentication.oidc.fake_clock import START, FakeClock
from tests.apiserver.authentication.oidc.signer import Signer, encoded, rsa_key, signer
from tests.apiserver.authorization.people import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    binding,
    eventually,
    person,
    role,
    rule,
)
from tests.controlplane.identity_provider import DOCUMENT, KEYS, IdentityProvider, identity_provider
from tests.controlplane.oidc_plane import ME, UNAUTHORIZED, fetched, logged, serving, taken, whoami

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[IdentityProvider]:
    async with identity_provider(tmp_path) as provider:
        yield provider


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_whose_token(provider: IdentityProvider, clock: FakeClock) -> None:
    async with serving(provider, clock) as plane:
        jane = await whoami(plane, provider.token(groups=["dev", "ops"], jti="7"))
        review = await person(plane).made(REVIEWS, {"spec": {"token": provider.token(groups="dev")}})
        bad = await person(plane).made(REVIEWS, {"spec": {"token": provider.token(exp=1)}})

    extra = {"authentication.kubernetes.io/credential-id": ["JTI=7"]}
    assert jane == {"username": "jane", "groups": ["dev", "ops", "system:authenticated"], "extra": extra}
    assert review["status"]["authenticated"] is True
    assert review["status"]["user"] == {"username": "jane", "groups": ["dev", "system:authenticated"]}
    assert bad["status"] == {"user": {}, "error": "[invalid bearer token, oidc: it has expired]"}
    assert provider.asked == [DOCUMENT, KEYS]


@pytest.mark.parametrize("algorithm", ["RS384", "PS512", "ES256", "ES384", "ES512"])
async def test_algorithms(provider: IdentityProvider, clock: FakeClock, algorithm: str) -> None:
    provider.signers = [signer(algorithm, algorithm)]
    async with serving(provider, clock, signing_algorithms=(algorithm,)) as plane:
        assert (await whoami(plane, provider.token()))["username"] == "jane"
        assert await whoami(plane, provider.token(signer())) == UNAUTHORIZED


async def test_a_token_without_a_key_id_is_tried_with_all_keys(provider: IdentityProvider, clock: FakeClock) -> None:
    provider.signers = [signer("one"), signer("two", number=1)]
    nameless = Signer("", "RS256", rsa_key(1))
    async with serving(provider, clock) as plane:
        assert (await whoami(plane, provider.token(nameless)))["username"] == "jane"


def unsigned(provider: IdentityProvider) -> str:
    return f"{encoded({'alg': 'none'})}.{encoded(provider.claims())}."


def signed_with_the_public_key(provider: IdentityProvider) -> str:
    """What makes fools of verifiers that let the token choose between a signature and a shared secret."""
    signed = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(provider.claims())}"
    public = json.dumps(provider.signers[0].jwk).encode()
    return f"{signed}.{encoded(hmac.digest(public, signed.encode(), 'sha256'))}"


def with_claims_exchanged(provider: IdentityProvider) -> str:
    header, _, signature = provider.token().split(".")
    return f"{header}.{encoded(provider.claims(sub='admin'))}.{signature}"


BAD: dict[str, tuple[Callable[[IdentityProvider], str], str]] = {
    "expired": (lambda one: one.token(exp=START - 1), "has expired"),
    "without an end": (lambda one: one.token(exp=None), "has expired"),
    "an end that is no number": (lambda one: one.token(exp="9999999999"), "'exp' must be a number"),
    "not yet valid": (lambda one: one.token(nbf=START + 61), "not valid yet"),
    "for others": (lambda one: one.token(aud="them"), "another audience than 'us'"),
    "for several others": (lambda one: one.token(aud=["them", "others"]), "another audience"),
    "for nobody": (lambda one: one.token(aud=None), "another audience"),
    "algorithm none": (unsigned, "another algorithm than RS256"),
    "HS256 with the public key": (signed_with_the_public_key, "another algorithm than RS256"),
    "an algorithm that is not allowed": (lambda one: one.token(signer("one", "RS512")), "another algorithm"),
    "claims exchanged": (with_claims_exchanged, "no key of"),
    "another's signature": (lambda one: one.token(signer("one", number=1)), "no key of"),
    "unknown key": (lambda one: one.token(signer("two", number=1)), "no key of"),
    "critical extensions": (lambda one: one.signers[0].sign(one.claims(), crit=["b64"], b64=True), "critical"),
    "no user name": (lambda one: one.token(sub=None), "'sub' is not present"),
    "a number as user name": (lambda one: one.token(sub=None, email=1), "'sub' is not present"),
    "groups that are numbers": (lambda one: one.token(groups=[1]), "'groups' must be a string or a list of strings"),
}


async def test_bad_tokens(provider: IdentityProvider, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving(provider, clock) as plane:
        for what, (make, why) in BAD.items():
            caplog.clear()
            token = make(provider)
            assert await whoami(plane, token) == UNAUTHORIZED, what
            assert why in caplog.text, what
            assert token.split(".")[1] not in caplog.text, what


async def test_the_clocks_of_issuers_may_be_ahead(provider: IdentityProvider, clock: FakeClock) -> None:
    async with serving(provider, clock) as plane:
        assert (await whoami(plane, provider.token(nbf=START + 60)))["username"] == "jane"


async def test_what_is_no_token_of_ours_is_for_others(
    provider: IdentityProvider, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    empty = encoded({})
    async with serving(provider, clock) as plane:
        caplog.clear()
        other = provider.token(iss="https://elsewhere.example.com")
        for token in (other, "opaque", "a.b.c", "..", f"{encoded([])}.{encoded([])}.", f"{empty}.{empty}=.x"):
            assert await whoami(plane, token) == UNAUTHORIZED

    assert "is refused" not in caplog.text


async def test_an_answer_holds_for_ten_seconds(provider: IdentityProvider, clock: FakeClock) -> None:
    async with serving(provider, clock) as plane:
        clock.advance(5)
        token = provider.token()
        assert (await whoami(plane, token))["username"] == "jane"
        clock.advance(5)
        provider.signers = [signer("two", number=1)]
        assert (await whoami(plane, provider.token()))["username"] == "jane"
        assert (await whoami(plane, token))["username"] == "jane"
        clock.advance(5)
        assert await whoami(plane, token) == UNAUTHORIZED


async def test_an_answer_ends_with_its_token(provider: IdentityProvider, clock: FakeClock) -> None:
    async with serving(provider, clock) as plane:
        token = provider.token(exp=START + 5)
        assert (await whoami(plane, token))["username"] == "jane"
        clock.advance(6)
        assert await whoami(plane, token) == UNAUTHORIZED


async def test_new_keys_are_fetched_when_a_token_names_one(provider: IdentityProvider, clock: FakeClock) -> None:
    async with serving(provider, clock) as plane:
        provider.signers = [signer("two", number=1)]
        assert await whoami(plane, provider.token()) == UNAUTHORIZED, "the keys have come a moment ago"
        assert len(provider.asked) == 2
        clock.advance(10)
        users = await asyncio.gather(*(whoami(plane, provider.token()) for _ in range(5)))
        assert [user["username"] for user in users] == ["jane"] * 5
        assert len(provider.asked) == 4, "asked once for all"
        assert await whoami(plane, provider.token(signer("three", number=1))) == UNAUTHORIZED
        assert len(provider.asked) == 4, "nobody makes us ask more often"
        assert await whoami(plane, provider.token(signer())) == UNAUTHORIZED, "the old key is gone"


async def test_keys_are_fetched_anew_from_time_to_time(provider: IdentityProvider, clock: FakeClock) -> None:
    async with serving(provider, clock) as plane:
        provider.signers = [signer("two", number=1)]
        clock.advance(300)
        await fetched(provider, 4)
        await taken(plane, provider.token())
        assert len(provider.asked) == 4


async def test_keys_stay_while_the_provider_is_down(
    provider: IdentityProvider, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(provider, clock) as plane:
        provider.says(KEYS, 503)
        clock.advance(300)
        await fetched(provider, 4)
        assert (await whoami(plane, provider.token()))["username"] == "jane"
        await logged(caplog, f'cannot be asked for its keys: Get "{provider.url}/keys": the server answered 503')


NOT_READY: list[tuple[str, dict[str, Any], str]] = [
    (DOCUMENT, {"status": 503}, "the server answered 503"),
    (DOCUMENT, {"text": "<html>"}, "its discovery document is not a JSON object"),
    (DOCUMENT, {"text": '{"issuer": "https://else"}'}, ", got 'https://else'"),
    (KEYS, {"text": "{}"}, "it has no list of keys"),
    (KEYS, {"text": json.dumps({"keys": [{}] * 257})}, "more than 256 keys"),
    (KEYS, {"text": " " * ((1 << 20) + 1)}, "the answer is longer than 1048576 bytes"),
    (KEYS, {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, "not an https URL"),
    (KEYS, {"status": 302, "headers": {"Location": "keys"}}, "stopped after 10 redirects"),
    (KEYS, {"body": b"x", "headers": {"Content-Encoding": "gzip"}}, "the answer is packed"),
]


async def test_a_provider_that_is_no_good_at_start_is_asked_again(
    provider: IdentityProvider, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    provider.says(DOCUMENT, 500)
    async with serving(provider, clock, ready=False) as plane:
        for path, answer, why in NOT_READY:
            await logged(caplog, "cannot be asked for its keys")
            caplog.clear()
            provider.answers.clear()
            provider.says(path, **answer)
            clock.advance(10)
            await logged(caplog, why)
            assert await whoami(plane, provider.token()) == UNAUTHORIZED
        provider.answers.clear()
        clock.advance(10)
        await taken(plane, provider.token())


async def test_redirects_are_followed(provider: IdentityProvider, clock: FakeClock) -> None:
    provider.says(DOCUMENT, 301, headers={"Location": "/elsewhere"})
    provider.says("/elsewhere", text=json.dumps({"issuer": provider.url, "jwks_uri": provider.url + KEYS}))
    async with serving(provider, clock) as plane:
        assert (await whoami(plane, provider.token()))["username"] == "jane"


async def test_a_provider_that_hangs_keeps_nobody_waiting(
    provider: IdentityProvider, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    let_go = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await let_go.wait()
        return web.Response(status=500)

    provider.answers[DOCUMENT] = hang
    async with serving(provider, clock, ready=False, fetch_seconds=0.2) as plane:
        await provider.asked_event.wait()
        assert await whoami(plane, provider.token()) == UNAUTHORIZED
        assert "no answer within" not in caplog.text
        await logged(caplog, "no answer within 0.2 seconds")
        let_go.set()


async def test_nothing_goes_on_after_the_end(provider: IdentityProvider, clock: FakeClock) -> None:
    never = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    before = asyncio.all_tasks()
    async with serving(provider, clock) as plane:
        provider.answers[DOCUMENT] = provider.answers["/groups"] = hang
        clock.advance(10)
        sources: dict[str, Any] = {"_claim_names": {"groups": "s"}}
        sources["_claim_sources"] = {"s": {"endpoint": f"{provider.url}/groups"}}
        tokens = provider.token(signer("two", number=1)), provider.token(**sources)
        asking = [asyncio.ensure_future(whoami(plane, token)) for token in tokens]
        await fetched(provider, 4)
    told = await asyncio.gather(*asking, return_exceptions=True)

    assert told[0] == UNAUTHORIZED
    assert isinstance(told[1], asyncio.CancelledError)
    left = {task for task in asyncio.all_tasks() - before if "aiohttp" not in repr(task)}
    assert left == set()


async def test_a_certificate_of_nobody_we_trust(
    provider: IdentityProvider, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(provider, clock, ready=False, ca_file=None) as plane:
        await logged(caplog, "the server's certificate is not trusted")
        assert await whoami(plane, provider.token()) == UNAUTHORIZED
    assert provider.asked == []


async def test_groups_prefix_and_required_claims(provider: IdentityProvider, clock: FakeClock) -> None:
    required = (("hd", "example.com"),)
    async with serving(provider, clock, groups_prefix="oidc:", required_claims=required) as plane:
        user = await whoami(plane, provider.token(groups=["a", "b"], hd="example.com"))
        wrong: tuple[object, ...] = (None, "example.org", True, [])
        others = [await whoami(plane, provider.token(hd=value)) for value in wrong]

    assert user["groups"] == ["oidc:a", "oidc:b", "system:authenticated"]
    assert others == [UNAUTHORIZED] * 4


async def test_what_its_roles_allow_and_who_it_may_be(provider: IdentityProvider, clock: FakeClock) -> None:
    async with serving(provider, clock) as plane:
        admin = person(plane)
        await admin.made(CLUSTER_ROLES, role("spy", rule("impersonate", "users groups")))
        bound = {**binding("spies", "spy", "Group:spies"), "roleRef": binding("", "spy", kind="ClusterRole")["roleRef"]}
        await admin.made(CLUSTER_ROLE_BINDINGS, bound)
        spy = Client(plane.handler, None, provider.token(groups=["spies"]))
        joe = {"Impersonate-User": "joe", "Impersonate-Group": "dev"}

        async def may() -> bool:
            return (await spy.call("POST", ME, {}, headers=joe)).status == 201

        await eventually(may)
        seen = (await spy.call("POST", ME, {}, headers=joe)).body["status"]["userInfo"]
        honest = Client(plane.handler, None, provider.token())
        refused = await honest.call("POST", ME, {}, headers=joe)

    assert seen == {"username": "joe", "groups": ["dev", "system:authenticated"]}
    assert refused.status == 403
    assert 'User "jane" cannot impersonate resource "users"' in refused.body["message"]
