"""POST: a new object gets its metadata from the server, or a refusal that says why."""

import re
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


async def test_the_server_gives_an_object_its_identity(stored: Client) -> None:
    reply = await stored.create(CONFIG_MAPS, config_map("a", key="value"))

    meta = reply.body["metadata"]
    assert reply.status == 201
    assert reply.body["data"] == {"key": "value"}
    assert (meta["name"], meta["namespace"]) == ("a", "default")
    assert re.fullmatch(r"[0-9a-f-]{36}", meta["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", meta["creationTimestamp"])
    assert int(meta["resourceVersion"]) > 0
    assert (await stored.get(f"{CONFIG_MAPS}/a")).body == reply.body


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("uid", "00000000-0000-0000-0000-000000000000"),
        ("creationTimestamp", "2000-01-01T00:00:00Z"),
        ("generation", 7),
        ("deletionTimestamp", "2000-01-01T00:00:00Z"),
        ("deletionGracePeriodSeconds", 3),
        ("selfLink", "/x"),
        ("managedFields", [{"manager": "me", "operation": "Update"}]),
    ],
)
async def test_clients_do_not_choose_what_the_server_sets(api: Client, field: str, sent: Any) -> None:
    body = config_map("a")
    body["metadata"][field] = sent

    made = await api.made(CONFIG_MAPS, body)

    assert made["metadata"].get(field) != sent


@pytest.mark.parametrize("empty", [{"labels": {}}, {"labels": None}, {"finalizers": []}, {"annotations": {}}])
async def test_empty_metadata_is_not_stored(things: Client, empty: dict[str, Any]) -> None:
    body = thing()
    body["metadata"].update(empty)

    assert not empty.keys() & (await things.made(THINGS, body))["metadata"].keys()


async def test_type_and_namespace_may_be_left_out(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, {"metadata": {"name": "a"}})

    assert (made["apiVersion"], made["kind"], made["metadata"]["namespace"]) == ("v1", "ConfigMap", "default")


async def test_a_name_is_generated(api: Client) -> None:
    names = {(await api.made(CONFIG_MAPS, {"metadata": {"generateName": "x-"}}))["metadata"]["name"] for _ in range(3)}

    assert len(names) == 3
    assert all(re.fullmatch(r"x-[a-z0-9]{5}", name) for name in names)


async def test_a_name_that_is_taken(stored: Client) -> None:
    await stored.made(CONFIG_MAPS, config_map("a"))

    reply = await stored.create(CONFIG_MAPS, config_map("a"))

    assert failure(reply) == (409, "AlreadyExists", 'configmaps "a" already exists')
    assert reply.body["details"] == {"name": "a", "kind": "configmaps"}


async def test_a_name_that_is_taken_by_an_object_on_its_way_out(api: Client) -> None:
    body = config_map("a")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await api.made(CONFIG_MAPS, body)
    await api.delete(f"{CONFIG_MAPS}/a")

    message = 'object is being deleted: configmaps "a" already exists'
    assert failure(await api.create(CONFIG_MAPS, config_map("a"))) == (409, "AlreadyExists", message)


async def test_generation_begins_at_one_for_kinds_that_count(api: Client) -> None:
    assert (await api.made(DEPLOYMENTS, deployment()))["metadata"]["generation"] == 1
    assert "generation" not in (await api.made(CONFIG_MAPS, config_map("a")))["metadata"]


async def test_status_is_not_written_through_the_object(things: Client) -> None:
    assert "status" not in await things.made(THINGS, {**thing(), "status": {"replicas": 3}})
    made = await things.made(DEPLOYMENTS, {**deployment(), "status": {"replicas": 3}})
    assert not made.get("status")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"apiVersion": "v2"},
            "the API version in the data (v2) does not match the expected API version (v1)",
        ),
        ({"kind": "Secret"}, "the kind in the data (Secret) does not match the expected kind (ConfigMap)"),
        (
            {"metadata": {"name": "a", "namespace": "other"}},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            {"metadata": {"name": "a", "resourceVersion": "5"}},
            "resourceVersion should not be set on objects to be created",
        ),
        ({"metadata": 3}, "json: cannot unmarshal the value of metadata into Go value of type v1.ObjectMeta"),
        (
            {"data": {"a": 1}},
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
    ],
)
async def test_bodies_that_do_not_fit(api: Client, change: dict[str, Any], message: str) -> None:
    assert failure(await api.create(CONFIG_MAPS, {**config_map("a"), **change})) == (400, "BadRequest", message)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b'"a"', b"null", b"\xff"])
