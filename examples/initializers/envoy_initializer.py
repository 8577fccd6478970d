"""An initializer: gives new Deployments the containers and volumes of a ConfigMap, before anybody else sees them."""

import argparse
import asyncio
import signal
import sys
from dataclasses import replace
from typing import Any

import orjson
import yaml

from steersman.apimachinery.strategic_merge import PatchMeta, create_two_way
from steersman.client import Client, PatchType
from steersman.client.cache import CachedObject
from steersman.client.config import load_config
from steersman.client.informer import ListWatch, ResourceEventHandlerFuncs, SharedInformer
from steersman.client.kinds.apps_v1 import DEPLOYMENTS
from steersman.client.kinds.core_v1 import CONFIG_MAPS
from steersman.client.work_queue import RateLimitingQueue
from steersman.client.workers import run_workers


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-annotation", default="initializer.kubernetes.io/envoy", help="that marks what is initialized")
    parser.add_argument("-require-annotation", action="store_true", help="leave alone what has no such annotation")
    parser.add_argument("-initializer-name", default="envoy.initializer.kubernetes.io", help="as it is configured")
    parser.add_argument("-configmap", default="envoy-initializer", help="with the containers and volumes to add")
    parser.add_argument("-namespace", default="default", help="of the ConfigMap")
    parser.add_argument("-kubeconfig", help="of another cluster than kubectl would talk to")
    return parser.parse_args(arguments)


async def run(client: Client, options: argparse.Namespace) -> None:
    deployments, queue = client.resource(DEPLOYMENTS), RateLimitingQueue[str]()
    config_map = await client.resource(CONFIG_MAPS).get(options.configmap, namespace=options.namespace)
    config, merging = yaml.safe_load(config_map["data"]["config"]), await patch_meta(client)

    # What waits for an initializer is shown to those only who ask for it.
    uninitialized = ListWatch(deployments, tweak=lambda options: replace(options, include_uninitialized=True))
    informer = SharedInformer(uninitialized)

    def look(deployment: CachedObject) -> None:
        queue.add(deployment.key)

    informer.add_event_handler(ResourceEventHandlerFuncs(lambda obj, _: look(obj), lambda _, obj: look(obj)))

    async def initialize(key: str) -> None:
        deployment = informer.indexer.get_by_key(key)
        if deployment is None or not is_my_turn(deployment, options.initializer_name):
            return
        wanted: Any = deployment.deep_copy()
        waiting = wanted["metadata"]["initializers"]["pending"]
        waiting.pop(0)
        if not waiting:
            del wanted["metadata"]["initializers"]
        if options.annotation in deployment.annotations or not options.require_annotation:
            add(config, wanted["spec"]["template"]["spec"])
        patch = create_two_way(deployment.deep_copy(), wanted, merging)
        # Only what was looked at is changed: if it is another one by now, it is looked at again.
        patch.setdefault("metadata", {})["resourceVersion"] = deployment.resource_version
        patch_type = PatchType.STRATEGIC_MERGE
        await deployments.patch(deployment.name, patch, type=patch_type, namespace=deployment.namespace)

    async with informer:
        await informer.wait_for_sync()
        await run_workers(queue, initialize, name=options.initializer_name, workers=2)


def is_my_turn(deployment: CachedObject, name: str) -> bool:
    waiting = list((deployment["metadata"].get("initializers") or {}).get("pending") or ())
    return bool(waiting) and waiting[0]["name"] == name


def add(config: dict[str, Any], pod_spec: dict[str, Any]) -> None:
    """Put the containers and volumes of ``config`` in the place of those of their names, or beside them."""
    for member in ("containers", "volumes"):
        added = {one["name"]: one for one in config.get(member) or ()}
        kept = [one for one in pod_spec.get(member) or () if one["name"] not in added]
        pod_spec[member] = [*kept, *added.values()]


async def patch_meta(client: Client) -> PatchMeta:
    """How the fields of a Deployment merge, as the server publishes it."""
    answer = await client.rest.request("GET", "/openapi/v3/apis/apps/v1")
    schemas = orjson.loads(answer.body)["components"]["schemas"]
    return PatchMeta(schemas["io.k8s.api.apps.v1.Deployment"], lambda ref: schemas[ref.rpartition("/")[2]])


async def main(arguments: list[str]) -> None:
    given = options(arguments)
    async with Client(load_config(given.kubeconfig)) as client:
        running = asyncio.create_task(run(client, given))
        for stop in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(stop, running.cancel)
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
