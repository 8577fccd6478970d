"""A shared informer of a real control plane: its store, its event handlers, its start and stop."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from tests.client.informer.cluster import Cluster, running_cluster
from tests.client.informer.told import Told, value

from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject
from steersman.client.informer import (
    InformerStopped,
    ListWatch,
    ResourceEventHandlerFuncs,
    SharedInformer,
    wait_for_cache_sync,
)


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
        assert informer.last_sync_resource_version == (await cluster.list())[0]


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
        assert "default/one" in caplog.text


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
