"""kopf: two indexes and an event handler, in an operator that serves one namespace and posts no events."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from typing import Any

import kopf
import uvloop

from bench.clients import orders
from bench.config_map import NAMESPACE


def registered(task: orders.Orders, indexed: dict[str, Any]) -> kopf.OperatorRegistry:
    """The handlers. ``indexed`` gets an index with the first event, for kopf shows its indexes to handlers only."""
    registry = kopf.OperatorRegistry()
    added, updated = orders.Tally("synced", task.objects), orders.Tally("events", task.events)

    @kopf.on.startup(registry=registry)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.posting.enabled = False

    @kopf.on.login(registry=registry)
    async def login(**arguments: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_kubeconfig(**arguments)

    @kopf.index("configmaps", id="by_namespace", registry=registry)
    async def by_namespace(namespace: str | None, name: str | None, **_: Any) -> dict[str | None, str | None]:
        return {namespace: name}

    @kopf.index("configmaps", id="by_part", registry=registry)
    async def by_part(body: kopf.Body, **_: Any) -> dict[str, dict[str, str]]:
        return {body["metadata"]["labels"]["part"]: body["data"]}

    @kopf.on.event("configmaps", registry=registry)
    async def seen(*, type: str | None, by_part: Any = None, **_: Any) -> None:
        indexed["by_part"] = by_part
        (updated if type == "MODIFIED" else added).count()

    return registry


def contents(indexed: dict[str, Any]) -> Iterator[Mapping[str, str]]:
    for data in indexed["by_part"].values():
        yield from data


async def main() -> None:
    task = orders.given()
    os.environ["KUBECONFIG"] = task.kubeconfig
    indexed: dict[str, Any] = {}
    registry = registered(task, indexed)
    orders.answer("ready")
    await asyncio.to_thread(orders.wait_for, "sync")
    async with asyncio.TaskGroup() as group:
        group.create_task(kopf.operator(registry=registry, standalone=True, namespaces=[NAMESPACE]))
        while True:
            await asyncio.to_thread(orders.wait_for, "read")
            orders.answer_read(contents(indexed), task.edition)


if __name__ == "__main__":
    uvloop.run(main())
