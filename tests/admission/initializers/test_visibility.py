"""Who sees what waits for its initializers, and from when on all others do."""

from typing import Any

import pytest
from tests.admission.initializers.holding import (
    CONFIG_MAPS,
    A,
    B,
    Client,
    config_map,
    held,
    hold,
    holding,
    path,
    take_turn,
)
from tests.apiserver.api_client import METADATA_LIST, TABLE, Watching, failure

ALL = {"includeUninitialized": "true"}
ONLY = {"includeUninitialized": "only"}


async def ready(admin: Client, name: str, **metadata: Any) -> Any:
    """Create a ConfigMap that bypasses initialization."""
    obj = {**config_map(name), "metadata": {"name": name, "initializers": {"pending": []}, **metadata}}
    return await admin.made(CONFIG_MAPS, obj)


async def test_what_waits_is_not_found_by_who_does_not_ask_for_it() -> None:
    async with holding(A) as admin:
        await hold(admin, "x")

        assert failure(await admin.get(path("x"))) == (404, "NotFound", 'configmaps "x" not found')
        for value, status in (("false", 404), ("0", 404), ("true", 200), ("", 200), ("1", 200), ("only", 200)):
            assert (await admin.get(path("x"), includeUninitialized=value)).status == status

        await take_turn(admin, "x")
        assert (await admin.get(path("x"))).status == 200
        assert (await admin.get(path("x"), **ONLY)).status == 404


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"resourceVersion": "0"},
        {"labelSelector": "app!=none"},
        {"fieldSelector": "metadata.namespace=default"},
        {"accept": METADATA_LIST},
    ],
    ids=str,
)
async def test_lists_leave_out_what_waits(query: dict[str, str]) -> None:
    async with holding(A) as admin:
        for name in ("a", "c"):
            await ready(admin, name)
        for name in ("b", "d"):
            await hold(admin, name)

        assert await admin.names(CONFIG_MAPS, **query) == ["a", "c"]
        assert await admin.names("/api/v1/configmaps", **query) == ["a", "c"]
        assert await admin.names(CONFIG_MAPS, **query, **ALL) == ["a", "b", "c", "d"]
        assert await admin.names(CONFIG_MAPS, **query, **ONLY) == ["b", "d"]


async def test_a_list_of_one_name_leaves_out_what_waits() -> None:
    async with holding(A) as admin:
        await hold(admin, "x")

        assert await admin.names(CONFIG_MAPS, fieldSelector="metadata.name=x") == []
        assert await admin.names(CONFIG_MAPS, fieldSelector="metadata.name=x", **ALL) == ["x"]


async def test_a_table_leaves_out_what_waits() -> None:
    async with holding(A) as admin:
        await ready(admin, "a")
        await hold(admin, "b")

        rows = (await admin.get(CONFIG_MAPS, accept=TABLE)).body["rows"]

        assert [row["cells"][0] for row in rows] == ["a"]


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_are_filled_with_what_can_be_seen_and_count_nothing_else(limit: int) -> None:
    async with holding(A) as admin:
        for index in range(9):
            await (ready if index % 3 == 1 else hold)(admin, f"x{index}")

        names, query = [], {"limit": str(limit)}
        while True:
            body = (await admin.get(CONFIG_MAPS, **query)).body
            assert 0 < len(body["items"]) <= limit
            names += [item["metadata"]["name"] for item in body["items"]]
            left = body["metadata"].get("remainingItemCount")
            assert left is None or left == 3 - len(names)
            if not (token := body["metadata"].get("continue")):
                break
            query = {"limit": str(limit), "continue": token}

        assert names == ["x1", "x4", "x7"]


async def test_what_remains_is_counted_as_long_as_nothing_waits() -> None:
    async def remaining(admin: Client) -> Any:
        return (await admin.get(CONFIG_MAPS, limit="1")).body["metadata"].get("remainingItemCount")

    async with holding(A) as admin:
        for name in ("a", "b", "c"):
            await ready(admin, name)
        at_first = await remaining(admin)
        await hold(admin, "d")
        with_one = await remaining(admin)
        await take_turn(admin, "d")
        at_last = await remaining(admin)
        await hold(admin, "e")
        await admin.delete(path("e"))

        assert (at_first, with_one, at_last, await remaining(admin)) == (2, None, 3, 3)


async def test_a_list_at_an_older_version_shows_what_could_be_seen_then() -> None:
    async with holding(A) as admin:
        version = (await hold(admin, "x"))["metadata"]["resourceVersion"]
        await take_turn(admin, "x")
        then = {"resourceVersion": version, "resourceVersionMatch": "Exact"}

        assert await admin.names(CONFIG_MAPS, **then) == []
        assert await admin.names(CONFIG_MAPS, **then, **ALL) == ["x"]
        assert await admin.names(CONFIG_MAPS) == ["x"]


def shown(events: list[Any]) -> list[tuple[str, str, bool]]:
    """Type, name, and whether the object still waits."""
    return [
        (event["type"], event["object"]["metadata"]["name"], "initializers" in event["object"]["metadata"])
        for event in events
    ]


