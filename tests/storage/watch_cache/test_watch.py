"""What one watch is told: initial state, past, present, and what its selector makes of a change."""

import asyncio

import orjson
import pytest
from tests.storage.watch_cache.harness import PREFIX, Client, World, labelled, value, view, world

from steersman.storage.store import Compacted, FutureRevision, Store
from steersman.storage.watch_cache import Entry, Limits

GOLD = labelled("gold")


@pytest.mark.parametrize("replayed", [False, True], ids=["live", "from the window"])
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, "gold", "ADDED"),
        (None, "tin", None),
        ("gold", "gold", "MODIFIED"),
        ("gold", "tin", "DELETED"),
        ("tin", "gold", "ADDED"),
        ("tin", "tin", None),
        ("gold", None, "DELETED"),
        ("tin", None, None),
    ],
)
async def test_what_a_selector_makes_of_a_change(
    here: World, before: str | None, after: str | None, expected: str | None, replayed: bool
) -> None:
    if before is not None:
        await here.put("n", "a", before, size=1)
    await here.cacher.wait_ready()
    start = here.cacher.revision
    client = Client()
    if not replayed:
        here.watch(view(matches=GOLD), client, start=start)
        await asyncio.sleep(0)

    revision = await here.delete("n", "a") if after is None else await here.put("n", "a", after, size=2)
    last = await here.put("n", "last", "gold")
    if replayed:
        await here.applied(last)
        here.watch(view(matches=GOLD), client, start=start)

    told = [] if expected is None else [(expected, "a", revision)]
    assert await client.until(len(told) + 1) == [*told, ("ADDED", "last", last)]
    if expected == "DELETED":
        gone = client.events[0]["object"]
        assert (gone["metadata"]["labels"]["tier"], gone["spec"]["size"]) == ("gold", 1)
    elif expected is not None:
        assert client.events[0]["object"]["spec"]["size"] == 2


async def test_field_selectors_see_the_parsed_object(here: World) -> None:
    seen = view(matches=lambda entry: entry.fields["spec.engine"] == "pg")
    await here.put("n", "a", engine="pg")
    await here.put("n", "b", engine="my")
    client, _ = here.watch(seen)

    last = await here.put("n", "b", engine="pg")

    assert [event[:2] for event in await client.until_revision(last)] == [("ADDED", "a"), ("ADDED", "b")]


async def test_the_initial_state_is_told_in_key_order_then_what_happens(here: World) -> None:
    second = await here.put("n", "b")
    third = await here.put("n-1", "a")
    first = await here.put("n", "a")
    client, _ = here.watch()
    assert await client.until(3) == [("ADDED", "a", third), ("ADDED", "a", first), ("ADDED", "b", second)]

    deleted = await here.delete("n", "b")

    assert (await client.until(4))[3] == ("DELETED", "b", deleted)


async def test_a_large_initial_state_comes_in_slices_at_the_clients_pace(store: Store) -> None:
    limits = Limits(slice_bytes=2_000, drained_bytes=3_000)
    async with world(store, limits) as here:
        for number in range(100):
            await here.put("n", f"x{number:02}")
        client = Client()
        client.stopped = True
        here.watch(client=client)
        while client.buffered <= limits.drained_bytes:
            await asyncio.sleep(0)
        for _ in range(50):
            await asyncio.sleep(0)
        assert client.buffered < limits.drained_bytes + 2 * limits.slice_bytes
        assert 1 < len(client.frames) < 10
        changed = await here.put("n", "x00", size=2)

        client.stopped = False
        client.buffered = 0

        told = await client.until(101)
        assert [name for _, name, _ in told[:100]] == [f"x{number:02}" for number in range(100)]
        assert told[100] == ("MODIFIED", "x00", changed)


async def test_a_client_that_takes_nothing_of_its_initial_state_is_cut(store: Store) -> None:
    async with world(store, Limits(slice_bytes=100, drained_bytes=200, stall=0.01)) as here:
        for number in range(20):
            await here.put("n", f"x{number}")
        client = Client()
        client.stopped = True

        _, task = here.watch(client=client)

        await task
        assert client.aborted


