"""Secrets with tokens of service accounts, made by hand and, up to 1.23, by themselves."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.apiserver.api_client import Client
from tests.controlplane.account_tokens import ACCOUNTS, ME, PODS, SECRETS, parts_of

from steersman.admission.selection import AdmissionOptions
from steersman.controlplane import ControlPlane

TYPE = "kubernetes.io/service-account-token"
NAME, UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"


@asynccontextmanager
async def serving(version: str = "1.37", **options: Any) -> AsyncIterator[tuple[ControlPlane, Client]]:
    """With an administrator, and a service account robot."""
    async with ControlPlane(store="memory:", version=version, **options) as plane:
        admin = Client(plane.handler)
        await admin.made(ACCOUNTS, {"metadata": {"name": "robot"}})
        yield plane, admin


def secret(account: str = "robot", **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "s", "annotations": {NAME: account, **annotations}}, "type": TYPE}


async def at_last(client: Client, path: str, holds: Callable[[Any], bool]) -> Any:
    """The object, once it is so; None as soon as it is gone, where that is what is waited for."""
    async with asyncio.timeout(10):
        while True:
            reply = await client.get(path)
            found = reply.body if reply.status == 200 else None
            if holds(found):
                return found
            await asyncio.sleep(0)


def bearer(plane: ControlPlane, token: str) -> Client:
    return Client(plane.handler, None, token)


def has_token(found: Any) -> bool:
    return bool(((found or {}).get("data") or {}).get("token"))


def token_of(found: Any) -> str:
    return b64decode(found["data"]["token"]).decode()


async def test_a_secret_is_given_the_token_of_its_account() -> None:
    async with serving() as (plane, admin):
        await admin.made(SECRETS, secret())
        filled = await at_last(admin, f"{SECRETS}/s", has_token)
        account = (await admin.get(f"{ACCOUNTS}/robot")).body
        reply = await bearer(plane, token_of(filled)).create(ME, {})

    uid = account["metadata"]["uid"]
    assert filled["metadata"]["annotations"][UID] == uid
    assert b64decode(filled["data"]["namespace"]) == b"default"
    begin = "kubernetes.io/serviceaccount/"
    assert parts_of(token_of(filled))[1] == {
        "iss": "kubernetes/serviceaccount",
        "sub": "system:serviceaccount:default:robot",
        f"{begin}namespace": "default",
        f"{begin}secret.name": "s",
        f"{begin}service-account.name": "robot",
        f"{begin}service-account.uid": uid,
    }
    assert reply.body["status"]["userInfo"]["uid"] == uid
    assert "secrets" not in account


async def test_a_token_that_is_taken_away_is_replaced() -> None:
    async with serving() as (plane, admin):
        await admin.made(SECRETS, secret())
        filled = await at_last(admin, f"{SECRETS}/s", has_token)
        reply = await admin.patch(f"{SECRETS}/s", {"data": {"token": "", "namespace": "eA=="}})
        assert reply.status == 200
        again = await at_last(admin, f"{SECRETS}/s", has_token)

        assert b64decode(again["data"]["namespace"]) == b"x"
        statuses = [(await bearer(plane, token_of(one)).get("/version")).status for one in (filled, again)]
    assert statuses == [401, 200]


@pytest.mark.parametrize("made", [secret("none"), secret("robot", **{UID: "another"})])
async def test_a_secret_of_an_account_that_is_not_there_is_removed(made: Any) -> None:
    async with serving() as (_, admin):
        await admin.made(SECRETS, made)

        await at_last(admin, f"{SECRETS}/s", lambda found: found is None)


async def test_a_secret_goes_with_its_account() -> None:
    async with serving() as (plane, admin):
        await admin.made(SECRETS, secret())
        filled = await at_last(admin, f"{SECRETS}/s", has_token)
        await admin.delete(f"{ACCOUNTS}/robot")

        assert (await bearer(plane, token_of(filled)).create(ME, {})).status == 401
        await at_last(admin, f"{SECRETS}/s", lambda found: found is None)


async def test_other_secrets_are_left_alone() -> None:
    async with serving() as (_, admin):
        await admin.made(
            SECRETS, secret("robot") | {"metadata": {"name": "a", "annotations": {NAME: "robot"}}, "type": "Opaque"}
        )
        await admin.made(SECRETS, secret())
        await at_last(admin, f"{SECRETS}/s", has_token)

        assert "data" not in (await admin.get(f"{SECRETS}/a")).body


def lists_secret(found: Any) -> bool:
    return bool((found or {}).get("secrets"))


async def test_each_account_has_a_secret_by_itself() -> None:
    async with serving("1.23") as (plane, admin):
        account = await at_last(admin, f"{ACCOUNTS}/robot", lists_secret)
        (reference,) = account["secrets"]
        found = (await admin.get(f"{SECRETS}/{reference['name']}")).body
        reply = await bearer(plane, token_of(found)).get("/version")

    assert reference["name"].startswith("robot-token-")
    assert (found["type"], found["metadata"]["annotations"]) == (TYPE, {NAME: "robot", UID: account["metadata"]["uid"]})
    assert reply.status == 200


async def test_a_secret_that_is_deleted_is_listed_no_more_and_replaced() -> None:
    async with serving("1.23") as (_, admin):
        account = await at_last(admin, f"{ACCOUNTS}/robot", lists_secret)
        before = account["secrets"]
        await admin.delete(f"{SECRETS}/{before[0]['name']}")

        after = await at_last(
            admin, f"{ACCOUNTS}/robot", lambda found: lists_secret(found) and before[0] not in found["secrets"]
        )
        assert len(after["secrets"]) == 1


async def test_pods_of_the_recommended_chains_mount_it() -> None:
    async with serving("1.9", admission=AdmissionOptions(control=("1.9",))) as (_, admin):
        account = await at_last(admin, f"{ACCOUNTS}/default", lists_secret)
        made = await admin.made(
            PODS, {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}
        )

    name = account["secrets"][0]["name"]
    assert {"name": name, "secret": {"secretName": name, "defaultMode": 420}} in made["spec"]["volumes"]
    (mount,) = made["spec"]["containers"][0]["volumeMounts"]
    assert (mount["name"], mount["mountPath"]) == (name, "/var/run/secrets/kubernetes.io/serviceaccount")
