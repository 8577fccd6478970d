"""A controller in five steps: for every Endpoints object NAME it keeps a ConfigMap NAME-endpoints of its addresses."""

import asyncio
import signal
import sys

from steersman.client import Client
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.config import load_config
from steersman.client.informer import ListWatch, ResourceEventHandlerFuncs, SharedInformer, wait_for_cache_sync
from steersman.client.kinds.core_v1 import CONFIG_MAPS, ENDPOINTS, ConfigMap
from steersman.client.work_queue import RateLimitingQueue
from steersman.client.workers import run_workers

SUFFIX, OURS = "-endpoints", {"app.kubernetes.io/managed-by": "endpoints-controller"}


def wanted(endpoints: CachedObject, version: str = "") -> ConfigMap:
    subsets = endpoints.deep_copy().get("subsets") or ()
    ips = sorted(address["ip"] for subset in subsets for address in subset.get("addresses") or ())
    return {
        "metadata": {
            "namespace": endpoints.namespace,
            "name": endpoints.name + SUFFIX,
            "labels": OURS,
            "resourceVersion": version,
        },
        "data": {"addresses": "\n".join(ips)},
    }


async def run(client: Client) -> None:
    writing, queue = client.resource(CONFIG_MAPS), RateLimitingQueue[str]()
    # 1. ListWatch: which objects there are to know of. 2. Informers with their indexers: what is known of them.
    endpoints = SharedInformer(ListWatch(client.resource(ENDPOINTS)))
    label_selector = ",".join(map("=".join, OURS.items()))
    config_maps = SharedInformer(ListWatch(writing, label_selector=label_selector))

    # 3. Event handlers: of all that happens, only what has to be looked at goes into the work queue.
    def look(*states: CachedObject | DeletedFinalStateUnknown) -> None:
        queue.add(states[-1].key.removesuffix(SUFFIX))

    for informer in (endpoints, config_maps):
        informer.add_event_handler(ResourceEventHandlerFuncs(lambda obj, _: look(obj), look, look))

    async def sync(key: str) -> None:
        """Compare what is with what should be, and act; what raises is tried again."""
        source, found = endpoints.indexer.get_by_key(key), config_maps.indexer.get_by_key(key + SUFFIX)
        if source is None and found is not None:
            await writing.delete(found.name, namespace=found.namespace, uid=found.uid)
        elif source is not None and found is None:
            await writing.create(wanted(source))
        elif source is not None and found is not None and found.get("data") != wanted(source)["data"]:
            await writing.update(wanted(source, found.resource_version))

    async with endpoints, config_maps:
        await wait_for_cache_sync(endpoints, config_maps)  # 4. Before that, much would seem to be missing.
        await run_workers(queue, sync, name="endpoints controller", workers=2)  # 5. Until the stop signal.


async def main(kubeconfig: str | None) -> None:
    async with Client(load_config(kubeconfig)) as client:
        running = asyncio.create_task(run(client))
        for stop in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(stop, running.cancel)
        await asyncio.wait([running])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
