"""The answer to a create: when it comes, and what it is."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.admission.initializers.holding import (
    CONFIG_MAPS,
    CONFIGURATIONS,
    FAILURE,
    ON,
    A,
    B,
    Client,
    config_map,
    configuration,
    held,
    hold,
    holding,
    path,
    pending,
    take_turn,
    until_held,
)
from tests.apiserver.api_client import Reply, failure

from steersman.admission.selection import AdmissionOptions
from steersman.controlplane import ControlPlane

ALL = {"includeUninitialized": "true"}
Act = Callable[[Client, str], Awaitable[Any]]


async def create_and(admin: Client, act: Act, create: Callable[[], Awaitable[Reply]]) -> Reply:
    """Create, and ``act`` on what begins to wait (its name), while the creator waits for the answer."""
    async with admin.watch(CONFIG_MAPS, **ALL) as watching:
        creating = asyncio.ensure_future(create())
        name = await asyncio.wait_for(until_held(watching), 10)
        assert not creating.done()
        await act(admin, name)
        return await asyncio.wait_for(creating, 20)


async def both_turns(admin: Client, name: str) -> None:
    await admin.patch(path(name), {"data": {"made": "ready"}})
    await take_turn(admin, name)
    await take_turn(admin, name)


@pytest.mark.parametrize("how", ["create", "generated name", "server-side apply", "yaml"])
async def test_the_answer_is_the_object_as_its_initializers_leave_it(how: str) -> None:
    async with holding(A, B) as admin:
        generated = {"metadata": {"generateName": "x-"}}
        applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
        ways: dict[str, Callable[[], Awaitable[Reply]]] = {
            "create": lambda: admin.create(CONFIG_MAPS, config_map("x")),
            "generated name": lambda: admin.create(CONFIG_MAPS, generated),
            "server-side apply": lambda: admin.patch(path("x"), applied, "apply", fieldManager="me"),
            "yaml": lambda: admin.create(CONFIG_MAPS, b"metadata: {name: x}", content_type="application/yaml"),
        }

        reply = await create_and(admin, both_turns, ways[how])

        assert (reply.status, reply.body["data"]) == (201, {"made": "ready"})
        assert "initializers" not in reply.body["metadata"]
        assert reply.body["metadata"] == (await admin.get(path(reply.body["metadata"]["name"]))).body["metadata"]


@pytest.mark.parametrize("finalizers", [[], ["example.com/f"]], ids=["plain", "with finalizers"])
async def test_a_result_is_the_answer_and_the_object_is_gone(finalizers: list[str]) -> None:
    async with holding(A, B) as admin:

        async def refuse(admin: Client, name: str) -> None:
            await admin.patch(path(name), {"metadata": {"initializers": {"result": FAILURE}}})

        obj = {**config_map("x"), "metadata": {"name": "x", "finalizers": finalizers}}
        reply = await create_and(admin, refuse, lambda: admin.create(CONFIG_MAPS, obj))

        assert failure(reply) == (418, "Weak", "too short")
        assert (await admin.get(path("x"), **ALL)).status == 404


async def test_who_waits_learns_of_a_deletion() -> None:
    async with holding(A) as admin:
        reply = await create_and(
            admin, lambda admin, name: admin.delete(path(name)), lambda: admin.create(CONFIG_MAPS, config_map("x"))
        )

        assert failure(reply) == (
            409,
            "Conflict",
            'Operation cannot be fulfilled on configmaps "x": object deleted while waiting for creation',
        )


async def test_a_namesake_made_since_is_another_object() -> None:
    async with holding(A) as admin:

        async def replace(admin: Client, name: str) -> None:
            await admin.delete(path(name))
            await admin.made(CONFIG_MAPS, {"metadata": {"name": name, "initializers": {"pending": []}}})

        reply = await create_and(admin, replace, lambda: admin.create(CONFIG_MAPS, config_map("x")))

        assert failure(reply)[1] == "Conflict"


async def test_after_a_while_there_is_an_answer_and_the_object_stays() -> None:
    async with holding(A, wait=0.1) as admin:
        reply = await admin.create(CONFIG_MAPS, config_map("x"))

        message = "Timeout: server has timed out waiting for the initialization of configmaps x"
        assert failure(reply) == (504, "Timeout", message)
        assert pending(await held(admin, "x")) == [A]
        assert await admin.names(CONFIG_MAPS, **ALL) == ["x"]


async def test_who_asks_for_what_waits_does_not_wait() -> None:
    async with holding(A) as admin:
        reply = await admin.create(CONFIG_MAPS, config_map("x"), **ALL)
        applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "y"}}
        other = await admin.patch(path("y"), applied, "apply", fieldManager="me", **ALL)

        assert [(one.status, pending(one.body)) for one in (reply, other)] == [(201, [A]), (201, [A])]


async def test_a_dry_run_shows_who_would_be_waited_for() -> None:
    async with holding(A) as admin:
        reply = await admin.create(CONFIG_MAPS, config_map("x"), dryRun="All")

        assert (reply.status, pending(reply.body)) == (201, [A])
        assert await admin.names(CONFIG_MAPS, **ALL) == []


async def test_a_dry_run_ends_no_turn_and_no_object() -> None:
    async with holding(A) as admin:
        await hold(admin, "x")

        done = await admin.patch(path("x"), {"metadata": {"initializers": None}}, dryRun="All")
        failed = await admin.patch(path("x"), {"metadata": {"initializers": {"result": FAILURE}}}, dryRun="All")

        assert (done.status, failed.status) == (200, 200)
        assert pending(await held(admin, "x")) == [A]


async def test_a_creator_who_leaves_takes_nothing_along() -> None:
    async with holding(A) as admin:
        async with admin.watch(CONFIG_MAPS, **ALL) as watching:
            creating = asyncio.ensure_future(admin.create(CONFIG_MAPS, config_map("x")))
            await until_held(watching)
            creating.cancel()
            await asyncio.gather(creating, return_exceptions=True)

        await take_turn(admin, "x")
        assert await admin.names(CONFIG_MAPS) == ["x"]


async def test_many_wait_side_by_side_each_for_its_own() -> None:
    async with holding(A) as admin:
        names = [f"x{index}" for index in range(50)]
        async with admin.watch(CONFIG_MAPS, **ALL) as watching:
            creating = [asyncio.ensure_future(admin.create(CONFIG_MAPS, config_map(name))) for name in names]
            for _ in names:
                await take_turn(admin, await until_held(watching))
            replies = await asyncio.wait_for(asyncio.gather(*creating), 20)

        assert [(reply.status, reply.body["metadata"]["name"]) for reply in replies] == [(201, one) for one in names]


async def test_a_server_that_stops_lets_nobody_wait(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    server = ControlPlane(store=store, profile="crd-only", admission=ON)
    await server.start()
    admin = Client(server.handler)
    await admin.made(CONFIGURATIONS, configuration("held", A))
    async with admin.watch(CONFIG_MAPS, **ALL) as watching:
        creating = asyncio.ensure_future(admin.create(CONFIG_MAPS, config_map("x")))
        await until_held(watching)

        await server.stop()

        assert failure(await creating)[:2] == (503, "ServiceUnavailable")


async def test_a_kind_that_is_served_without_the_plugin_is_validated_too() -> None:
    async with holding(
        admission=AdmissionOptions(), runtime_config="admissionregistration.k8s.io/v1alpha1=true"
    ) as admin:
        wrong = await admin.create(CONFIGURATIONS, configuration("x", "k8s.io"))

        assert failure(wrong)[1] == "Invalid"


@pytest.mark.chaos
async def test_the_wait_lasts_half_a_minute() -> None:
    loop = asyncio.get_running_loop()
    async with ControlPlane(profile="crd-only", admission=ON) as by_default:
        admin = Client(by_default.handler)
        await admin.made(CONFIGURATIONS, configuration("held", A))
        started = loop.time()
        reply = await admin.create(CONFIG_MAPS, config_map("x"))

        assert (reply.status, 29.0 < loop.time() - started < 45.0) == (504, True)
