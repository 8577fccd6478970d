"""What the server does about initializers that do nothing."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.admission.initializers.holding import (
    CONFIG_MAPS,
    CONFIGURATIONS,
    A,
    B,
    C,
    config_map,
    configuration,
    held,
    hold,
    holding,
    path,
    pending,
    take_turn,
)
from tests.apiserver.api_client import THINGS, Event, Watching, define_things, failure, thing

from steersman.admission.selection import AdmissionOptions
from steersman.storage.url import open_store

ALL = {"includeUninitialized": "true"}
EVENTS = "/api/v1/namespaces/default/events"


def soon(name: str, policy: str) -> dict[str, Any]:
    """An initializer whose turn lasts a second at most."""
    return {"name": name, "timeoutSeconds": 1, "failurePolicy": policy}


async def next_event(watching: Watching, reason: str) -> Event:
    while True:
        event = await watching.next()
        if event["type"] == "ADDED" and event["object"]["reason"] == reason:
            return event


async def test_with_ignore_the_object_goes_on_without_the_dead() -> None:
    async with holding(soon(A, "Ignore"), B) as admin:
        async with admin.watch(EVENTS) as events, admin.watch(CONFIG_MAPS, **ALL) as watching:
            creating = asyncio.ensure_future(admin.create(CONFIG_MAPS, config_map("x")))
            while pending((await watching.next())["object"]) != [B]:
                pass
            await take_turn(admin, "x")
            reply = await asyncio.wait_for(creating, 20)
            event = await next_event(events, "InitializerSkipped")

        assert reply.status == 201
        assert event["object"]["involvedObject"]["name"] == "x"
        assert A in event["object"]["message"]


async def test_with_fail_the_creator_is_told_who_did_nothing() -> None:
    async with holding(soon(A, "Fail")) as admin:
        async with admin.watch(EVENTS) as events:
            reply = await admin.create(CONFIG_MAPS, config_map("x"))
            await next_event(events, "InitializerTimedOut")

        assert failure(reply) == (504, "Timeout", f"Timeout: the initializer {A} did nothing within 1 seconds")
        assert reply.body["details"]["causes"][0]["field"] == "metadata.initializers.pending[0]"
        assert await admin.names(CONFIG_MAPS, **ALL) == []


async def test_what_is_stuck_says_so_and_is_seen_from_everywhere() -> None:
    async with holding(A, B, wait=0.2) as admin:
        async with admin.watch(EVENTS) as events, admin.watch(CONFIG_MAPS, **ALL) as watching:
            await hold(admin, "x")
            await next_event(events, "InitializerStuck")
            while not (conditions := (await watching.next())["object"]["metadata"]["initializers"].get("conditions")):
                pass
            page = (await admin.get("/metrics")).body
            await take_turn(admin, "x")
            after = await held(admin, "x")

        assert [(one["type"], one["status"]) for one in conditions] == [("Stuck", "True")]
        assert A in conditions[0]["message"]
        assert f'apiserver_initializers_pending{{initializer="{A}"}} 1.0' in page
        assert f'apiserver_initializers_oldest_pending_seconds{{initializer="{A}"}}' in page
        assert B not in page
        assert "conditions" not in after["metadata"]["initializers"]


async def test_a_policy_that_comes_later_frees_what_is_stuck() -> None:
    async with holding(A) as admin, admin.watch(CONFIG_MAPS) as watching:
        await hold(admin, "x")
        await admin.patch(CONFIGURATIONS + "/held", configuration("held", soon(A, "Ignore")))

        assert await watching.take(1) == [("ADDED", "x")]


async def test_the_policy_stays_when_the_configuration_goes() -> None:
    async with holding(soon(A, "Ignore")) as admin, admin.watch(CONFIG_MAPS) as watching:
        await hold(admin, "x")
        await admin.delete(CONFIGURATIONS + "/held")

        assert await watching.take(1) == [("ADDED", "x")]


async def test_each_of_those_side_by_side_has_its_own_time() -> None:
    side_by_side = ({**soon(A, "Ignore"), "commutes": True}, {"name": B, "commutes": True}, C)
    async with holding(*side_by_side) as admin, admin.watch(CONFIG_MAPS, **ALL) as watching:
        await hold(admin, "x")

        while pending((await watching.next())["object"]) != [B, C]:
            pass


async def test_custom_resources_are_looked_after_from_when_they_are_defined() -> None:
    rule = {"apiGroups": ["example.com"], "apiVersions": ["v1"], "resources": ["things"]}
    async with holding({**soon(A, "Ignore"), "rules": [rule]}) as admin:
        await define_things(admin)

        assert (await admin.create(THINGS, thing("a"))).status == 201


@pytest.mark.parametrize("left", ["a turn", "a result"])
async def test_it_goes_on_after_a_restart(left: str, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with holding({"name": A, "timeoutSeconds": 3600}, store=store) as admin:
        await hold(admin, "x")
    if left == "a result":
        await write_result(store)

    async with holding(store=store) as admin, admin.watch(CONFIG_MAPS, **ALL) as watching:
        if left == "a turn":
            await admin.patch(CONFIGURATIONS + "/held", configuration("held", soon(A, "Fail")))
        while (await watching.next())["type"] != "DELETED":
            pass


async def test_what_is_brought_with_a_result_is_not_kept() -> None:
    refused = {"pending": [], "result": {"status": "Failure", "code": 418, "reason": "Weak", "message": "too short"}}
    async with holding() as admin:
        reply = await admin.create(CONFIG_MAPS, {"metadata": {"name": "x", "initializers": refused}})

        assert failure(reply) == (418, "Weak", "too short")
        assert await admin.names(CONFIG_MAPS, **ALL) == []


async def write_result(store: str) -> None:
    """As a server that is stopped between setting a result and deleting the object."""
    opened = open_store(store)
    await opened.open()
    try:
        (item,) = (await opened.list("/registry/configmaps/default/")).items
        obj = orjson.loads(item.value)
        obj["metadata"]["initializers"]["result"] = {"status": "Failure"}
        await opened.put(item.key, orjson.dumps(obj), item.mod_revision)
    finally:
        await opened.close()


async def test_turned_off_it_leaves_what_waits_as_it_is(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with holding(A, store=store) as admin:
        await hold(admin, "x")

    async with holding(store=store, admission=AdmissionOptions()) as admin:
        assert await admin.names(CONFIG_MAPS) == []
        assert (await admin.get(path("x"))).status == 404
        assert await admin.names(CONFIG_MAPS, **ALL) == ["x"]

        assert (await admin.patch(path("x"), {"data": {"a": "b"}})).status == 200
        assert await admin.names(CONFIG_MAPS) == ["x"]
        await admin.made(CONFIG_MAPS, config_map("y"))
