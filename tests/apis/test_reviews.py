"""Reviews: asked with POST, answered, not stored."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.apiserver.api_client import Client, causes, failure, serving

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
PODS = {"verb": "list", "resource": "pods", "namespace": "default"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Client]:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('secret,jane,7,"devs,ops"\n')
    tokens.chmod(0o600)
    async with serving(token_auth_file=tokens) as client:
        yield client


async def test_may_i(api: Client) -> None:
    review = await api.made(f"{AUTHORIZATION}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": PODS}})

    assert (review["kind"], review["apiVersion"]) == ("SelfSubjectAccessReview", "authorization.k8s.io/v1")
    assert review["spec"] == {"resourceAttributes": PODS}
    assert review["status"] == {"allowed": True}


@pytest.mark.parametrize(
    ("who", "what", "allowed"),
    [
        ({"user": "x"}, {"resourceAttributes": PODS}, False),
        ({"user": "x", "groups": ["system:masters"]}, {"resourceAttributes": PODS}, True),
        ({"groups": ["system:masters"]}, {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, True),
        (
            {"user": "x", "groups": ["system:authenticated"]},
            {"nonResourceAttributes": {"verb": "get", "path": "/version"}},
            True,
        ),
        ({"user": "x"}, {"nonResourceAttributes": {"verb": "get", "path": "/version"}}, False),
    ],
)
async def test_may_someone(api: Client, who: dict[str, Any], what: dict[str, Any], allowed: bool) -> None:
    review = await api.made(f"{AUTHORIZATION}/subjectaccessreviews", {"spec": {**who, **what}})

    assert review["status"]["allowed"] is allowed


async def test_a_local_review_is_of_its_namespace(api: Client) -> None:
    path = f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"
    spec = {"user": "x", "resourceAttributes": PODS}

    assert (await api.made(path, {"spec": spec}))["status"] == {"allowed": False}
    spec["resourceAttributes"] = {**PODS, "namespace": "other"}
    assert failure(await api.create(path, {"spec": spec}))[:2] == (422, "Invalid")


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"user": "x"}, "spec.resourceAttributes"),
        (
            {"user": "x", "resourceAttributes": PODS, "nonResourceAttributes": {"path": "/"}},
            "spec.nonResourceAttributes",
        ),
        ({"resourceAttributes": PODS}, "spec.user"),
    ],
)
async def test_reviews_that_ask_nothing(api: Client, spec: dict[str, Any], field: str) -> None:
    refused = await api.create(f"{AUTHORIZATION}/subjectaccessreviews", {"spec": spec})

    assert failure(refused)[:2] == (422, "Invalid")
    assert [named for named, _ in causes(refused)] == [field]


@pytest.mark.parametrize("spec", [3, {"user": 3}, {"groups": "x"}, {"resourceAttributes": []}])
async def test_types_are_checked(api: Client, spec: Any) -> None:
    assert failure(await api.create(f"{AUTHORIZATION}/subjectaccessreviews", {"spec": spec}))[:2] == (400, "BadRequest")


async def test_whose_token(api: Client) -> None:
    review = await api.made(TOKEN_REVIEWS, {"spec": {"token": "secret"}})

    groups = ["devs", "ops", "system:authenticated"]
    assert review["status"] == {
        "authenticated": True,
        "user": {"username": "jane", "uid": "7", "groups": groups},
    }


@pytest.mark.parametrize("token", ["guess", "é", "\u0100"])
async def test_nobodys_token(api: Client, token: str) -> None:
    review = await api.made(TOKEN_REVIEWS, {"spec": {"token": token}})

    assert review["status"] == {"user": {}, "error": "invalid bearer token"}


async def test_a_token_is_needed(api: Client) -> None:
    assert failure(await api.create(TOKEN_REVIEWS, {"spec": {}}))[0] == 400
