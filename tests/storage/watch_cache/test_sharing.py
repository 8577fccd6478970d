"""What watchers share, how their events gather, and that a slow one is cut."""

import asyncio

import pytest
from tests.storage.watch_cache.harness import Client, World, labelled, view, world

from steersman.storage.store import Store
from steersman.storage.watch_cache import Entry, Limits


class Encoder:
    """Counts what is encoded."""

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def __call__(self, entry: Entry) -> bytes:
        self.encoded.append(entry.name)
        return entry.data


async def join(here: World, *clients: Client, **options: bool) -> list[asyncio.Task[None]]:
    """Watches of these clients that have caught up."""
    await here.cacher.wait_ready()
    tasks = [here.watch(view(), client, start=here.cacher.revision, **options)[1] for client in clients]
    await asyncio.sleep(0)
    return tasks


async def test_equal_views_share_one_encoding_and_the_very_same_frame(here: World) -> None:
    encoder = Encoder()
    await here.cacher.wait_ready()
    clients = [here.watch(view("k", encode=encoder), start=here.cacher.revision)[0] for _ in range(50)]
    await asyncio.sleep(0)

    await here.put("n", "a")

    await asyncio.gather(*(client.until(1) for client in clients))
    assert encoder.encoded == ["a"]
    assert len({id(client.frames[0]) for client in clients}) == 1


async def test_other_keys_have_their_own_encoding(here: World) -> None:
    await here.cacher.wait_ready()
    start = here.cacher.revision
    plain, _ = here.watch(view("plain"), start=start)
    other, _ = here.watch(view("other", encode=lambda entry: entry.data.replace(b"Database", b"Base")), start=start)
    await asyncio.sleep(0)

    await here.put("n", "a")

    await asyncio.gather(plain.until(1), other.until(1))
    assert [client.events[0]["object"]["kind"] for client in (plain, other)] == ["Database", "Base"]


async def test_an_event_costs_nothing_in_channels_of_other_namespaces_and_names(here: World) -> None:
    await here.cacher.wait_ready()
    encoders: dict[str, Encoder] = {}
    for place in ("n", "o", "n/a", "n/b", "o/a", "*/a", "*/b"):
        namespace, _, name = place.partition("/")
        encoder = encoders[place] = Encoder()

        def matches(entry: Entry, asked: list[str] = encoder.encoded) -> bool:
            asked.append(entry.name)
            return True

        seen = view(namespace=None if namespace == "*" else namespace, name=name or None, matches=matches)
        here.watch(seen, start=here.cacher.revision)
    await asyncio.sleep(0)

    await here.put("n", "a")

    assert {place for place, encoder in encoders.items() if encoder.encoded} == {"n", "n/a", "*/a"}


async def test_a_lone_event_is_delivered_before_its_writer_goes_on(here: World) -> None:
    client = Client()
    await join(here, client)

    for number in range(3):
        await here.put("n", f"x{number}")
        await asyncio.sleep(0)

        assert len(client.frames) == number + 1


async def test_a_burst_comes_in_fewer_frames_than_events(here: World) -> None:
    clients = [Client() for _ in range(100)]
    await join(here, *clients)

    revisions = await asyncio.gather(*(here.put("n", f"x{number:03}") for number in range(300)))

    told = await clients[0].until(300)
    await asyncio.gather(*(client.until_revision(max(revisions)) for client in clients))
    assert [revision for _, _, revision in told] == sorted(revisions)
    assert len(clients[0].frames) < 20
    assert all(client.frames == clients[0].frames for client in clients)


async def test_under_steady_load_events_gather(here: World) -> None:
    clients = [Client() for _ in range(500)]
    await join(here, *clients)

    for number in range(100):
        await here.put("n", f"x{number:03}")

    await clients[0].until(100)
    assert len(clients[0].frames) < 100


async def test_who_joins_in_the_middle_of_a_burst_gets_each_event_once(here: World) -> None:
    await here.cacher.wait_ready()
    clients: list[tuple[int, Client]] = []
    writes = [asyncio.create_task(here.put("n", f"x{number}")) for number in range(200)]
    while not all(write.done() for write in writes) and len(clients) < 100:
        start = here.cacher.revision
        clients.append((start, here.watch(start=start)[0]))
        await asyncio.sleep(0)
    last = max(await asyncio.gather(*writes))

    for start, client in clients:
        told = [] if start == last else await client.until_revision(last)
        assert [revision for _, _, revision in told] == list(range(start + 1, last + 1))


async def test_a_slow_client_is_cut_and_the_others_go_on(store: Store) -> None:
    async with world(store, Limits(sink_bytes=2_000)) as here:
        slow, fast = Client(), Client()
        slow.stopped = True
        ended, _ = await join(here, slow, fast)

        for number in range(50):
            await here.put("n", f"x{number}")
        await fast.until(50)

        await ended
        assert slow.aborted
        assert slow.buffered < 5_000
        assert not fast.aborted


async def test_a_client_whose_sink_fails_does_not_harm_the_others(here: World) -> None:
    class Broken(Client):
        def send(self, frame: bytes) -> None:
            raise RuntimeError("broken")

    broken, sound = Broken(), Client()
    ended, _ = await join(here, broken, sound)

    revision = await here.put("n", "a")

    assert await sound.until(1) == [("ADDED", "a", revision)]
    await ended


async def test_bookmarks_tell_how_far_a_quiet_watch_has_come(store: Store) -> None:
    async with world(store, Limits(bookmark_interval=0.01)) as here:
        asked, silent = Client(), Client()
        await join(here, asked, bookmarks=True)
        await join(here, silent)
        mine = await here.put("n", "a")
        other = await store.put("/registry/configmaps/n/x", b"{}")

        await asked.until_revision(other)
        newest = await here.put("n", "b")
        told = await asked.until_revision(newest)

        revisions = [revision for _, _, revision in told]
        assert revisions == sorted(revisions)
        assert ("BOOKMARK", "", other) in told
        assert [event for event in told if event[0] != "BOOKMARK"] == [("ADDED", "a", mine), ("ADDED", "b", newest)]
        assert await silent.until(2) == [("ADDED", "a", mine), ("ADDED", "b", newest)]


async def test_a_bookmark_is_not_ahead_of_pending_events(store: Store) -> None:
    async with world(store, Limits(bookmark_interval=0.001)) as here:
        clients = [Client() for _ in range(100)]
        await join(here, *clients, bookmarks=True)

        for number in range(100):
            last = await here.put("n", f"x{number}")

        told = await clients[0].until_revision(last)
        revisions = [revision for _, _, revision in told]
        assert revisions == sorted(revisions)


async def test_selectors_are_asked_once_for_all_watchers_of_a_view(here: World) -> None:
    asked: list[int] = []

    def matches(entry: Entry) -> bool:
        asked.append(entry.revision)
        return labelled("gold")(entry)

    await here.cacher.wait_ready()
    seen = view(matches=matches)
    clients = [here.watch(seen, start=here.cacher.revision)[0] for _ in range(20)]
    await asyncio.sleep(0)

    revision = await here.put("n", "a", "gold")
    await asyncio.gather(*(client.until(1) for client in clients))

    assert asked == [revision]


@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_a_frame_is_bounded(here: World, size: int) -> None:
    client = Client()
    await join(here, client)

    await asyncio.gather(*(here.put("n", f"x{number}", data="x" * size) for number in range(4)))
    await client.until(4)

    assert len(client.frames) == (1 if size == 100 else 4)
