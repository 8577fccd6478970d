"""DELETE of one object, of a collection, and of what finalizers hold."""

from typing import Any

import pytest
from tests.apiserver.api_client import CONFIG_MAPS, THINGS, Client, causes, config_map, failure, thing

A = f"{CONFIG_MAPS}/a"


def held(name: str = "a") -> dict[str, Any]:
    body = thing(name)
    body["metadata"]["finalizers"] = ["example.com/hold"]
    return body


async def test_an_object_is_deleted(stored: Client) -> None:
    made = await stored.made(CONFIG_MAPS, config_map("a"))

    reply = await stored.delete(A)

    assert reply.status == 200
    assert reply.body["status"] == "Success"
    assert reply.body["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert (await stored.get(A)).status == 404
    assert failure(await stored.delete(A)) == (404, "NotFound", 'configmaps "a" not found')


async def test_a_finalizer_holds_the_object(things: Client) -> None:
    await things.made(THINGS, held())

    marked = await things.delete(f"{THINGS}/a")

    meta = marked.body["metadata"]
    assert marked.status == 200
    assert (meta["deletionGracePeriodSeconds"], meta["generation"]) == (0, 2)
    assert meta["deletionTimestamp"]
    assert (await things.delete(f"{THINGS}/a")).body == marked.body, "to delete once more changes nothing"
    assert (await things.get(f"{THINGS}/a")).body == marked.body


@pytest.mark.parametrize("patch", [{"finalizers": None}, {"finalizers": []}])
async def test_the_last_finalizer_lets_it_go(things: Client, patch: dict[str, Any]) -> None:
    await things.made(THINGS, held())
    await things.delete(f"{THINGS}/a")

    reply = await things.patch(f"{THINGS}/a", {"metadata": patch})

    assert (reply.status, reply.body["metadata"]["name"]) == (200, "a")
    assert (await things.get(f"{THINGS}/a")).status == 404


async def test_finalizers_come_off_before_deletion_too(things: Client) -> None:
    await things.made(THINGS, held())

    assert (await things.patch(f"{THINGS}/a", {"metadata": {"finalizers": None}})).status == 200
    assert (await things.get(f"{THINGS}/a")).status == 200


async def test_no_finalizer_is_added_to_what_is_being_deleted(things: Client) -> None:
    await things.made(THINGS, held())
    await things.delete(f"{THINGS}/a")

    reply = await things.patch(f"{THINGS}/a", {"metadata": {"finalizers": ["example.com/hold", "example.com/new"]}})

    [(field, message)] = causes(reply)
    assert field == "metadata.finalizers"
    assert message.startswith("Forbidden: no new finalizers can be added if the object is being deleted")


@pytest.mark.parametrize(
    ("precondition", "message"),
    [
        (
            {"uid": "x"},
            "the UID in the precondition (x) does not match the UID in record ({uid}). "
            "The object might have been deleted and then recreated",
        ),
        (
            {"resourceVersion": "1"},
            "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record "
            "({resourceVersion}). The object might have been modified",
        ),
    ],
)
async def test_preconditions(api: Client, precondition: dict[str, str], message: str) -> None:
    meta = (await api.made(CONFIG_MAPS, config_map("a")))["metadata"]
    text = f'Operation cannot be fulfilled on ConfigMap "a": {message.format(**meta)}'

    assert failure(await api.delete(A, {"preconditions": precondition})) == (409, "Conflict", text)
    met = {field: meta[field] for field in precondition}
    assert (await api.delete(A, {"preconditions": met})).status == 200


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]}, {}),
        ({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", "dryRun": ["All"]}, {}),
        (None, {"dryRun": "All"}),
        ({"propagationPolicy": "Background"}, {"dryRun": "All"}),
    ],
)
async def test_a_dry_run_deletes_nothing(api: Client, body: Any, query: dict[str, str]) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    assert (await api.delete(A, body, **query)).status == 200
    assert (await api.get(A)).status == 200


async def test_options_may_be_yaml(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))
    options = b"kind: DeleteOptions\napiVersion: v1\ngracePeriodSeconds: 0\npropagationPolicy: Background\n"

    assert (await api.delete(A, options, content_type="application/yaml", accept="application/yaml")).body.startswith(
        "kind: Status\n"
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "ConfigMap"}, 400),
        ({"gracePeriodSeconds": "1"}, 400),
        ({"orphanDependents": 1}, 400),
        ({"propagationPolicy": 1}, 400),
        ({"preconditions": []}, 400),
        ({"preconditions": {"uid": 3}}, 400),
        ({"dryRun": "All"}, 400),
        ({"dryRun": [1]}, 400),
        ([], 400),
        ({"dryRun": ["Some"]}, 422),
        ({"propagationPolicy": "Never"}, 422),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, 422),
    ],
)
async def test_options_that_cannot_be(api: Client, body: Any, code: int) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    assert failure(await api.delete(A, body))[0] == code
    assert (await api.get(A)).status == 200


async def test_null_options_are_unset(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    assert (await api.delete(A, {"gracePeriodSeconds": None, "preconditions": None})).status == 200


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({}, []),
        ({"labelSelector": "odd=yes"}, ["n0", "n2"]),
        ({"fieldSelector": "metadata.name=n1"}, ["n0", "n2", "n3"]),
        ({"limit": "2"}, ["n2", "n3"]),
        ({"dryRun": "All"}, ["n0", "n1", "n2", "n3"]),
    ],
)
async def test_a_collection_is_deleted(stored: Client, query: dict[str, str], left: list[str]) -> None:
    for number in range(4):
        body = config_map(f"n{number}")
        body["metadata"]["labels"] = {"odd": "yes" if number % 2 else "no"}
        await stored.made(CONFIG_MAPS, body)

    reply = await stored.delete(CONFIG_MAPS, **query)

    assert (reply.status, reply.body["kind"]) == (200, "ConfigMapList")
    assert await stored.names(CONFIG_MAPS) == left
    if "dryRun" not in query:
        gone = {item["metadata"]["name"] for item in reply.body["items"]}
        assert gone == {"n0", "n1", "n2", "n3"} - set(left)


async def test_a_collection_with_held_objects(things: Client) -> None:
    await things.made(THINGS, held("a"))
    await things.made(THINGS, thing("b"))

    await things.delete(THINGS)

    assert await things.names(THINGS) == ["a"]
    assert (await things.get(f"{THINGS}/a")).body["metadata"]["deletionTimestamp"]
