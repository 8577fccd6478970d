"""PUT: an object is replaced, unless someone else was faster."""

import asyncio
from typing import Any

import pytest
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    THINGS,
    Client,
    causes,
    config_map,
    deployment,
    failure,
    thing,
)

A = f"{CONFIG_MAPS}/a"


async def test_an_object_is_replaced(stored: Client) -> None:
    made = await stored.made(CONFIG_MAPS, config_map("a", x="1", y="2"))

    reply = await stored.update(A, {**made, "data": {"x": "3"}})

    assert (reply.status, reply.body["data"]) == (200, {"x": "3"})
    assert int(reply.body["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])
    assert (await stored.get(A)).body == reply.body


async def test_a_missing_object_is_not_created(api: Client) -> None:
    assert failure(await api.update(A, config_map("a"))) == (404, "NotFound", 'configmaps "a" not found')


async def test_an_update_of_an_old_state_is_a_conflict(stored: Client) -> None:
    made = await stored.made(DEPLOYMENTS, deployment())
    await stored.patch(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 3}})

    assert failure(await stored.update(f"{DEPLOYMENTS}/web", made)) == (
        409,
        "Conflict",
        'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; '
        "please apply your changes to the latest version and try again",
    )


@pytest.mark.parametrize("version", [None, "", "0"])
async def test_without_a_resource_version_the_last_writer_wins(api: Client, version: str | None) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))
    body = config_map("a", x="1")
    body["metadata"]["resourceVersion"] = version

    assert (await api.update(A, body)).body["data"] == {"x": "1"}


@pytest.mark.parametrize("version", [None, "0"])
async def test_custom_resources_are_not_overwritten_blindly(things: Client, version: str | None) -> None:
    await things.made(THINGS, thing())
    body = thing(size=1)
    body["metadata"]["resourceVersion"] = version

    assert failure(await things.update(f"{THINGS}/a", body)) == (
        422,
        "Invalid",
        'things.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: '
        "must be specified for an update",
    )


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"name": "b"}, "the name of the object (b) does not match the name on the URL (a)"),
        ({"name": ""}, "the name of the object (a based on URL) was undeterminable: name must be provided"),
        (
            {"namespace": "other"},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
)
async def test_an_object_cannot_be_moved(api: Client, metadata: dict[str, str], message: str) -> None:
    body = await api.made(CONFIG_MAPS, config_map("a"))
    body["metadata"].update(metadata)

    assert failure(await api.update(A, body)) == (400, "BadRequest", message)


async def test_another_uid_means_another_object(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a"))
    body = config_map("a")
    body["metadata"]["uid"] = "x"

    code, reason, message = failure(await api.update(A, body))

    assert (code, reason) == (409, "Conflict")
    assert message.endswith(f"UID in precondition: x, UID in object meta: {made['metadata']['uid']}")


async def test_what_only_the_server_sets_stays(api: Client) -> None:
    made = await api.made(DEPLOYMENTS, deployment())
    body = await api.get(f"{DEPLOYMENTS}/web")
    for field, value in {
        "uid": None,
        "creationTimestamp": None,
        "generation": 99,
        "selfLink": "/x",
        "managedFields": [{"manager": "me", "operation": "Update"}],
    }.items():
        body.body["metadata"][field] = value

    reply = await api.update(f"{DEPLOYMENTS}/web", body.body)

    assert reply.body == made, "nothing changed, so nothing was written"


async def test_writing_the_same_changes_nothing(stored: Client) -> None:
    made = await stored.made(CONFIG_MAPS, config_map("a", x="1", y="2"))
    turned = {**made, "data": {"y": "2", "x": "1"}, "metadata": {**made["metadata"], "labels": {}}}

    assert (await stored.update(A, turned)).body == made


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, 1.0), ([0], [False])])
async def test_what_is_equal_in_python_only_is_a_change(things: Client, before: Any, after: Any) -> None:
    made = await things.made(THINGS, thing(any={"value": before}))

    reply = await things.patch(f"{THINGS}/a", {"spec": {"any": {"value": after}}})

    assert repr(reply.body["spec"]["any"]["value"]) == repr(after)
    assert reply.body["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
    assert reply.body["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("change", "generation"),
    [
        ({"metadata": {"labels": {"a": "b"}}}, 1),
        ({"spec": {"size": 5}}, 2),
        ({"status": {"size": 5}}, 1),
    ],
)
async def test_generation_counts_changes_of_the_spec(things: Client, change: dict[str, Any], generation: int) -> None:
    await things.made(THINGS, thing(size=4))

    assert (await things.patch(f"{THINGS}/a", change)).body["metadata"]["generation"] == generation


async def test_null_does_not_mark_for_deletion(things: Client) -> None:
    body = await things.made(THINGS, thing())
    body["metadata"]["deletionTimestamp"] = None
    body["spec"]["size"] = 3

    assert (await things.update(f"{THINGS}/a", body)).status == 200
    assert (await things.get(f"{THINGS}/a")).status == 200


async def test_clients_cannot_mark_for_deletion(api: Client) -> None:
    body = await api.made(CONFIG_MAPS, config_map("a"))
    body["metadata"]["deletionTimestamp"] = "2020-01-01T00:00:00Z"

    assert [field for field, _ in causes(await api.update(A, body))] == ["metadata.deletionTimestamp"]


async def test_a_dry_run_shows_what_would_be(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a"))

    reply = await api.update(A, config_map("a", x="1"), dryRun="All")

    assert reply.body["data"] == {"x": "1"}
    assert (await api.get(A)).body == made


async def test_of_concurrent_updates_one_wins(stored: Client) -> None:
    made = await stored.made(CONFIG_MAPS, config_map("a"))

    replies = await asyncio.gather(*(stored.update(A, {**made, "data": {"n": str(n)}}) for n in range(8)))

    assert sorted(reply.status for reply in replies) == [200] + [409] * 7


async def test_concurrent_patches_all_arrive(stored: Client) -> None:
    await stored.made(CONFIG_MAPS, config_map("a"))

    replies = await asyncio.gather(*(stored.patch(A, {"data": {f"k{n}": "v"}}) for n in range(6)))

    assert {reply.status for reply in replies} == {200}
    assert len((await stored.get(A)).body["data"]) == 6
