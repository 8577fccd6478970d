"""A shared informer of a real control plane: its store, its event handlers, its start and stop."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from tests.client.informer.cluster import Cluster, running_cluster
from tests.client.informer.scripted_server import (
    EXPIRED,
    FOREVER,
    ScriptedServer,
    Watch,
    bookmark,
    config_map,
    error_event,
    event,
)
from tests.client.informer.told import Told, value
from tests.client.work_queue.virtual_time import clock, run

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import (
    InformerStopped,
    ListWatch,
    ResourceEventHandlerFuncs,
    RestResource,
    SharedInformer,
    Timing,
    wait_for_cache_sync,
)

UNKNOWN = ApiResource("example.com", "v1", "widgets", "Widget", True, DICTS)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def informer(cluster: Cluster) -> SharedInformer:
    return SharedInformer(ListWatch(cluster.config_maps, namespace="default"), indexers={"value": lambda o: [value(o)]})


async def test_the_store_has_what_there_was_and_what_comes(cluster: Cluster, informer: SharedInformer) -> None:
    await cluster.create("one", "red")
    told = Told()
    registration = informer.add_event_handler(told)

    async with informer:
        await wait_for_cache_sync(informer, registration, timeout=10)
        assert told.events == [("add", "one", "red", True)]
        await cluster.create("two", "red")
        await cluster.update("one", "blue")
        await cluster.delete("two")
        assert await told.of(4) == [
            ("add", "one", "red", True),
            ("add", "two", "red", False),
            ("update", "one", "red", "blue"),
            ("delete", "two", "red"),
        ]
        assert [obj.name for obj in informer.indexer.by_index("value", "blue")] == ["one"]
        assert informer.indexer.by_index("value", "red") == []
        assert informer.lister.by_namespace("default").get("one") == informer.indexer.get_by_key("default/one")
        with pytest.raises(ApiError, match='configmaps "two" not found'):
            informer.lister.by_namespace("default").get("two")
        known = int(informer.lister.by_namespace("default").get("one").resource_version)
        assert known < int(informer.last_sync_resource_version) <= int((await cluster.list())[0])


async def test_a_handler_that_comes_late_is_told_of_all_there_is(cluster: Cluster, informer: SharedInformer) -> None:
    await cluster.create("one", "red")
    async with informer:
        await informer.wait_for_sync()
        late = Told()
        registration = informer.add_event_handler(late)
        assert not registration.has_synced
        await cluster.create("two", "blue")
        assert await late.of(2) == [("add", "one", "red", True), ("add", "two", "blue", False)]
        assert registration.has_synced


async def test_a_handler_that_waits_or_fails_holds_up_nobody(
    cluster: Cluster, informer: SharedInformer, caplog: pytest.LogCaptureFixture
) -> None:
    never = asyncio.Event()

    async def wait(obj: CachedObject, _: bool) -> None:
        await never.wait()

    def fail(obj: CachedObject, _: bool) -> None:
        if obj.name == "one":
            raise ValueError("out of order")
        failing.on_add(obj, False)

    waiting = informer.add_event_handler(ResourceEventHandlerFuncs(on_add=wait))
    failing, told = Told(), Told()
    informer.add_event_handler(ResourceEventHandlerFuncs(on_add=fail))
    informer.add_event_handler(told)
    async with informer:
        await informer.wait_for_sync()
        with caplog.at_level(logging.ERROR):
            for name in ("one", "two", "three"):
                await cluster.create(name)
            await told.of(3)
            await failing.of(2)
        assert len(informer.indexer) == 3
        assert len(waiting) == 2, "one is being told, two wait"
        assert [event[1] for event in failing.events] == ["two", "three"]
        assert "an event handler of configmaps failed on AddNotification of default/one" in caplog.text


async def test_a_handler_that_is_removed_is_told_nothing_more(cluster: Cluster, informer: SharedInformer) -> None:
    gone, told = Told(), Told()
    registration = informer.add_event_handler(gone)
    informer.add_event_handler(told)
    async with informer:
        await cluster.create("one")
        await gone.of(1)
        informer.remove_event_handler(registration)
        informer.remove_event_handler(registration)
        await cluster.create("two")
        await told.of(2)
        assert len(gone.events) == 1


async def test_it_runs_once(informer: SharedInformer) -> None:
    async with informer:
        await informer.wait_for_sync()
        with pytest.raises(RuntimeError, match="already started"):
            await informer.run()
        with pytest.raises(RuntimeError, match="already started"):
            informer.set_transform(None)
    assert informer.is_stopped
    with pytest.raises(RuntimeError, match="already started"):
        await informer.run()
    with pytest.raises(InformerStopped):
        informer.add_event_handler(Told())
    with pytest.raises(InformerStopped):
        informer.add_indexers({"name": lambda obj: [obj.name]})


async def test_what_is_stored_and_told_was_transformed(cluster: Cluster, informer: SharedInformer) -> None:
    def without_value(obj: CachedObject) -> CachedObject:
        if obj.name == "bad":
            raise ValueError("this one is not wanted")
        return CachedObject.from_dict({**obj.deep_copy(), "data": {"value": "-"}})

    informer.set_transform(without_value)
    told = Told()
    informer.add_event_handler(told)
    await cluster.create("one", "red")
    async with informer:
        await informer.wait_for_sync()
        await cluster.create("bad", "red")
        await cluster.create("two", "red")
        assert await told.of(2) == [("add", "one", "-", True), ("add", "two", "-", False)]
        assert [value(obj) for obj in informer.indexer.list()] == ["-", "-"]


async def test_objects_cannot_be_changed(cluster: Cluster, informer: SharedInformer) -> None:
    await cluster.create("one", "red")
    async with informer:
        await informer.wait_for_sync()
        with pytest.raises(TypeError, match="read-only"):
            informer.indexer.list()[0]["data"]["value"] = "blue"


async def test_selectors_narrow_what_is_seen(cluster: Cluster) -> None:
    web_but_c = ListWatch(cluster.config_maps, label_selector="app=web", field_selector="metadata.name!=c")
    informer = SharedInformer(web_but_c)
    told = Told()
    informer.add_event_handler(told)
    await cluster.create("a", labels={"app": "web"})
    await cluster.create("b", labels={"app": "db"})
    await cluster.create("c", labels={"app": "web"})
    async with informer:
        await told.of(1)
        await cluster.update("b", "now", labels={"app": "web"})
        await cluster.update("a", "gone", labels={})
        assert await told.of(3) == [("add", "a", "", True), ("add", "b", "now", False), ("delete", "a", "")]


async def test_async_handlers_are_waited_for(cluster: Cluster, informer: SharedInformer) -> None:
    order: list[str] = []

    async def slow(obj: CachedObject, _: bool) -> None:
        order.append(f"{obj.name} begins")
        await asyncio.sleep(0.001)
        order.append(f"{obj.name} ends")

    registration = informer.add_event_handler(ResourceEventHandlerFuncs(on_add=slow))
    for name in ("one", "two"):
        await cluster.create(name)
    async with informer:
        await informer.wait_for_sync()
        assert not registration.has_synced
        await registration.wait_for_sync()
    assert order == ["one begins", "one ends", "two begins", "two ends"]


async def test_waiting_for_one_that_stops_or_takes_too_long_ends(cluster: Cluster, informer: SharedInformer) -> None:
    async def never(obj: CachedObject, _: bool) -> None:
        await asyncio.Event().wait()

    await cluster.create("one")
    registration = informer.add_event_handler(ResourceEventHandlerFuncs(on_add=never))
    async with informer:
        with pytest.raises(TimeoutError, match=r"[12] of 2 caches have not synced in time; the log has why"):
            await wait_for_cache_sync(informer, registration, timeout=0.01)
        waiting = asyncio.create_task(registration.wait_for_sync())
        await asyncio.sleep(0)
    with pytest.raises(InformerStopped):
        await waiting


def test_handlers_are_told_again_in_their_own_periods() -> None:
    async def scenario() -> tuple[Told, Told, Told]:
        often, seldom, never = Told(), Told(), Told()
        server = ScriptedServer([Watch([event("ADDED", config_map("a", 1)), bookmark(1, end=True), FOREVER])])
        informer = SharedInformer(server, resync_period=30.0, timing=Timing(clock))
        informer.add_event_handler(often, resync_period=10.0)
        informer.add_event_handler(seldom)
        informer.add_event_handler(never, resync_period=0.0)
        async with informer:
            await asyncio.sleep(65)
        return often, seldom, never

    often, seldom, never = run(scenario)
    assert often.events == [("add", "a", "", True)] + [("update", "a", "", "")] * 6
    assert seldom.events == [("add", "a", "", True)] + [("update", "a", "", "")] * 2
    assert never.events == [("add", "a", "", True)]


async def test_what_was_deleted_unseen_leaves_a_tombstone() -> None:
    a, b = config_map("a", 1, "last"), config_map("b", 2)
    first = Watch([event("ADDED", a), event("ADDED", b), bookmark(2, end=True), error_event(EXPIRED)])
    second = Watch([event("ADDED", b), bookmark(9, end=True), FOREVER])

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    informer = SharedInformer(ScriptedServer([first, second]), timing=Timing(sleep=at_once))
    told = Told()
    informer.add_event_handler(told)
    async with informer:
        events = await told.of(4)
    assert events[2:] == [("update", "b", "", ""), ("tombstone", "default/a", "last")]


async def test_a_watch_error_handler_hears_of_trouble(cluster: Cluster) -> None:
    informer = SharedInformer(ListWatch(RestResource(cluster.rest, UNKNOWN)))
    heard: asyncio.Queue[Exception] = asyncio.Queue()
    informer.set_watch_error_handler(lambda _, error: heard.put_nowait(error))
    async with informer, asyncio.timeout(10):
        assert str(await heard.get()) == "the server could not find the requested resource"
        assert not informer.has_synced


async def test_many_events_do_not_keep_others_from_running() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    many = b"".join(event("ADDED", config_map(f"c{number}", number)) for number in range(1, 5001))
    informer = SharedInformer(ScriptedServer([Watch([many, bookmark(5000, end=True), FOREVER])]))
    registration = informer.add_event_handler(Told())
    counting = asyncio.create_task(count())
    async with informer:
        await registration.wait_for_sync()
    counting.cancel()
    assert len(informer.indexer) == 5000
    assert turns > 30
