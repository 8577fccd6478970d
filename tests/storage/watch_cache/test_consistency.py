"""No gap and no repetition, whenever a watch begins and however small the window: checked against the store."""

import asyncio
import random
from contextlib import suppress

import orjson
import pytest
from tests.storage.watch_cache.harness import PREFIX, Client, World, labelled, view, world

from steersman.storage.store import CompareFailed, Store
from steersman.storage.watch_cache import Entry, Limits, View

NAMESPACES, NAMES, TIERS = ["n", "n-1", "o"], ["a", "b", "c", "d", "e"], ["gold", "tin", ""]


class Replica:
    """A client that builds its own copy of the state, and checks each event against it.

    ``state`` is what it listed at ``revision``; at revision 0 it has nothing and is sent the initial state first.
    """

    def __init__(self, seen: View[bytes], state: dict[tuple[str, str], bytes], revision: int) -> None:
        self.view, self.state, self.revision = seen, state, revision
        self.client = Client()

    def watch(self, here: World) -> None:
        start = self.revision or None
        here.watch(self.view, self.client, start=start, initial_events=start is None, bookmarks=True)

    def replay(self) -> dict[tuple[str, str], bytes]:
        for line in b"".join(self.client.frames).splitlines():
            event = orjson.loads(line)
            kind, metadata = event["type"], event["object"]["metadata"]
            revision = int(metadata["resourceVersion"])
            if kind == "BOOKMARK":
                assert revision >= self.revision
                self.revision = revision
                continue
            if self.revision:
                assert revision > self.revision
                self.revision = revision
            place = (metadata["namespace"], metadata["name"])
            assert (place in self.state) == (kind != "ADDED"), (kind, place)
            if kind == "DELETED":
                del self.state[place]
            else:
                self.state[place] = line.partition(b'"object":')[2][:-1]
        return self.state


async def write(here: World, choose: random.Random, count: int) -> None:
    for _ in range(count):
        namespace, name = choose.choice(NAMESPACES), choose.choice(NAMES)
        if choose.random() < 0.25:
            # Another writer may have deleted it already.
            with suppress(CompareFailed):
                await here.delete(namespace, name)
        else:
            await here.put(namespace, name, choose.choice(TIERS), size=choose.randrange(100))
        for _ in range(choose.choice([0, 0, 1, 5])):
            await asyncio.sleep(0)


def any_view(choose: random.Random) -> View[bytes]:
    tier = choose.choice(["gold", "tin", None])
    return view(
        str(tier),
        namespace=choose.choice([None, None, *NAMESPACES]),
        name=choose.choice([None, None, *NAMES]),
        matches=labelled(tier) if tier else None,
    )


def visible(seen: View[bytes], entries: list[Entry]) -> dict[tuple[str, str], bytes]:
    return {
        (entry.namespace, entry.name): entry.data
        for entry in entries
        if seen.covers(entry) and (seen.matches is None or seen.matches(entry))
    }


async def watch_at_random(here: World, choose: random.Random, writers: list[asyncio.Task[None]]) -> list[Replica]:
    """Watches that begin while the writers write, from nothing or from what was listed some time ago."""
    replicas: list[Replica] = []
    listed: list[tuple[int, list[Entry]]] = []
    while not all(writer.done() for writer in writers):
        listed.append((here.cacher.revision, here.cacher.list()[0]))
        if len(replicas) < 80:
            seen = any_view(choose)
            if choose.random() < 0.3:
                replicas.append(Replica(seen, {}, 0))
            else:
                revision, entries = choose.choice(listed[-30:])
                replicas.append(Replica(seen, visible(seen, entries), revision))
            replicas[-1].watch(here)
        for _ in range(choose.choice([1, 3, 9])):
            await asyncio.sleep(0)
    return replicas


async def caught_up(here: World, replicas: list[Replica], revision: int) -> None:
    """Return once every watch was told, by a bookmark, that it has all up to the revision."""
    while not all(replica.client.frames and replica.client.told[-1][2] >= revision for replica in replicas):
        here.cacher.bookmark()
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("window", [0, 4, 1024])
async def test_every_replica_ends_up_with_the_stores_state(store: Store, seed: int, window: int) -> None:
    choose = random.Random(seed)
    async with world(store, Limits(window_changes=window, slice_bytes=500, bookmark_interval=1e9)) as here:
        await write(here, choose, 20)
        await here.cacher.wait_ready()
        writers = [asyncio.create_task(write(here, random.Random(100 * seed + n), 50)) for n in range(4)]

        replicas = await watch_at_random(here, choose, writers)
        await asyncio.gather(*writers)
        # Whoever still reads the log joins the others at the next event.
        last = await here.put("n", "last")
        await here.applied(last)
        await caught_up(here, replicas, last)

        page = await store.list(PREFIX)
        entries = [entry for kv in page.items if (entry := here.cacher.decode(kv)) is not None]
        assert [entry.data for entry in here.cacher.list()[0]] == [entry.data for entry in entries]
        assert len(replicas) > 10
        for replica in replicas:
            assert replica.replay() == visible(replica.view, entries)
