"""Informers for all parts of a program."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.client.informer.cluster import CONFIG_MAPS, Cluster, running_cluster

from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.informer import InformerStopped, SharedInformerFactory

NAMESPACES = ApiResource("", "v1", "namespaces", "Namespace", False, DICTS)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with running_cluster() as cluster:
        yield cluster


async def test_there_is_one_informer_for_each_kind(cluster: Cluster) -> None:
    factory = SharedInformerFactory(cluster, namespace="default")
    config_maps, namespaces = factory.for_resource(CONFIG_MAPS), factory.for_resource(NAMESPACES)
    assert factory.for_resource(CONFIG_MAPS) is config_maps
    assert config_maps is not namespaces
    await cluster.create("one")

    async with factory:
        await factory.wait_for_cache_sync(timeout=10)
        assert config_maps.indexer.list_keys() == ["default/one"]
        assert "default" in namespaces.indexer.list_keys()
    assert config_maps.is_stopped


async def test_informers_that_come_late_are_started_later(cluster: Cluster) -> None:
    async with SharedInformerFactory(cluster) as factory:
        late = factory.for_resource(CONFIG_MAPS)
        await factory.wait_for_cache_sync(timeout=10)
        assert not late.has_synced
        factory.start()
        factory.start()
        await factory.wait_for_cache_sync(timeout=10)
        assert late.lister.list() == []


async def test_all_requests_and_objects_pass_through_the_hands_of_the_factory(cluster: Cluster) -> None:
    await cluster.create("one", labels={"app": "web"})
    await cluster.create("two")
    factory = SharedInformerFactory(
        cluster,
        tweak=lambda options: replace(options, label_selector="app=web"),
        transform=lambda obj: type(obj).from_dict({**obj.deep_copy(), "data": {}}),
    )
    informer = factory.for_resource(CONFIG_MAPS)
    async with factory:
        await factory.wait_for_cache_sync(timeout=10)
        assert [(obj.name, dict(obj["data"])) for obj in informer.indexer.list()] == [("one", {})]


async def test_a_factory_that_was_shut_down_does_not_start_again(cluster: Cluster) -> None:
    factory = SharedInformerFactory(cluster)
    await factory.shutdown()
    with pytest.raises(InformerStopped):
        factory.start()
