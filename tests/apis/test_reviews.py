"""Reviews: asked with POST, answered, not stored."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.apiserver.api_client import Client, causes, failure, serving
from tests.apiserver.authorization.people import eventually

from steersman.apis.review_attributes import asked

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
        "audiences": ["https://kubernetes.default.svc.cluster.local"],
    }


@pytest.mark.parametrize(
    ("audiences", "is_known"), [(["https://kubernetes.default.svc.cluster.local", "x"], True), (["x"], False)]
)
async def test_whose_token_for_whom(api: Client, audiences: list[str], is_known: bool) -> None:
    """Tokens that do not say it are for the server itself."""
    review = await api.made(TOKEN_REVIEWS, {"spec": {"token": "secret", "audiences": audiences}})

    if is_known:
        assert review["status"]["audiences"] == audiences[:1]
    else:
        assert review["status"] == {"user": {}, "error": "invalid bearer token"}


@pytest.mark.parametrize("token", ["guess", "é", "\u0100"])
async def test_nobodys_token(api: Client, token: str) -> None:
    review = await api.made(TOKEN_REVIEWS, {"spec": {"token": token}})

    assert review["status"] == {"user": {}, "error": "invalid bearer token"}


async def test_a_token_is_needed(api: Client) -> None:
    assert failure(await api.create(TOKEN_REVIEWS, {"spec": {}}))[0] == 400


async def test_what_i_may(api: Client) -> None:
    path = f"{AUTHORIZATION}/selfsubjectrulesreviews"
    review = await api.made(path, {"spec": {"namespace": "default"}})

    status = review["status"]
    assert {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} in status["resourceRules"]
    assert {"verbs": ["*"], "nonResourceURLs": ["*"]} in status["nonResourceRules"]
    assert status["incomplete"] is False
    assert failure(await api.create(path, {"spec": {}})) == (400, "BadRequest", "no namespace on request")


async def test_why(api: Client) -> None:
    who = {"user": "x", "groups": ["system:authenticated"]}
    path = f"{AUTHORIZATION}/subjectaccessreviews"
    allowed = await api.made(path, {"spec": {**who, "nonResourceAttributes": {"verb": "get", "path": "/apis/x"}}})
    missing = {"kind": "ClusterRole", "name": "gone", "apiGroup": "rbac.authorization.k8s.io"}
    subject = {"kind": "User", "name": "x", "apiGroup": "rbac.authorization.k8s.io"}
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    await api.made(bindings, {"metadata": {"name": "b"}, "roleRef": missing, "subjects": [subject]})

    discovery = 'ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery"'
    reason = f'RBAC: allowed by {discovery} to Group "system:authenticated"'
    assert allowed["status"] == {"allowed": True, "reason": reason}

    async def told() -> bool:
        refused = await api.made(path, {"spec": {**who, "resourceAttributes": PODS}})
        said = 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'
        return bool(refused["status"] == {"allowed": False, "reason": said})

    await eventually(told)


async def test_a_local_review_is_of_a_resource(api: Client) -> None:
    path = f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"
    spec = {"user": "x", "nonResourceAttributes": {"verb": "get", "path": "/"}}

    reply = await api.create(path, {"spec": spec})

    assert failure(reply)[:2] == (422, "Invalid")
    assert ("spec.nonResourceAttributes", True) in [(field, "disallowed" in text) for field, text in causes(reply)]


@pytest.mark.parametrize(
    ("selectors", "fields", "labels"),
    [
        ({}, "", ""),
        ({"fieldSelector": {"rawSelector": "a=b"}, "labelSelector": {"rawSelector": "c"}}, "a=b", "c"),
        (
            {
                "fieldSelector": {
                    "requirements": [
                        {"key": "spec.nodeName", "operator": "In", "values": ["n"]},
                        {"key": "x", "operator": "NotIn", "values": ["a,b"]},
                        {"key": "y", "operator": "In", "values": ["1", "2"]},
                    ]
                },
                "labelSelector": {
                    "requirements": [
                        {"key": "a", "operator": "In", "values": ["b", "c"]},
                        {"key": "d", "operator": "NotIn", "values": ["e"]},
                        {"key": "f", "operator": "Exists"},
                        {"key": "g", "operator": "DoesNotExist"},
                        {"key": "h", "operator": "Odd"},
                    ]
                },
            },
            "spec.nodeName=n,x!=a\\,b",
            "a in (b,c),d notin (e),f,!g",
        ),
    ],
)
def test_selectors_are_asked_as_a_request_writes_them(selectors: dict[str, Any], fields: str, labels: str) -> None:
    info = asked({"resourceAttributes": {"verb": "list", "resource": "pods", **selectors}}, "")

    assert (info.field_selector, info.label_selector) == (fields, labels)


@pytest.mark.parametrize("selector", [{}, {"rawSelector": "a=b", "requirements": [{"key": "a", "operator": "Exists"}]}])
async def test_a_selector_says_it_once(api: Client, selector: dict[str, Any]) -> None:
    attributes = {**PODS, "labelSelector": selector}
    reply = await api.create(f"{AUTHORIZATION}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": attributes}})

    assert failure(reply)[:2] == (422, "Invalid")
