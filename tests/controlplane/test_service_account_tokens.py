"""Who presents a token of a service account, and what does not hold."""

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.apiserver.api_client import Client
from tests.controlplane.account_tokens import (
    ACCOUNTS,
    ISSUER,
    ME,
    NODES,
    PODS,
    REVIEWS,
    ROBOT,
    SECRETS,
    Server,
    encoded,
    make_key,
    parts_of,
    pod,
    serving,
)

from steersman.apiserver.authentication.service_account.keys import read_signing_key
from steersman.controlplane import ControlPlane

UNAUTHORIZED = (401, "Unauthorized", "Unauthorized")
Claims = dict[str, Any]


async def test_the_user_of_a_token(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.token()
        user = await server.whoami(token)
        account = (await server.admin.get(f"{ACCOUNTS}/robot")).body

    groups = ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
    assert (user["username"], user["uid"], user["groups"]) == (ROBOT, account["metadata"]["uid"], groups)
    assert user["extra"] == {"authentication.kubernetes.io/credential-id": [f"JTI={parts_of(token)[1]['jti']}"]}


async def test_roles_hold_for_the_user_of_a_token(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        robot = Client(server.plane.handler, None, await server.token())

        assert (await robot.get("/openid/v1/jwks")).status == 200
        refused = await robot.get(PODS)
        assert f'User "{ROBOT}" cannot list resource "pods"' in refused.body["message"]


async def test_what_a_token_tells_of_the_pod_it_is_bound_to(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        node = await server.admin.made(NODES, {"metadata": {"name": "n1"}})
        made = await server.admin.made(PODS, pod(node="n1"))
        user = await server.whoami(
            await server.token(boundObjectRef={"apiVersion": "v1", "kind": "Pod", "name": "web"})
        )

    prefix = "authentication.kubernetes.io/"
    told = {key.removeprefix(prefix): value for key, value in user["extra"].items()}
    assert told.pop("credential-id")
    assert told == {
        "pod-name": ["web"],
        "pod-uid": [made["metadata"]["uid"]],
        "node-name": ["n1"],
        "node-uid": [node["metadata"]["uid"]],
    }


def with_claims(**changed: Any) -> Callable[[Server, str], str]:
    def make(server: Server, token: str) -> str:
        return server.signed({**parts_of(token)[1], **changed})

    return make


def unsigned(server: Server, token: str) -> str:
    return f"{encoded({'alg': 'none'})}.{token.split('.')[1]}."


def keyed_with_the_public_key(server: Server, token: str) -> str:
    """HS256, whose secret is what everybody can read: the attack of CVE-2015-9235."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = read_signing_key(server.key.read_bytes()).public
    secret = public.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    begin = f"{encoded({'alg': 'HS256', 'kid': public.id})}.{token.split('.')[1]}"
    return f"{begin}.{urlsafe_b64encode(hmac.digest(secret, begin.encode(), 'sha256')).rstrip(b'=').decode()}"


def tampered(server: Server, token: str) -> str:
    header, _, signature = token.split(".")
    claims = {**parts_of(token)[1], "sub": "system:serviceaccount:kube-system:default"}
    return f"{header}.{encoded(claims)}.{signature}"


def cut(server: Server, token: str) -> str:
    return token[:-4]


def without_a_header(server: Server, token: str) -> str:
    return ".".join(("e30x", *token.split(".")[1:]))


def of_another_key(server: Server, token: str) -> str:
    return server.signed(parts_of(token)[1], make_key(server.key.with_name("other.key")))


def of_another_key_under_our_id(server: Server, token: str) -> str:
    other = of_another_key(server, token)
    return ".".join((token.split(".")[0], *other.split(".")[1:]))


NOW = int(time.time())
INVALID_SIGNATURE = "invalid signature"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (with_claims(exp=NOW - 61), "service account token has expired"),
        (with_claims(nbf=NOW + 3600), "service account token is not valid yet"),
        (with_claims(iat=NOW + 3600), "service account token is not valid yet"),
        (with_claims(aud=["vault"]), f'token audiences ["vault"] is invalid for the target audiences ["{ISSUER}"]'),
        (with_claims(exp=None), "service account token claims could not be validated"),
        (with_claims(**{"kubernetes.io": None}), "service account token claims could not be validated"),
        (with_claims(**{"kubernetes.io": {"namespace": 3}}), "the claims cannot be read"),
        (with_claims(exp="tomorrow"), "the claims cannot be read"),
        (with_claims(iss="kubernetes/serviceaccount"), "namespace claim is missing"),
        (unsigned, INVALID_SIGNATURE),
        (keyed_with_the_public_key, INVALID_SIGNATURE),
        (tampered, INVALID_SIGNATURE),
        (cut, INVALID_SIGNATURE),
        (without_a_header, "the token cannot be read"),
        (of_another_key, "invalid signature, no keys found"),
        (of_another_key_under_our_id, INVALID_SIGNATURE),
    ],
)
async def test_what_does_not_hold(tmp_path: Path, make: Callable[[Server, str], str], why: str) -> None:
    async with serving(tmp_path) as server:
        token = make(server, await server.token())

        assert await server.whoami(token) == UNAUTHORIZED
        assert await server.review(token) == {"user": {}, "error": f"[invalid bearer token, {why}]"}


@pytest.mark.parametrize(
    "make",
    [
        with_claims(iss="https://elsewhere.example.com"),
        with_claims(iss=""),
        lambda server, token: token.replace(".", ""),
        lambda server, token: f"{token}.x",
        lambda server, token: "a.!.b",
        lambda server, token: f"a.{encoded({'iss': 3})}.b",
        lambda server, token: f"a.{encoded({'iss': ISSUER, 'x': 'y' * (1 << 20)})}.b",
    ],
    ids=("another issuer", "no issuer", "one part", "four parts", "no base64", "no text", "a mebibyte"),
)
async def test_what_is_none_of_ours(tmp_path: Path, make: Callable[[Server, str], str]) -> None:
    """The next authenticator is asked, and where there is none the token is nobody's."""
    async with serving(tmp_path) as server:
        token = make(server, await server.token())

        assert await server.whoami(token) == UNAUTHORIZED
        assert await server.review(token) == {"user": {}, "error": "invalid bearer token"}


async def test_other_authenticators_are_asked_too(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    foreign = f"a.{encoded({'iss': 'https://elsewhere.example.com'})}.b"
    tokens.write_text(f"{foreign},jane,7\n")
    tokens.chmod(0o600)
    async with ControlPlane(store="memory:", token_auth_file=tokens) as plane:
        reply = await Client(plane.handler, None, foreign).create(ME, {})

    assert reply.body["status"]["userInfo"]["username"] == "jane"


async def test_several_keys_while_one_takes_anothers_place(tmp_path: Path) -> None:
    old = make_key(tmp_path / "old.key")
    async with serving(tmp_path, key_files=(old,)) as server:
        token = await server.token()

        assert (await server.whoami(token))["username"] == ROBOT
        assert (await server.whoami(server.signed(parts_of(token)[1], old)))["username"] == ROBOT
        listed = (await server.admin.get("/openid/v1/jwks")).body
    assert listed.count('"kid"') == 2


async def test_several_issuers_of_which_the_first_signs(tmp_path: Path) -> None:
    async with serving(tmp_path, issuers=("https://new", "https://old")) as server:
        token = await server.token()
        claims = parts_of(token)[1]

        assert (claims["iss"], claims["aud"]) == ("https://new", ["https://new", "https://old"])
        assert (await server.whoami(token))["username"] == ROBOT
        assert (await server.whoami(server.signed({**claims, "iss": "https://old"})))["username"] == ROBOT


BOUND = {
    "Pod": (PODS, pod()),
    "Secret": (SECRETS, {"metadata": {"name": "web"}}),
    "Node": (NODES, {"metadata": {"name": "web"}}),
}


@pytest.mark.parametrize("kind", BOUND)
async def test_a_token_ends_at_once_with_what_it_is_bound_to(tmp_path: Path, kind: str) -> None:
    path, obj = BOUND[kind]
    async with serving(tmp_path) as server:
        await server.admin.made(path, obj)
        token = await server.token(boundObjectRef={"apiVersion": "v1", "kind": kind, "name": "web"})
        robot = Client(server.plane.handler, None, token)
        assert (await robot.create(ME, {})).status == 201

        await server.admin.delete(f"{path}/web", {"gracePeriodSeconds": 0})

        assert (await robot.create(ME, {})).status == 401
        gone = "[invalid bearer token, service account token has been invalidated]"
        assert await server.review(token) == {"user": {}, "error": gone}
        await server.admin.made(path, obj)
        assert (await robot.create(ME, {})).status == 401
        assert f"{kind.lower()} UID (" in (await server.review(token))["error"]


async def test_a_token_ends_at_once_with_its_account(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = await server.token()
        robot = Client(server.plane.handler, None, token)
        assert (await robot.create(ME, {})).status == 201

        await server.admin.delete(f"{ACCOUNTS}/robot")

        assert (await robot.create(ME, {})).status == 401
        assert (await server.review(token))["error"] == '[invalid bearer token, serviceaccount "robot" not found]'
        await server.admin.made(ACCOUNTS, {"metadata": {"name": "robot"}})
        assert (await robot.create(ME, {})).status == 401
        assert "service account UID (" in (await server.review(token))["error"]


async def test_a_token_does_not_end_with_the_node_of_its_pod(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await server.admin.made(NODES, {"metadata": {"name": "n1"}})
        await server.admin.made(PODS, pod(node="n1"))
        token = await server.token(boundObjectRef={"apiVersion": "v1", "kind": "Pod", "name": "web"})

        await server.admin.delete(f"{NODES}/n1")

        assert (await server.whoami(token))["username"] == ROBOT


@pytest.mark.parametrize(
    ("issued", "asked", "common"),
    [
        ([], [], [ISSUER]),
        (["vault", "b"], ["a", "b", "vault"], ["vault", "b"]),
        (["vault", ISSUER], [], [ISSUER]),
        (["vault"], [], None),
        (["vault"], ["b"], None),
        ([], ["vault"], None),
    ],
)
async def test_a_review_for_audiences(tmp_path: Path, issued: list[str], asked: list[str], common: Any) -> None:
    async with serving(tmp_path) as server:
        status = await server.review(await server.token(audiences=issued), *asked)

    if common is None:
        assert status.keys() == {"user", "error"}
        assert "is invalid for the target audiences" in status["error"]
    else:
        assert (status["authenticated"], status["user"]["username"], status["audiences"]) == (True, ROBOT, common)


async def test_audiences_of_the_server(tmp_path: Path) -> None:
    async with serving(tmp_path, audiences=("api", "here")) as server:
        assert parts_of(await server.token())[1]["aud"] == ["api", "here"]
        assert (await server.whoami(await server.token(audiences=["here"])))["username"] == ROBOT
        assert await server.whoami(await server.token(audiences=[ISSUER])) == UNAUTHORIZED


async def test_reviews_tell_no_audiences_where_there_were_none(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("good,jane,7\n")
    tokens.chmod(0o600)
    async with ControlPlane(store="memory:", version="1.9", token_auth_file=tokens) as plane:
        review = await Client(plane.handler).made(
            "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "good"}}
        )

    assert review["status"].keys() == {"authenticated", "user"}


async def test_a_key_that_somebody_spoilt_is_told_of(tmp_path: Path) -> None:
    async with ControlPlane(store="memory:", data_dir=tmp_path) as plane:
        admin, path = Client(plane.handler), tmp_path / "pki" / "service-account.key"
        path.parent.mkdir()
        path.write_text("spoilt")
        token = f"a.{encoded({'iss': ISSUER})}.b"

        assert (await Client(plane.handler, None, token).get("/version")).status == 401
        await admin.made(ACCOUNTS, {"metadata": {"name": "robot"}})
        asked = await admin.create(f"{ACCOUNTS}/robot/token", {"spec": {}})
        listed = await admin.get("/openid/v1/jwks")
    assert (asked.status, listed.status) == (500, 500)
    assert f"{path}: there is no private key in it" in asked.body["message"]


async def test_no_token_holds_before_there_is_a_key() -> None:
    async with ControlPlane(store="memory:") as plane:
        token = f"a.{encoded({'iss': ISSUER})}.b"
        review = await Client(plane.handler).made(REVIEWS, {"spec": {"token": token}})

    assert review["status"]["error"] == "[invalid bearer token, invalid signature, no keys found]"
