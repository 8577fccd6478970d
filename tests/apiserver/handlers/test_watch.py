"""WATCH: what happens to a collection, as it happens."""

import asyncio
from typing import Any

import pytest
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    METADATA,
    TABLE,
    THINGS,
    Client,
    causes,
    config_map,
    failure,
    serving,
    thing,
)

A = f"{CONFIG_MAPS}/a"
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


def labelled(name: str, **labels: str) -> dict[str, Any]:
    body = config_map(name)
    body["metadata"]["labels"] = labels
    return body


async def now(api: Client) -> str:
    version: str = (await api.get(CONFIG_MAPS)).body["metadata"]["resourceVersion"]
    return version


@pytest.mark.parametrize("query", [{}, {"resourceVersion": "0"}])
async def test_without_a_version_a_watch_begins_with_what_is_there(stored: Client, query: dict[str, str]) -> None:
    await stored.made(CONFIG_MAPS, config_map("a"))

    async with stored.watch(CONFIG_MAPS, **query) as watching:
        await stored.made(CONFIG_MAPS, config_map("b"))
        await stored.patch(A, {"data": {"x": "1"}})
        await stored.delete(A)

        assert await watching.take(4) == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a")]


async def test_from_a_version_a_watch_tells_what_came_after(stored: Client) -> None:
    await stored.made(CONFIG_MAPS, config_map("a"))
    version = await now(stored)
    patched = (await stored.patch(A, {"data": {"x": "1"}})).body
    await stored.delete(A)

    async with stored.watch(CONFIG_MAPS, resourceVersion=version) as watching:
        modified, deleted = await watching.next(), await watching.next()

    assert modified == {"type": "MODIFIED", "object": patched}
    assert deleted["type"] == "DELETED"
    assert int(deleted["object"]["metadata"]["resourceVersion"]) > int(patched["metadata"]["resourceVersion"])


async def test_objects_come_and_go_with_the_selector(api: Client) -> None:
    version = await now(api)
    async with api.watch(CONFIG_MAPS, resourceVersion=version, labelSelector="on=yes") as watching:
        await api.made(CONFIG_MAPS, labelled("a", on="no"))
        await api.patch(A, {"metadata": {"labels": {"on": "yes"}}})
        await api.patch(A, {"data": {"x": "1"}})
        await api.patch(A, {"metadata": {"labels": {"on": "no"}}})
        await api.delete(A)
        await api.made(CONFIG_MAPS, labelled("b", on="yes"))

        events = [await watching.next() for _ in range(4)]

    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]
    assert events[2]["object"]["metadata"]["labels"] == {"on": "yes"}, "the last state that matched"


@pytest.mark.parametrize(
    "path",
    [
        A,
        f"{CONFIG_MAPS}?fieldSelector=metadata.name=a",
        "/api/v1/configmaps?fieldSelector=metadata.name=a",
        "/api/v1/configmaps?fieldSelector=metadata.name=a,metadata.namespace=default",
        "/api/v1/watch/namespaces/default/configmaps/a",
    ],
)
async def test_one_object_is_watched(api: Client, path: str) -> None:
    version = (await api.made(CONFIG_MAPS, config_map("a")))["metadata"]["resourceVersion"]

    async with api.watch(path, resourceVersion=version) as watching:
        await api.made(CONFIG_MAPS, config_map("b"))
        await api.delete(A)

        assert await watching.take(1) == [("DELETED", "a")]


@pytest.mark.parametrize("path", ["/api/v1/watch/configmaps", "/api/v1/watch/namespaces/default/configmaps"])
async def test_the_old_path_form(api: Client, path: str) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    async with api.watch(path, watch="") as watching:
        assert await watching.take(1) == [("ADDED", "a")]


