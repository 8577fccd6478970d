"""An initializer of ConfigMaps on our client library, in a process of its own: it labels each, and lets it go on.

``python -m bench.admission.initializer KUBECONFIG NAME``: see ``examples/initializers`` for what such a program is.
"""

import sys
from dataclasses import replace
from typing import Any

import uvloop

from bench.clients import orders
from bench.config_map import NAMESPACE
from steersman.client import Client
from steersman.client.cache import CachedObject
from steersman.client.config import load_config
from steersman.client.informer import ListWatch, ResourceEventHandlerFuncs, SharedInformer
from steersman.client.kinds.core_v1 import CONFIG_MAPS
from steersman.client.work_queue import RateLimitingQueue
from steersman.client.workers import run_workers

_WORKERS = 8


async def run(client: Client, name: str) -> None:
    maps, queue = client.resource(CONFIG_MAPS), RateLimitingQueue[str]()
    informer = SharedInformer(
        ListWatch(maps, namespace=NAMESPACE, tweak=lambda options: replace(options, include_uninitialized=True))
    )

    def look(one: CachedObject) -> None:
        queue.add(one.key)

    informer.add_event_handler(ResourceEventHandlerFuncs(lambda obj, _: look(obj), lambda _, obj: look(obj)))

    async def initialize(key: str) -> None:
        one = informer.indexer.get_by_key(key)
        waiting = ((one and one["metadata"].get("initializers")) or {}).get("pending") or ()
        if one is None or not waiting or waiting[0]["name"] != name:
            return
        wanted: Any = one.deep_copy()
        wanted["metadata"]["initializers"]["pending"].pop(0)
        wanted["metadata"].setdefault("labels", {})[name] = "was-here"
        await maps.update(wanted)

    async with informer:
        await informer.wait_for_sync()
        orders.answer("ready")
        await run_workers(queue, initialize, name=name, workers=_WORKERS)


async def main(kubeconfig: str, name: str) -> None:
    async with Client(replace(load_config(kubeconfig), qps=-1)) as client:
        await run(client, name)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
