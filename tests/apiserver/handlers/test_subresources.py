"""``/status`` and ``/scale``: parts of an object with a path, and rights, of their own."""

from typing import Any

import pytest
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    TABLE,
    THINGS,
    Client,
    config_map,
    deployment,
    failure,
    thing,
)

KINDS = pytest.mark.parametrize(("collection", "body"), [(DEPLOYMENTS, deployment("a")), (THINGS, thing(replicas=2))])


@KINDS
async def test_status_is_written_alone(things: Client, collection: str, body: dict[str, Any]) -> None:
    made = await things.made(collection, body)
    sent = {**made, "status": {"replicas": 3}, "spec": {**made["spec"], "replicas": 9}}

    reply = await things.update(f"{collection}/a/status", sent)

    assert (reply.status, reply.body["status"]) == (200, {"replicas": 3})
    assert reply.body["spec"] == made["spec"]
    assert reply.body["metadata"]["generation"] == 1
    assert (await things.get(f"{collection}/a/status")).body == (await things.get(f"{collection}/a")).body


@KINDS
async def test_the_object_is_written_without_its_status(things: Client, collection: str, body: dict[str, Any]) -> None:
    await things.made(collection, body)
    await things.patch(f"{collection}/a/status", {"status": {"replicas": 3}})
    seen = (await things.get(f"{collection}/a")).body

    reply = await things.update(f"{collection}/a", {**seen, "status": {"replicas": 9}})

    assert reply.body == seen
    del seen["status"]
    assert (await things.update(f"{collection}/a", seen)).body["status"] == {"replicas": 3}


@pytest.mark.parametrize(
    ("patch", "kind"),
    [
        ({"spec": {"size": 9}, "status": {"ready": True}}, "merge"),
        (
            [
                {"op": "replace", "path": "/spec/size", "value": 9},
                {"op": "add", "path": "/status", "value": {"ready": True}},
            ],
            "json",
        ),
    ],
)
async def test_patches_of_status_touch_status_alone(things: Client, patch: Any, kind: str) -> None:
    await things.made(THINGS, thing(size=1))

    reply = await things.patch(f"{THINGS}/a/status", patch, kind)

    assert (reply.body["spec"], reply.body["status"]) == ({"size": 1}, {"ready": True})


async def test_status_writes_can_conflict(things: Client) -> None:
    made = await things.made(THINGS, thing())
    await things.patch(f"{THINGS}/a", {"spec": {"size": 1}})

    refused = await things.update(f"{THINGS}/a/status", {**made, "status": {"ready": True}})

    assert failure(refused)[:2] == (409, "Conflict")


@KINDS
async def test_scale_shows_and_sets_the_replicas(things: Client, collection: str, body: dict[str, Any]) -> None:
    await things.made(collection, body)

    scale = (await things.get(f"{collection}/a/scale")).body
    assert (scale["apiVersion"], scale["kind"], scale["spec"]) == ("autoscaling/v1", "Scale", {"replicas": 2})
    scale["spec"]["replicas"] = 5
    assert (await things.update(f"{collection}/a/scale", scale)).body["spec"] == {"replicas": 5}
    assert (await things.patch(f"{collection}/a/scale", {"spec": {"replicas": 6}})).body["spec"] == {"replicas": 6}

    seen = (await things.get(f"{collection}/a")).body
    assert (seen["spec"]["replicas"], seen["metadata"]["generation"]) == (6, 3)
    assert failure(await things.update(f"{collection}/a/scale", scale))[:2] == (409, "Conflict")


@KINDS
@pytest.mark.parametrize("replicas", [-1, "3", 1.5, 2**40, True, [], {}])
async def test_replicas_are_a_number(things: Client, collection: str, body: dict[str, Any], replicas: Any) -> None:
    made = await things.made(collection, body)
    patch = [{"op": "replace", "path": "/spec/replicas", "value": replicas}]

    reply = await things.patch(f"{collection}/a/scale", patch, "json")

    assert reply.status in (400, 422)
    assert (await things.get(f"{collection}/a")).body == made


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("scale", {"kind": "Thing"}),
        ("scale", {"apiVersion": "autoscaling/v2"}),
        ("scale", {"metadata": {"name": "b"}}),
        ("scale", {"metadata": {"name": "a", "namespace": "b"}}),
        ("status", {"kind": "Scale"}),
        ("status", {"metadata": {"name": "b"}}),
        ("status", {"metadata": {"name": 3}}),
    ],
)
async def test_bodies_that_do_not_fit(things: Client, part: str, change: dict[str, Any]) -> None:
    await things.made(THINGS, thing())
    body = (await things.get(f"{THINGS}/a/{part}")).body

    assert failure(await things.update(f"{THINGS}/a/{part}", {**body, **change}))[:2] == (400, "BadRequest")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", f"{CONFIG_MAPS}/a/status", 404),
        ("GET", f"{THINGS}/a/log", 404),
        ("GET", f"{THINGS}/a/status/x", 404),
        ("GET", "/apis/example.com/v1/things/a/status", 404),
        ("GET", f"{THINGS}/missing/scale", 404),
        ("DELETE", f"{THINGS}/a/status", 405),
        ("POST", f"{THINGS}/a/status", 405),
    ],
)
async def test_what_is_not_there(things: Client, method: str, path: str, code: int) -> None:
    await things.made(THINGS, thing())
    await things.made(CONFIG_MAPS, config_map("a"))

    assert (await things.call(method, path)).status == code


async def test_parts_are_shown_in_every_form(things: Client) -> None:
    await things.made(THINGS, thing(replicas=1))

    assert (await things.get(f"{THINGS}/a/scale", accept="application/yaml")).body.startswith("kind: Scale\n")
    table = (await things.get(f"{THINGS}/a/scale", accept=TABLE)).body
    assert table["rows"][0]["cells"][0] == "a"
    assert (await things.get(f"{THINGS}/a/status", accept=TABLE)).body["kind"] == "Table"
