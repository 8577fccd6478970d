"""Tokens in the course of time, with a clock that the test turns, and objects in a real store."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.time import format_time
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog
from steersman.apiserver.authentication.bearer import InvalidToken
from steersman.apiserver.authentication.service_account.authenticator import ServiceAccountAuthenticator
from steersman.apiserver.authentication.service_account.claims import Reference, legacy_claims
from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
from steersman.apiserver.authentication.service_account.key_ring import KeyRing
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Connection, Request
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.url import open_store
from steersman.storage.watch_cache import WatchCache

ISSUER = "https://issuer"
START = 1_800_000_000.0
"""Seconds since the epoch."""

ROBOT = {"namespace": "default", "serviceaccount": {"name": "robot", "uid": "u1"}}


class Server:
    """What the authenticator stands on. ``now`` is its clock."""

    def __init__(self, cache: WatchCache, served: ServedResources, store: Any) -> None:
        self.now, self.store, self.served = START, store, served
        self.objects = ObjectReader(cache, served)
        self.issuer = TokenIssuer(KeyRing(None), (ISSUER,), (ISSUER,), lambda: self.now)
        self.authenticator = ServiceAccountAuthenticator(self.issuer, self.objects)

    async def put(self, plural: str, name: str, uid: str, **more: Any) -> None:
        """Store an object, in the namespace default, and have the cache see it."""
        resource = self.served.of_group_resource(GroupResource("", plural))
        assert resource is not None
        assert resource.stored is not None
        metadata = {"name": name, "namespace": "default", "uid": uid, **more.pop("metadata", {})}
        obj = {"apiVersion": "v1", "kind": resource.kind, "metadata": metadata, **more}
        revision = await self.store.put(resource.stored.key("default", name), orjson.dumps(obj))
        cacher = await self.objects.ready(resource.group_resource)
        assert cacher is not None
        await cacher.wait_for(revision, asyncio.get_running_loop().time() + 10)

    async def token(self, seconds: float = 600, **binding: Any) -> bytes:
        claims = {"aud": [ISSUER], "exp": self.now + seconds, "kubernetes.io": {**ROBOT, **binding}}
        return (await self.issuer.issue(claims)).encode()

    async def user(self, token: bytes) -> UserInfo | None:
        request = Request("GET", "/", "", {b"authorization": b"Bearer " + token}, b"", Connection())
        found = self.authenticator.authenticate(request)
        return await found if isinstance(found, Awaitable) else found

    async def refusal(self, token: bytes) -> str:
        with pytest.raises(InvalidToken) as raised:
            await self.user(token)
        assert raised.value.message == "Unauthorized"
        return raised.value.why


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    catalog = Catalog(37)
    facts = [one for one in catalog.resources() if one.plural in ("serviceaccounts", "secrets", "pods")]
    served = ServedResources()
    served.install(builtin_resources(facts, Definitions(catalog), {}))
    store = open_store("memory:")
    await store.open()
    cache = WatchCache(store)
    await cache.start()
    server = Server(cache, served, store)
    await server.put("serviceaccounts", "robot", "u1")
    yield server
    await cache.stop()
    await store.close()


def at(seconds: float) -> str:
    return format_time(datetime.fromtimestamp(seconds, UTC))


async def test_a_token_ends_a_minute_after_its_time_for_clocks_differ() -> None:
    async with serving() as server:
        token = await server.token(600)
        users = []
        for server.now in (START, START + 600, START + 659):
            users.append(await server.user(token))
        server.now = START + 661

        assert await server.refusal(token) == "service account token has expired"
    # The same user each time: what a server works out for a user holds for all requests.
    assert users[0] is not None
    assert all(user is users[0] for user in users)


async def test_a_signature_is_verified_once() -> None:
    async with serving() as server:
        token = await server.token()
        await server.user(token)
        server.issuer.keys = KeyRing(None)

        assert await server.user(token) is not None
        other = ServiceAccountAuthenticator(server.issuer, server.objects)
        with pytest.raises(ApiError):
            await other.identify(token, [ISSUER])  # type: ignore[misc]


@pytest.mark.parametrize(
    ("plural", "claim", "why"),
    [
        ("serviceaccounts", "", "service account default/robot has been deleted"),
        ("pods", "pod", "service account token has been invalidated"),
        ("secrets", "secret", "service account token has been invalidated"),
    ],
)
async def test_what_waits_for_its_deletion_holds_for_a_minute(plural: str, claim: str, why: str) -> None:
    """A Pod's deletion time is when its grace period ends: it may use its token until then."""
    name = "web" if claim else "robot"
    async with serving() as server:
        binding: Any = {claim: {"name": name, "uid": "u1"}} if claim else {}
        token = await server.token(**binding)
        await server.put(plural, name, "u1", metadata={"deletionTimestamp": at(START + 30), "finalizers": ["x/y"]})
        for server.now in (START, START + 90):
            assert await server.user(token) is not None
        server.now = START + 91

        assert await server.refusal(token) == why


async def test_a_token_in_a_secret_holds_as_long_as_it_stands_there() -> None:
    async with serving() as server:
        claims = legacy_claims("default", Reference("robot", "u1"), "s")
        token = await server.issuer.issue(claims)
        assert await server.refusal(token.encode()) == "Token has been invalidated"

        await server.put("secrets", "s", "u2", data={"token": _base64(token)})
        server.now = START + 1e9
        user = await server.user(token.encode())
        assert user is not None
        assert (user.name, user.uid, user.extra) == ("system:serviceaccount:default:robot", "u1", {})

        await server.put("secrets", "s", "u2", data={"token": _base64(token + "x")})
        assert await server.refusal(token.encode()) == "Token does not match server's copy"
        label = {"kubernetes.io/legacy-token-invalid-since": "2026-01-01"}
        await server.put("secrets", "s", "u2", metadata={"labels": label}, data={"token": _base64(token)})
        assert "has been marked invalid" in await server.refusal(token.encode())
        await server.put(
            "secrets", "s", "u2", metadata={"deletionTimestamp": at(START)}, data={"token": _base64(token)}
        )
        assert await server.refusal(token.encode()) == "Token has been invalidated"


async def test_a_token_in_a_secret_is_of_one_account() -> None:
    async with serving() as server:
        claims = {**legacy_claims("default", Reference("robot", "u1"), "s"), "sub": "system:serviceaccount:default:x"}

        assert await server.refusal((await server.issuer.issue(claims)).encode()) == "sub claim is invalid"


async def test_requests_without_a_token_are_not_looked_at() -> None:
    async with serving() as server:
        assert server.authenticator.authenticate(Request("GET", "/", "", {}, b"", Connection())) is None


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
