"""Our client library: its SharedInformer, with an index by namespace and one by a label."""

import asyncio

import uvloop

from bench.clients import orders
from bench.config_map import NAMESPACE
from steersman.client import Client
from steersman.client.cache import CachedObject
from steersman.client.config import load_config
from steersman.client.informer import ListWatch, ResourceEventHandlerFuncs, RestResource, SharedInformer
from steersman.client.kinds.core_v1 import CONFIG_MAPS


def by_part(item: CachedObject) -> tuple[str]:
    return (item.labels["part"],)


async def main() -> None:
    task = orders.given()
    added, updated = orders.Tally("synced", task.objects), orders.Tally("events", task.events)
    handler = ResourceEventHandlerFuncs(on_add=lambda *_: added.count(), on_update=lambda *_: updated.count())
    async with Client(load_config(task.kubeconfig)) as client:
        config_maps = ListWatch(RestResource(client.rest, CONFIG_MAPS), namespace=NAMESPACE)
        informer = SharedInformer(config_maps, indexers={"part": by_part})
        informer.add_event_handler(handler)
        orders.answer("ready")
        await asyncio.to_thread(orders.wait_for, "sync")
        async with informer:
            while True:
                await asyncio.to_thread(orders.wait_for, "read")
                items = informer.indexer.by_index("namespace", NAMESPACE)
                orders.answer_read((item["data"] for item in items), task.edition)


if __name__ == "__main__":
    uvloop.run(main())
