"""Bearer tokens that another server reviews, over real HTTP."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.apiserver.api_client import Client, failure
from tests.apiserver.authorization.people import person
from tests.controlplane.review_server import Review, review_server

from steersman.controlplane import ControlPlane
from steersman.controlplane.authentication import AuthenticationOptions

ISSUER = "https://kubernetes.default.svc.cluster.local"
ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
JANE = {"username": "jane", "uid": "7", "groups": ["dev"], "extra": {"Scopes": ["a"]}}


def answer(review: Review) -> Review | int:
    token = review["spec"]["token"]
    if token == "broken":
        return 403
    return {"authenticated": True, "user": JANE} if token == "good" else {"authenticated": False, "error": "no"}


async def whoami(plane: ControlPlane, token: str) -> Any:
    reply = await Client(plane.handler, None, token).create(ME, {})
    return reply.body["status"]["userInfo"] if reply.status == 201 else failure(reply)


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_whose_token(tmp_path: Path, version: str) -> None:
    async with review_server(tmp_path, answer) as server:
        options = AuthenticationOptions(server.kubeconfig, version)
        async with ControlPlane(store="memory:", authentication=options) as plane:
            jane, nobody, failed = [await whoami(plane, token) for token in ("good", "bad", "broken")]
            review = await person(plane).made(
                "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "good"}}
            )

    known = {**JANE, "groups": ["dev", "system:authenticated"], "extra": {"scopes": ["a"]}}
    assert jane == known
    assert nobody == failed == (401, "Unauthorized", "Unauthorized")
    audiences = [ISSUER]
    assert review["status"] == {"authenticated": True, "user": known, "audiences": audiences}
    first = server.asked[0]
    assert (first["apiVersion"], first["kind"]) == (f"authentication.k8s.io/{version}", "TokenReview")
    assert first["spec"] == {"token": "good", "audiences": [ISSUER]}


@pytest.mark.parametrize(("seconds", "count"), [(120, 2), (0, 6)])
async def test_answers_are_kept_good_and_bad(tmp_path: Path, seconds: float, count: int) -> None:
    async with review_server(tmp_path, answer) as server:
        options = AuthenticationOptions(server.kubeconfig, "v1", seconds)
        async with ControlPlane(store="memory:", authentication=options) as plane:
            for _ in range(3):
                assert (await whoami(plane, "good"))["username"] == "jane"
                assert (await whoami(plane, "bad"))[0] == 401

    assert len(server.asked) == count


def answer_for_vault(review: Review) -> Review:
    return {"authenticated": True, "user": JANE, "audiences": ["vault"]}


@pytest.mark.parametrize(
    ("answer", "asked", "common"),
    [
        (answer, [], [ISSUER]),
        (answer, [ISSUER, "vault"], [ISSUER]),
        (answer, ["vault"], None),
        (answer_for_vault, [], None),
        (answer_for_vault, ["a", "vault"], ["vault"]),
        (answer_for_vault, [ISSUER, "vault"], ["vault"]),
        (answer_for_vault, ["a"], None),
    ],
)
async def test_whose_token_for_whom(
    tmp_path: Path, answer: Callable[[Review], Review | int], asked: list[str], common: list[str] | None
) -> None:
    """A webhook may tell for whom a token is; if it does not, the token is for this server."""
    async with review_server(tmp_path, answer) as server:
        options = AuthenticationOptions(server.kubeconfig, "v1")
        async with ControlPlane(store="memory:", authentication=options) as plane:
            spec = {"token": "good", "audiences": asked}
            review = await person(plane).made("/apis/authentication.k8s.io/v1/tokenreviews", {"spec": spec})

    if common is None:
        assert review["status"] == {"user": {}, "error": "invalid bearer token"}
    else:
        assert (review["status"]["user"]["username"], review["status"]["audiences"]) == ("jane", common)


async def test_failures_are_not_kept(tmp_path: Path) -> None:
    async with review_server(tmp_path, lambda _: 403) as server:
        options = AuthenticationOptions(server.kubeconfig, "v1")
        async with ControlPlane(store="memory:", authentication=options) as plane:
            assert (await whoami(plane, "good"))[0] == 401
            server.answer = answer
            assert (await whoami(plane, "good"))["username"] == "jane"


async def test_one_question_for_many_requests(tmp_path: Path) -> None:
    async with review_server(tmp_path, answer) as server:
        options = AuthenticationOptions(server.kubeconfig, "v1")
        async with ControlPlane(store="memory:", authentication=options) as plane:
            users = await asyncio.gather(*(whoami(plane, "good") for _ in range(20)))

    assert {user["username"] for user in users} == {"jane"}
    assert len(server.asked) == 1


async def test_the_token_file_is_asked_first(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("good,joe,1\n")
    tokens.chmod(0o600)
    async with review_server(tmp_path, answer) as server:
        options = AuthenticationOptions(server.kubeconfig, "v1")
        async with ControlPlane(store="memory:", token_auth_file=tokens, authentication=options) as plane:
            assert (await whoami(plane, "good"))["username"] == "joe"

    assert server.asked == []


def test_versions_are_checked() -> None:
    with pytest.raises(ValueError, match="'v2' is no version of reviews"):
        AuthenticationOptions(token_webhook_version="v2")