async def test_the_old_path_form_is_for_reading(api: Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        reply = await api.call(method, "/api/v1/watch/namespaces/default/configmaps", config_map("a"))
        assert reply.status == 405
    assert await api.names(CONFIG_MAPS) == []


async def test_a_watch_ends_at_its_timeout(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    async with api.watch(CONFIG_MAPS, timeoutSeconds="1") as watching:
        events = await watching.rest()

    assert [event["type"] for event in events] == ["ADDED"]


async def test_the_initial_state_ends_with_a_bookmark(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a"))
    query = {
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
    }

    async with api.watch(CONFIG_MAPS, **query) as watching:
        assert await watching.take(1) == [("ADDED", "a")]
        bookmark = await watching.next()

    assert (bookmark["type"], bookmark["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
    assert bookmark["object"]["metadata"]["annotations"] == INITIAL_EVENTS_END
    version = int(bookmark["object"]["metadata"]["resourceVersion"])
    assert int(made["metadata"]["resourceVersion"]) <= version <= int(await now(api))


async def test_without_initial_events_a_watch_begins_now(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))
    assert await api.names(CONFIG_MAPS) == ["a"], "now the cache is filled: a watch begins at once"

    async with api.watch(CONFIG_MAPS, sendInitialEvents="false", resourceVersionMatch="NotOlderThan") as watching:
        await asyncio.sleep(0)
        await api.made(CONFIG_MAPS, config_map("b"))
        assert await watching.take(1) == [("ADDED", "b")]


async def test_a_version_that_is_forgotten() -> None:
    async with serving(compaction_interval=0.02) as api:
        await api.made(CONFIG_MAPS, config_map("a"))
        await api.patch(A, {"data": {"x": "1"}})
        async with asyncio.timeout(10):
            while (await api.get(CONFIG_MAPS, resourceVersion="6", resourceVersionMatch="Exact")).status == 200:
                await api.patch(A, {"data": {"y": "1"}})
                await api.patch(A, {"data": {"y": None}})

        async with api.watch(CONFIG_MAPS, resourceVersion="6") as watching:
            [event] = await watching.rest()

    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 6 (")


async def test_as_a_table(api: Client) -> None:
    version = await now(api)
    async with api.watch(CONFIG_MAPS, accept=TABLE, resourceVersion=version) as watching:
        await api.made(CONFIG_MAPS, config_map("a", x="1"))
        event = await watching.next()

    assert (event["type"], event["object"]["kind"]) == ("ADDED", "Table")
    [row] = event["object"]["rows"]
    assert row["cells"][:2] == ["a", 1]
    assert row["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(("accept", "kind"), [(TABLE, "Table"), (METADATA, "PartialObjectMetadata")])
async def test_bookmarks_have_the_form_of_the_rest(api: Client, accept: str, kind: str) -> None:
    query = {"sendInitialEvents": "1", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "1"}

    async with api.watch(CONFIG_MAPS, accept=accept, **query) as watching:
        event = await watching.next()

    shown = event["object"]["rows"][0]["object"] if kind == "Table" else event["object"]
    assert (event["type"], event["object"]["kind"]) == ("BOOKMARK", kind)
    assert shown["metadata"]["annotations"] == INITIAL_EVENTS_END


async def test_metadata_alone(things: Client) -> None:
    await things.made(THINGS, thing(size=1))

    async with things.watch(THINGS, accept=METADATA) as watching:
        event = await watching.next()

    assert event["object"].keys() == {"kind", "apiVersion", "metadata"}
    assert event["object"]["kind"] == "PartialObjectMetadata"


async def test_clients_may_ask_for_a_stream(api: Client) -> None:
    async with api.watch(CONFIG_MAPS, accept="application/json;stream=watch") as watching:
        assert watching.content_type == b"application/json"


async def test_there_is_no_stream_of_yaml(api: Client) -> None:
    refused = await api.get(CONFIG_MAPS, accept="application/yaml", watch="1")

    assert failure(refused)[:2] == (406, "NotAcceptable")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"sendInitialEvents": "true"},
            "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            {"resourceVersionMatch": "NotOlderThan"},
            "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
    ],
)
async def test_parameters_that_mean_nothing(api: Client, query: dict[str, str], message: str) -> None:
    refused = await api.get(CONFIG_MAPS, watch="true", **query)

    assert failure(refused)[:2] == (422, "Invalid")
    assert causes(refused) == [("resourceVersionMatch", message)]


@pytest.mark.parametrize("value", ["0", "false", "False"])
async def test_watch_may_be_false(api: Client, value: str) -> None:
    assert (await api.get(CONFIG_MAPS, watch=value)).body["kind"] == "ConfigMapList"


async def test_a_name_and_a_selector_of_another(api: Client) -> None:
    refused = failure(await api.get(A, watch="1", fieldSelector="metadata.name=b"))

    assert refused == (400, "BadRequest", "fieldSelector metadata.name doesn't match requested name")


async def test_watches_and_their_events_are_counted(api: Client) -> None:
    async def lines(name: str) -> list[str]:
        page = (await api.get("/metrics")).body
        return [line for line in page.splitlines() if line.startswith(name) and 'resource="configmaps"' in line]

    async with api.watch(CONFIG_MAPS) as watching:
        await api.made(CONFIG_MAPS, config_map("a"))
        await watching.take(1)
        [open_watches] = await lines("apiserver_longrunning_requests")
        [events] = await lines("apiserver_watch_events_total")
    [closed_watches] = await lines("apiserver_longrunning_requests")

    assert float(open_watches.split()[-1]) == 1
    assert float(events.split()[-1]) == 1
    assert float(closed_watches.split()[-1]) == 0
