"""Asking as another user."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client, failure
from tests.apiserver.authorization.people import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    binding,
    can,
    eventually,
    person,
    role,
    rule,
)

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.impersonation import Impersonation, asks_as_another
from steersman.apiserver.http.message import Connection, PeerCertificate, Request
from steersman.controlplane import ControlPlane

ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
AUTHENTICATION = "authentication.k8s.io"


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    async with ControlPlane(store="memory:") as control_plane:
        yield control_plane


async def who(client: Client, **headers: str) -> Any:
    """Whom the server takes the request for."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = await client.create(ME, {}, headers=sent)
    return reply.body["status"]["userInfo"] if reply.status == 201 else failure(reply)


@pytest.mark.parametrize(
    ("headers", "user"),
    [
        ({"impersonate_user": "joe"}, {"username": "joe", "groups": ["system:authenticated"]}),
        (
            {"impersonate_user": "joe", "impersonate_group": "dev\nops", "impersonate_uid": "7"},
            {"username": "joe", "uid": "7", "groups": ["dev", "ops", "system:authenticated"]},
        ),
        (
            {"impersonate_user": "joe", "impersonate_group": "a, b"},
            {"username": "joe", "groups": ["a, b", "system:authenticated"]},
        ),
        (
            {"impersonate_user": "joe", "impersonate_group": "system:authenticated"},
            {"username": "joe", "groups": ["system:authenticated"]},
        ),
        (
            {"impersonate_user": "system:serviceaccount:x:bot"},
            {
                "username": "system:serviceaccount:x:bot",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:x", "system:authenticated"],
            },
        ),
        (
            {"impersonate_user": "system:serviceaccount:x:bot", "impersonate_group": "dev"},
            {"username": "system:serviceaccount:x:bot", "groups": ["dev", "system:authenticated"]},
        ),
        (
            {"impersonate_user": "joe", "impersonate_extra_scopes": "a\nb", "impersonate_extra_example.com%2fx": "c"},
            {
                "username": "joe",
                "groups": ["system:authenticated"],
                "extra": {"scopes": ["a", "b"], "example.com/x": ["c"]},
            },
        ),
    ],
)
async def test_who_one_becomes(plane: ControlPlane, headers: dict[str, str], user: dict[str, Any]) -> None:
    assert await who(person(plane), **headers) == user


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"impersonate_group": "dev"}, "requested [{Group  dev    }] without impersonating a user"),
        (
            {"impersonate_uid": "7"},
            "requested [{UID  7  authentication.k8s.io/v1  }] without impersonating a user",
        ),
        (
            {"impersonate_extra_a": "b"},
            "requested [{UserExtra  b  authentication.k8s.io/v1  a}] without impersonating a user",
        ),
    ],
)
async def test_there_must_be_a_user(plane: ControlPlane, headers: dict[str, str], message: str) -> None:
    assert await who(person(plane), **headers) == (400, "BadRequest", message)


@pytest.mark.parametrize(
    ("headers", "missing"),
    [
        ({"impersonate_user": "root"}, 'users "root" is forbidden: User "jane" cannot impersonate resource "users"'),
        (
            {"impersonate_user": "joe", "impersonate_group": "dev\nsystem:masters"},
            'groups "system:masters" is forbidden: User "jane" cannot impersonate resource "groups"',
        ),
        (
            {"impersonate_user": "joe", "impersonate_uid": "8"},
            f'uids.{AUTHENTICATION} "8" is forbidden: User "jane" cannot impersonate resource "uids"',
        ),
        (
            {"impersonate_user": "joe", "impersonate_extra_scopes": "all"},
            f'userextras.{AUTHENTICATION} "all" is forbidden: '
            'User "jane" cannot impersonate resource "userextras/scopes"',
        ),
        (
            {"impersonate_user": "system:serviceaccount:y:bot"},
            'serviceaccounts "bot" is forbidden: User "jane" cannot impersonate resource "serviceaccounts"',
        ),
    ],
)
async def test_each_claim_must_be_allowed(plane: ControlPlane, headers: dict[str, str], missing: str) -> None:
    admin, jane = person(plane), person(plane, "jane")
    allowed = role(
        "as-joe",
        rule("impersonate", "users", names="joe"),
        rule("impersonate", "groups", names="dev"),
        rule("impersonate", "uids", AUTHENTICATION, names="7"),
        rule("impersonate", "userextras/scopes", AUTHENTICATION, names="view"),
    )
    await admin.made(CLUSTER_ROLES, allowed)
    await admin.made(CLUSTER_ROLE_BINDINGS, binding("as-joe", "as-joe", "User:jane", kind="ClusterRole"))
    fine = {"impersonate_group": "dev", "impersonate_uid": "7", "impersonate_extra_scopes": "view"}

    async def is_joe() -> bool:
        found = await who(jane, impersonate_user="joe", **fine)
        return isinstance(found, dict) and found["username"] == "joe"

    await eventually(is_joe)
    code, reason, message = await who(jane, **headers)
    assert (code, reason) == (403, "Forbidden")
    assert message.startswith(missing)


async def test_the_other_user_is_who_is_authorized(plane: ControlPlane) -> None:
    admin, path = person(plane), "/api/v1/namespaces/default/pods"
    headers = {"impersonate-user": "joe"}
    reply = await admin.get(path, headers=headers)
    assert failure(reply)[2].startswith('pods is forbidden: User "joe" cannot list resource "pods"')

    await admin.made(CLUSTER_ROLES, role("r", rule("list", "pods")))
    await admin.made(CLUSTER_ROLE_BINDINGS, binding("b", "r", "User:joe", kind="ClusterRole"))
    await eventually(lambda: can(person(plane, "joe"), "GET", path))
    assert (await admin.get(path, headers=headers)).status == 200


async def test_the_request_knows_who_really_asked(plane: ControlPlane) -> None:
    connection = Connection("", True, PeerCertificate("admin", ("system:masters",)))
    for headers in ({}, {b"impersonate-user": b"joe"}):
        request = Request("GET", "/api", "", headers, b"", connection)
        answer = plane.handler(request)
        if not hasattr(answer, "status"):
            await answer
        real = request.impersonator.name if request.impersonator else None
        assert (request.user.name, real) == (("joe", "admin") if headers else ("admin", None))


def test_anonymous_is_not_authenticated() -> None:
    assert Impersonation.read({b"impersonate-user": b"system:anonymous"}).user.groups == ("system:unauthenticated",)


@pytest.mark.parametrize(
    ("headers", "does"),
    [
        ({}, False),
        ({b"impersonator": b"x"}, False),
        ({b"impersonate-extra-x": b""}, True),
        ({b"impersonate-user": b""}, True),
    ],
)
def test_any_such_header_counts(headers: dict[bytes, bytes], does: bool) -> None:
    assert asks_as_another(headers) is does
    if does:
        with pytest.raises(ApiError, match="without impersonating a user"):
            Impersonation.read(headers)
