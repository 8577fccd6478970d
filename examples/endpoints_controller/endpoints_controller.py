"""A controller in five steps: for every Endpoints object NAME it keeps a ConfigMap NAME-endpoints of its addresses."""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable

from steersman.client import Client
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.config import load_config
from steersman.client.informer import (
    ListWatch,
    ResourceEventHandlerFuncs,
    RestResource,
    SharedInformer,
    wait_for_cache_sync,
)
from steersman.client.kinds.core_v1 import CONFIG_MAPS, ENDPOINTS, ConfigMap
from steersman.client.work_queue import RateLimitingQueue


def owners(state: CachedObject | DeletedFinalStateUnknown) -> list[str]:
    last = state.object if isinstance(state, DeletedFinalStateUnknown) else state
    if last is None:
        return []
    return [f"{last.namespace}/{one.name}" for one in last.owner_references if one.kind == "Endpoints"]


def config_map_of(endpoints: CachedObject) -> ConfigMap:
    subsets = endpoints.deep_copy().get("subsets") or ()
    addresses = sorted(address["ip"] for subset in subsets for address in subset.get("addresses") or ())
    owner = {"apiVersion": "v1", "kind": "Endpoints", "name": endpoints.name, "uid": endpoints.uid, "controller": True}
    metadata = {"namespace": endpoints.namespace, "name": f"{endpoints.name}-endpoints", "ownerReferences": [owner]}
    return {"metadata": metadata, "data": {"addresses": "\n".join(addresses)}}  # type: ignore[typeddict-item]


class EndpointsController:
    def __init__(self, client: Client) -> None:
        self.client = client.resource(CONFIG_MAPS)
        self.queue: RateLimitingQueue[str] = RateLimitingQueue()
        # 1. ListWatch: which objects there are to know of.
        endpoints, config_maps = (ListWatch(RestResource(client.rest, kind)) for kind in (ENDPOINTS, CONFIG_MAPS))
        # 2. Informers: caches of them, one with an index that finds the ConfigMaps of an Endpoints object.
        self.endpoints, self.config_maps = SharedInformer(endpoints), SharedInformer(config_maps, 0, {"owner": owners})
        # 3. Event handlers: of what happens, only whom to look at goes into the work queue.
        self.endpoints.add_event_handler(self.look_at(lambda state: [state.key]))
        self.config_maps.add_event_handler(self.look_at(owners))

    def look_at(
        self, keys: Callable[[CachedObject | DeletedFinalStateUnknown], list[str]]
    ) -> ResourceEventHandlerFuncs:
        def look(*states: CachedObject | DeletedFinalStateUnknown) -> None:
            for key in (key for state in states for key in keys(state)):
                self.queue.add(key)

        return ResourceEventHandlerFuncs(lambda obj, _: look(obj), look, look)

    async def run(self, workers: int = 2) -> None:
        """Keep the ConfigMaps right until cancelled."""
        async with self.endpoints, self.config_maps, asyncio.TaskGroup() as tasks:
            await wait_for_cache_sync(
                self.endpoints, self.config_maps
            )  # 4. Before that, much would seem to be missing.
            for _ in range(workers):  # 5. Workers: each compares what is with what should be, and acts.
                tasks.create_task(self.work())

    async def work(self) -> None:
        async for key in self.queue:
            try:
                await self.sync(key)
                self.queue.forget(key)
            except Exception as error:
                logging.warning("%s will be tried again: %s", key, error)
                self.queue.add_rate_limited(key)
            finally:
                self.queue.done(key)

    async def sync(self, key: str) -> None:
        endpoints = self.endpoints.indexer.get_by_key(key)
        if endpoints is None or endpoints.deletion_timestamp:
            for orphan in self.config_maps.indexer.by_index("owner", key):
                await self.client.delete(orphan.name, namespace=orphan.namespace, uid=orphan.uid)
            return
        wanted = config_map_of(endpoints)
        found = self.config_maps.indexer.get_by_key(f"{key}-endpoints")
        if found is None:
            await self.client.create(wanted)
        elif found.get("data") != wanted["data"] or owners(found) != [key]:
            wanted["metadata"]["resourceVersion"] = found.resource_version
            await self.client.update(wanted)


async def main(kubeconfig: str | None) -> None:
    async with Client(load_config(kubeconfig)) as client:
        running = asyncio.create_task(EndpointsController(client).run())
        for stop in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(stop, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", help="default: as kubectl finds it")
    asyncio.run(main(parser.parse_args().kubeconfig))
