"""kr8s: its watch, which begins with all objects, into a dictionary; it has neither store nor indexes."""

import asyncio
from typing import Any

import kr8s.asyncio
import uvloop

from bench.clients import orders
from bench.config_map import NAMESPACE


async def watch(api: Any, task: orders.Orders, store: dict[str, Any]) -> None:
    added, updated = orders.Tally("synced", task.objects), orders.Tally("events", task.events)
    tallies = {"ADDED": added, "MODIFIED": updated}
    async for kind, item in api.watch("configmaps", namespace=NAMESPACE):
        store[item.name] = item
        tallies[kind].count()


async def main() -> None:
    task = orders.given()
    api = await kr8s.asyncio.api(kubeconfig=task.kubeconfig)
    store: dict[str, Any] = {}
    orders.answer("ready")
    await asyncio.to_thread(orders.wait_for, "sync")
    async with asyncio.TaskGroup() as group:
        group.create_task(watch(api, task, store))
        while True:
            await asyncio.to_thread(orders.wait_for, "read")
            orders.answer_read((item.raw["data"] for item in store.values()), task.edition)


if __name__ == "__main__":
    uvloop.run(main())