async def life(admin: Client, name: str) -> None:
    """Create, change, initialize, change and delete a ConfigMap for which A and B are configured."""
    await hold(admin, name)
    await admin.patch(path(name), {"data": {"a": "1"}})
    await take_turn(admin, name)
    await take_turn(admin, name)
    await admin.patch(path(name), {"data": {"a": "2"}})
    await admin.delete(path(name))


ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"
PLAIN = [(ADDED, "x", False), (MODIFIED, "x", False), (DELETED, "x", False)]
WHOLE = [
    (ADDED, "x", True),
    (MODIFIED, "x", True),
    (MODIFIED, "x", True),
    (MODIFIED, "x", False),
    (MODIFIED, "x", False),
    (DELETED, "x", False),
]
WAITING = [(ADDED, "x", True), (MODIFIED, "x", True), (MODIFIED, "x", True), (DELETED, "x", True)]


@pytest.mark.parametrize(
    ("query", "expected"), [({}, PLAIN), (ALL, WHOLE), (ONLY, WAITING)], ids=["plain", "all", "only"]
)
@pytest.mark.parametrize("start", ["now", "replayed", "of one name"])
async def test_watchers_see_it_from_the_moment_it_is_initialized(
    query: dict[str, str], expected: list[Any], start: str
) -> None:
    async with holding(A, B) as admin:
        before = (await ready(admin, "before"))["metadata"]["resourceVersion"]
        one = {"fieldSelector": "metadata.name=x"} if start == "of one name" else {}
        if start == "replayed":
            await life(admin, "x")
        async with admin.watch(CONFIG_MAPS, resourceVersion=before, **query, **one) as watching:
            if start != "replayed":
                await life(admin, "x")
            events = [await watching.next() for _ in expected]
            await ready(admin, "x" if one else "last")
            following = await watching.next() if query != ONLY else None

        assert shown(events) == expected
        assert following is None or following["type"] == ADDED


async def next_names(watching: Watching, count: int) -> list[str]:
    return [name for _, name in await watching.take(count)]


async def test_the_initial_events_of_a_watch_leave_out_what_waits() -> None:
    async with holding(A) as admin:
        await hold(admin, "a")
        await ready(admin, "b")
        stream = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}

        for query, names in (({}, ["b"]), (ALL, ["a", "b"]), (ONLY, ["a"])):
            async with admin.watch(CONFIG_MAPS, **query) as watching:
                assert await next_names(watching, len(names)) == names
            async with admin.watch(CONFIG_MAPS, **stream, **query) as watching:
                assert await next_names(watching, len(names)) == names
                assert (await watching.next())["type"] == "BOOKMARK"


async def test_what_is_deleted_before_it_could_be_seen_is_never_shown() -> None:
    async with holding(A) as admin, admin.watch(CONFIG_MAPS) as watching:
        await hold(admin, "x")
        assert (await admin.delete(path("x"))).status == 200
        await ready(admin, "y")

        assert await watching.take(1) == [("ADDED", "y")]


async def test_a_collection_is_deleted_as_far_as_it_is_seen() -> None:
    async with holding(A) as admin:
        for name in ("a", "b"):
            await ready(admin, name)
        await hold(admin, "c")

        deleted = await admin.delete(CONFIG_MAPS)
        left = await admin.names(CONFIG_MAPS, **ALL)
        await admin.delete(CONFIG_MAPS, **ALL)

        assert (len(deleted.body["items"]), left) == (2, ["c"])
        assert await admin.names(CONFIG_MAPS, **ALL) == []


async def test_finalizers_hold_what_waits_like_anything_else() -> None:
    async with holding(A) as admin:
        await hold(admin, "x", metadata={"name": "x", "finalizers": ["example.com/f"]})

        marked = await admin.delete(path("x"))
        await admin.patch(path("x"), {"metadata": {"finalizers": None}})

        assert marked.body["metadata"]["deletionTimestamp"]
        assert (await admin.get(path("x"), **ALL)).status == 404


async def test_a_namespace_goes_with_all_that_waits_in_it() -> None:
    async with holding(A) as admin:
        await admin.made("/api/v1/namespaces", {"metadata": {"name": "ns"}})
        await admin.made("/api/v1/namespaces/ns/configmaps", config_map("x"), includeUninitialized="true")
        version = (await admin.get("/api/v1/namespaces")).body["metadata"]["resourceVersion"]

        async with admin.watch("/api/v1/namespaces", resourceVersion=version) as watching:
            await admin.delete("/api/v1/namespaces/ns")
            while (await watching.next())["type"] != "DELETED":
                pass


async def test_a_namespace_that_waits_itself_can_be_deleted() -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces"]}
    async with holding({"name": A, "rules": [rule]}) as admin:
        made = await admin.made("/api/v1/namespaces", {"metadata": {"name": "ns"}}, **ALL)
        version = made["metadata"]["resourceVersion"]

        async with admin.watch("/api/v1/namespaces", resourceVersion=version, **ALL) as watching:
            await admin.delete("/api/v1/namespaces/ns")
            while (await watching.next())["type"] != "DELETED":
                pass


async def test_all_who_watch_see_it_at_the_same_moment() -> None:
    async with holding(A) as admin, admin.watch(CONFIG_MAPS) as one, admin.watch(CONFIG_MAPS) as other:
        await hold(admin, "x")
        await take_turn(admin, "x")

        assert await one.take(1) == await other.take(1) == [("ADDED", "x")]
        assert (await held(admin, "x"))["metadata"]["name"] == "x"
