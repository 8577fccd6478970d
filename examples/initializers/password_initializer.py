"""An initializer that has a say and no more: Secrets whose password is too short are not created."""

import argparse
import asyncio
import base64
import signal
import sys
from dataclasses import replace
from typing import Any

from steersman.client import Client
from steersman.client.cache import CachedObject
from steersman.client.config import load_config
from steersman.client.informer import ListWatch, ResourceEventHandlerFuncs, SharedInformer
from steersman.client.kinds.core_v1 import SECRETS
from steersman.client.work_queue import RateLimitingQueue
from steersman.client.workers import run_workers

NAME = "password.initializer.kubernetes.io"


async def run(client: Client, min_length: int) -> None:
    secrets, queue = client.resource(SECRETS), RateLimitingQueue[str]()
    informer = SharedInformer(ListWatch(secrets, tweak=lambda options: replace(options, include_uninitialized=True)))

    def look(secret: CachedObject) -> None:
        queue.add(secret.key)

    informer.add_event_handler(ResourceEventHandlerFuncs(lambda obj, _: look(obj), lambda _, obj: look(obj)))

    async def decide(key: str) -> None:
        secret = informer.indexer.get_by_key(key)
        waiting = ((secret and secret["metadata"].get("initializers")) or {}).get("pending") or ()
        if secret is None or not waiting or waiting[0]["name"] != NAME:
            return
        wanted: Any = secret.deep_copy()
        length = len(base64.b64decode((wanted.get("data") or {}).get("password", "")))
        if length < min_length:
            wanted["metadata"]["initializers"]["result"] = refusal(secret.name, length, min_length)
        else:
            wanted["metadata"]["initializers"]["pending"].pop(0)
        await secrets.update(wanted)

    async with informer:
        await informer.wait_for_sync()
        await run_workers(queue, decide, name="password initializer", workers=2)


def refusal(name: str, length: int, min_length: int) -> dict[str, Any]:
    """The Status that the creator gets."""
    return {
        "status": "Failure",
        "code": 422,
        "reason": "Invalid",
        "message": f'Secret "{name}" is invalid: its password has {length} bytes, and must have {min_length} at least',
    }


async def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-min-length", type=int, default=12, help="of a password, in bytes")
    parser.add_argument("-kubeconfig", help="of another cluster than kubectl would talk to")
    given = parser.parse_args(arguments)
    async with Client(load_config(given.kubeconfig)) as client:
        running = asyncio.create_task(run(client, given.min_length))
        for stop in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(stop, running.cancel)
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
