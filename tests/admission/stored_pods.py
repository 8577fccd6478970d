"""Pods in a store without a server around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from steersman.admission.pod_spec import PODS
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.url import open_store
from steersman.storage.watch_cache import WatchCache


@asynccontextmanager
async def stored(*pods: Any) -> AsyncIterator[tuple[ObjectReader, Resource]]:
    """A reader of a store with ``pods`` in the namespace ``default``, and the resource that they are of."""
    catalog = Catalog(37)
    facts = [one for one in catalog.resources() if (one.group, one.plural) == ("", "pods")]
    served = ServedResources()
    served.install(builtin_resources(facts, Definitions(catalog), {}))
    resource = served.of_group_resource(PODS)
    assert resource is not None
    assert resource.stored is not None
    store = open_store("memory:")
    await store.open()
    cache = WatchCache(store)
    await cache.start()
    for one in pods:
        await store.put(resource.stored.key("default", one["metadata"]["name"]), orjson.dumps(one), 0)
    yield ObjectReader(cache, served), resource
    await cache.stop()
    await store.close()
