"""Our work queue: add, get and done with one item after the other, and with a queue that was filled before."""

import asyncio
import sys

import uvloop

from bench.clients import orders
from steersman.client.work_queue import Queue


async def cycle(items: int) -> None:
    """Each item is added, got and done before the next one."""
    queue: Queue[tuple[str, str]] = Queue()
    for key in keys(items):
        queue.add(key)
        queue.done(await queue.get())


async def fill_first(items: int) -> None:
    """All items are added, then each is got and done."""
    queue: Queue[tuple[str, str]] = Queue()
    for key in keys(items):
        queue.add(key)
    for _ in range(items):
        queue.done(await queue.get())


def keys(items: int) -> list[tuple[str, str]]:
    return [("bench", f"cm-{index:06d}") for index in range(items)]


async def main() -> None:
    items = int(sys.argv[1])
    orders.answer("ready")
    for order, work in (("cycle", cycle), ("fill", fill_first)):
        await asyncio.to_thread(orders.wait_for, order)
        await work(items)
        orders.answer(order, items)


if __name__ == "__main__":
    uvloop.run(main())