async def test_initial_events_end_with_an_annotated_bookmark(here: World) -> None:
    await here.put("n", "a")
    revision = await here.put("n", "b")
    client, _ = here.watch(start=revision, initial_events=True, bookmarks=True)

    told = await client.until(3)

    assert told[2] == ("BOOKMARK", "", revision)
    assert [kind for kind, _, _ in told] == ["ADDED", "ADDED", "BOOKMARK"]
    assert client.events[2]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    live = await here.put("n", "c")
    assert (await client.until(4))[3] == ("ADDED", "c", live)


async def test_no_bookmark_for_those_who_do_not_understand_it(here: World) -> None:
    await here.put("n", "a")
    client, _ = here.watch(initial_events=True)

    last = await here.put("n", "b")

    assert [kind for kind, _, _ in await client.until_revision(last)] == ["ADDED", "ADDED"]


@pytest.mark.parametrize("window", [1024, 3, 0], ids=["in the window", "partly", "from the log"])
async def test_resumes_after_any_revision(store: Store, window: int) -> None:
    async with world(store, Limits(window_changes=window)) as here:
        begin = await here.put("n", "a", "gold")
        await here.cacher.wait_ready()
        happened = [
            ("MODIFIED", "a", await here.put("n", "a", "gold", size=2)),
            ("ADDED", "b", await here.put("m", "b", "gold")),
            ("DELETED", "a", await here.put("n", "a", "tin")),
            ("DELETED", "b", await here.delete("m", "b")),
            ("ADDED", "b", await here.put("m", "b", "gold")),
            ("MODIFIED", "b", await here.put("m", "b", "gold", size=2)),
        ]
        await here.applied(happened[-1][2])

        for skipped, start in enumerate([begin, *(revision for _, _, revision in happened)]):
            client, _ = here.watch(view(matches=GOLD), start=start)
            newest = await here.put("z", "c", "gold")
            assert (await client.until_revision(newest))[: len(happened) - skipped] == happened[skipped:]
            happened.append(("ADDED", "c", newest))
            happened.append(("DELETED", "c", await here.delete("z", "c")))
            assert await client.until_revision(happened[-1][2]) == happened[skipped:]


async def test_the_log_gives_the_same_bytes_as_the_window(store: Store) -> None:
    begin = await store.put(f"{PREFIX}n/a", value("n", "a", "gold"))
    async with world(store, Limits(window_changes=1)) as short, world(store) as long:
        await asyncio.gather(short.cacher.wait_ready(), long.cacher.wait_ready())
        for tier in ("gold", "tin", "gold"):
            await short.put("n", "a", tier)
        last = await short.delete("n", "a")
        await asyncio.gather(short.applied(last), long.applied(last))
        assert short.cacher.window.start > long.cacher.window.start

        from_log, _ = short.watch(view(matches=GOLD), start=begin)
        from_window, _ = long.watch(view(matches=GOLD), start=begin)

        await asyncio.gather(from_log.until_revision(last), from_window.until_revision(last))
        assert b"".join(from_log.frames) == b"".join(from_window.frames)
        assert [kind for kind, _, _ in from_log.told] == ["MODIFIED", "DELETED", "ADDED", "DELETED"]


async def test_resumes_after_a_restart_without_reading_the_log(store: Store) -> None:
    mine = await store.put(f"{PREFIX}n/a", value("n", "a"))
    await store.put("/registry/configmaps/n/x", b"{}")
    async with world(store) as here:
        await here.cacher.wait_ready()

        assert here.cacher.window.start == mine


@pytest.mark.parametrize("history", [1, 2, 1024])
async def test_resumes_from_before_a_restart(store: Store, history: int) -> None:
    begin = await store.put(f"{PREFIX}n/a", value("n", "a"))
    deleted = await store.delete(f"{PREFIX}n/a")
    await store.put("/registry/configmaps/n/x", b"{}")
    async with world(store, Limits(history=history)) as here:
        client, _ = here.watch(start=begin)
        assert await client.until(1) == [("DELETED", "a", deleted)]

        newest = await here.put("n", "b")

        assert await client.until(2) == [("DELETED", "a", deleted), ("ADDED", "b", newest)]


async def test_what_is_compacted_cannot_be_resumed(store: Store) -> None:
    revisions = [await store.put(f"{PREFIX}n/a", value("n", "a", size=size)) for size in range(5)]
    await store.compact(revisions[3])
    async with world(store) as here:
        _, task = here.watch(start=revisions[1])

        with pytest.raises(Compacted):
            await task