async def test_bodies_that_are_no_object(api: Client, body: bytes) -> None:
    code, reason, message = failure(await api.create(CONFIG_MAPS, body))

    assert (code, reason) == (400, "BadRequest")
    assert message.startswith("the object provided is unrecognized (must be of type ConfigMap): ")


async def test_invalid_objects_are_refused_with_every_cause(api: Client) -> None:
    body = config_map("A")
    body["metadata"]["labels"] = {"a b": "x"}

    reply = await api.create(CONFIG_MAPS, body)

    assert failure(reply)[:2] == (422, "Invalid")
    assert reply.body["details"]["kind"] == "ConfigMap"
    assert [field for field, _ in causes(reply)] == ["metadata.name", "metadata.labels"]


async def test_a_name_is_needed(api: Client) -> None:
    reply = await api.create(CONFIG_MAPS, config_map())

    assert causes(reply) == [("metadata.name", "Required value: name or generateName is required")]


async def test_yaml_is_read_and_written(api: Client) -> None:
    body = b"metadata: {name: a}\ndata:\n  on: 'yes'\n"

    reply = await api.create(CONFIG_MAPS, body, content_type="application/yaml", accept="application/yaml")

    assert (reply.status, reply.content_type) == (201, "application/yaml")
    assert "kind: ConfigMap" in reply.body
    assert (await api.get(f"{CONFIG_MAPS}/a")).body["data"] == {"true": "yes"}


async def test_other_encodings_are_not_read(api: Client) -> None:
    reply = await api.create(CONFIG_MAPS, b"a", content_type="text/plain")

    assert failure(reply)[:2] == (415, "UnsupportedMediaType")


async def test_what_cannot_be_answered_is_not_done(api: Client) -> None:
    refused = await api.create(CONFIG_MAPS, config_map("a"), accept="text/html")

    assert failure(refused)[:2] == (406, "NotAcceptable")
    assert await api.names(CONFIG_MAPS) == []


async def test_a_dry_run_does_all_but_store(stored: Client) -> None:
    before = (await stored.get(CONFIG_MAPS)).body["metadata"]["resourceVersion"]

    reply = await stored.create(CONFIG_MAPS, config_map("a"), dryRun="All")

    assert reply.status == 201
    assert reply.body["metadata"]["uid"]
    assert "resourceVersion" not in reply.body["metadata"]
    assert (await stored.get(CONFIG_MAPS)).body["metadata"]["resourceVersion"] == before
    await stored.made(CONFIG_MAPS, config_map("a"))
    assert failure(await stored.create(CONFIG_MAPS, config_map("a"), dryRun="All"))[1] == "AlreadyExists"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"dryRun": "Some"}, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        ({"dryRun": ""}, 'dryRun: Unsupported value: [""]: supported values: "All"'),
        (
            {"fieldValidation": "Lax"},
            'fieldValidation: Unsupported value: "Lax": supported values: "", "Ignore", "Strict", "Warn"',
        ),
    ],
)
async def test_options_that_mean_nothing(api: Client, query: dict[str, str], message: str) -> None:
    refused = failure(await api.create(CONFIG_MAPS, config_map("a"), **query))

    assert refused == (422, "Invalid", f'CreateOptions.meta.k8s.io "" is invalid: {message}')


async def test_a_large_body_is_read_beside_the_loop(api: Client) -> None:
    big = config_map("big", text="x" * 300_000)
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big-too}\ndata: {text: " + b"y" * 300_000 + b"}\n"

    created = [await api.create(CONFIG_MAPS, big), await api.create(CONFIG_MAPS, text, content_type="application/yaml")]

    assert [reply.status for reply in created] == [201, 201]
    assert created[1].body["data"]["text"] == "y" * 300_000