async def test_a_future_revision_is_waited_for(store: Store) -> None:
    async with world(store) as here:
        await here.cacher.wait_ready()
        start = here.cacher.revision + 1
        client, _ = here.watch(start=start)
        await asyncio.sleep(0)

        await here.put("n", "a")
        revision = await here.put("n", "b")

        assert await client.until(1) == [("ADDED", "b", revision)]


async def test_a_revision_that_does_not_come(store: Store) -> None:
    async with world(store, Limits(future=0.01)) as here:
        _, task = here.watch(start=1_000_000)

        with pytest.raises(FutureRevision):
            await task


@pytest.mark.parametrize(
    ("namespace", "name", "expected"),
    [
        (None, None, ["a", "b", "a"]),
        ("n", None, ["a", "b"]),
        ("n", "a", ["a"]),
        (None, "a", ["a", "a"]),
        ("none", None, []),
        ("n", "none", []),
    ],
)
@pytest.mark.parametrize("phase", ["initial", "window", "log", "live"])
async def test_views_of_a_namespace_or_a_name(
    store: Store, namespace: str | None, name: str | None, expected: list[str], phase: str
) -> None:
    async with world(store, Limits(window_changes=1 if phase == "log" else 1024)) as here:
        await here.cacher.wait_ready()
        start = None if phase == "initial" else here.cacher.revision
        client, seen = Client(), view(namespace=namespace, name=name)
        if phase == "live":
            here.watch(seen, client, start=start)
            await asyncio.sleep(0)
        for place in (("n", "a"), ("n", "b"), ("o", "a")):
            last = await here.put(*place)
        await here.applied(last)
        if phase != "live":
            here.watch(seen, client, start=start)
            marker, _ = here.watch(start=start)
            await marker.until(3)

        await client.until(len(expected))
        assert [told[1] for told in client.told] == expected


async def test_a_cluster_wide_name_does_not_match_its_longer_siblings(here: World) -> None:
    await here.cacher.wait_ready()
    client, _ = here.watch(view(namespace="n", name="a"), start=here.cacher.revision)
    await asyncio.sleep(0)
    await here.put("n", "ab")

    last = await here.put("n", "a")

    assert await client.until_revision(last) == [("ADDED", "a", last)]


async def test_a_timeout_ends_the_watch_and_a_bookmark_comes_before(here: World) -> None:
    await here.put("n", "a")
    other = await here.store.put("/registry/configmaps/n/x", b"{}")
    await here.applied(other)

    client, task = here.watch(bookmarks=True, timeout=0.05)
    await task

    assert client.told[1:] == [("BOOKMARK", "", other)]
    assert not client.aborted
    silent, task = here.watch(timeout=0.01)
    await task
    assert len(silent.told) == 1


async def test_a_timeout_ends_an_initial_state_that_is_not_taken(store: Store) -> None:
    async with world(store, Limits(slice_bytes=100, drained_bytes=200)) as here:
        for number in range(20):
            await here.put("n", f"x{number}")
        client = Client()
        client.stopped = True

        _, task = here.watch(client=client, timeout=0.01)

        await task
        assert not client.aborted
        assert len(client.told) < 20


async def test_a_client_that_left_costs_nothing_more(here: World) -> None:
    encoded: list[str] = []

    def encode(entry: Entry) -> bytes:
        encoded.append(entry.name)
        return entry.data

    await here.cacher.wait_ready()
    client, task = here.watch(view(encode=encode), start=here.cacher.revision)
    await here.put("n", "a")
    await client.until(1)

    task.cancel()
    await asyncio.wait([task])
    await here.put("n", "b")

    assert encoded == ["a"]
    assert not here.cacher.channels


async def test_events_have_kubernetes_form(here: World) -> None:
    revision = await here.put("n", "a")
    client, _ = here.watch()
    await client.until(1)

    entry = here.cacher.get("n", "a")
    assert entry is not None
    assert client.frames == [b'{"type":"ADDED","object":' + entry.data + b"}\n"]
    assert orjson.loads(entry.data)["metadata"]["resourceVersion"] == str(revision)
