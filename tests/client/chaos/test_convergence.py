"""Whatever happens between a server and its informers: when it is over, they have what the server has."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.client.chaos.faults import Faults
from tests.client.chaos.servers import ObjectInProcess, ProcessBehindTls, RestartableServer

from steersman.apimachinery.errors import ApiError
from steersman.client import ALL_NAMESPACES, Client
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ListWatch, SharedInformer
from steersman.client.kinds import core_v1
from steersman.client.transport import TransportError

CHAOS_SECONDS = 60.0
CHANGES_PER_SECOND = 200
RESTARTS = 3
KEYS = 300
PATIENCE = 60.0
MARKER = "zz-last"
SELECTED = {"tier": "front"}

Chaotic = Callable[[Path, Faults], RestartableServer]


class LastEvents:
    """A handler that keeps the last thing it heard of each object, and how often an order could not be."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.complaints: list[str] = []
        self.heard = asyncio.Event()

    def on_add(self, obj: CachedObject, is_in_initial_list: bool) -> None:
        if obj.key in self.states:
            self.complaints.append(f"{obj.key} was added twice")
        self._keep(obj)

    def on_update(self, old: CachedObject, new: CachedObject) -> None:
        if self.states.get(new.key) != old.resource_version:
            self.complaints.append(f"{new.key} was updated from a state that was not told")
        self._keep(new)

    def on_delete(self, obj: CachedObject | DeletedFinalStateUnknown) -> None:
        if self.states.pop(obj.key, None) is None:
            self.complaints.append(f"{obj.key} was deleted and not there")
        self.heard.set()

    def _keep(self, obj: CachedObject) -> None:
        self.states[obj.key] = obj.resource_version
        self.heard.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.heard.clear()
                await self.heard.wait()


class SlowHandler(LastEvents):
    """One that waits, and so falls behind."""

    async def on_update(self, old: CachedObject, new: CachedObject) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().on_update(old, new)


async def write(client: Client, chance: random.Random, until: float) -> int:
    """Create, change, relabel and delete at random, at a steady pace; gives the number of changes acknowledged."""
    config_maps, clock = client.resource(core_v1.CONFIG_MAPS), asyncio.get_running_loop().time
    done, due = 0, clock()
    while clock() < until:
        due += 1 / CHANGES_PER_SECOND
        await asyncio.sleep(max(0.0, due - clock()))
        name = f"c{chance.randrange(KEYS):03}"
        try:
            await change(config_maps, chance, name)
            done += 1
        except (ApiError, TransportError, TimeoutError):
            # Taken, missing, or the server is down: it is chaos.
            continue
    return done


async def change(config_maps: Any, chance: random.Random, name: str) -> None:
    action = chance.random()
    labels = {"tier": chance.choice(("front", "back"))}
    if action < 0.4:
        await config_maps.create({"metadata": {"name": name, "labels": labels}, "data": {"n": str(chance.random())}})
    elif action < 0.8:
        await config_maps.patch(name, {"metadata": {"labels": labels}, "data": {"n": str(chance.random())}})
    else:
        await config_maps.delete(name)


async def restart_now_and_then(server: RestartableServer, chance: random.Random) -> None:
    for _ in range(RESTARTS):
        await asyncio.sleep(chance.uniform(0.5, 1.0) * CHAOS_SECONDS / RESTARTS * 0.8)
        await server.restart()


@pytest.mark.chaos
@pytest.mark.timeout(240)
@pytest.mark.parametrize("chaotic", [ProcessBehindTls, ObjectInProcess], ids=["tls", "in-process"])
async def test_every_informer_ends_up_as_the_server_is(chaotic: Chaotic, tmp_path: Path) -> None:
    chance = random.Random()
    faults = Faults(chance)
    server = chaotic(tmp_path, faults)
    await server.start()
    try:
        async with Client(server.direct) as writer, Client(server.faulty) as reader:
            config_maps = reader.resource(core_v1.CONFIG_MAPS)
            informers = {
                "watch-list": SharedInformer(ListWatch(config_maps)),
                "list in pages": SharedInformer(ListWatch(config_maps, page_size=50), use_watch_list=False),
                "selected": SharedInformer(ListWatch(config_maps, label_selector="tier=front")),
            }
            handlers = {name: [LastEvents(), SlowHandler()] for name in informers}
            async with asyncio.TaskGroup() as tasks:
                running = []
                for name, informer in informers.items():
                    for handler in handlers[name]:
                        informer.add_event_handler(handler)
                    running.append(tasks.create_task(informer.run()))
                restarting = tasks.create_task(restart_now_and_then(server, chance))
                written = await write(writer, chance, asyncio.get_running_loop().time() + CHAOS_SECONDS)
                await restarting
                faults.on = False
                await writer.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": MARKER, "labels": SELECTED}})
                for handler in (handler for of_one in handlers.values() for handler in of_one):
                    await handler.until(lambda handler=handler: f"default/{MARKER}" in handler.states)  # type: ignore[misc]
                expected = await what_there_is(writer)
                for task in running:
                    task.cancel()
    finally:
        await server.stop()
    assert written > CHAOS_SECONDS * CHANGES_PER_SECOND / 4
    assert {"refused", "delayed", "expired", "cut off", "cut short", "expired twice"} <= faults.counts.keys()
    for name, informer in informers.items():
        wanted = {
            key: version
            for key, (version, labels) in expected.items()
            if name != "selected" or labels.get("tier") == "front"
        }
        assert {obj.key: obj.resource_version for obj in informer.indexer.list()} == wanted, name
        for handler in handlers[name]:
            assert handler.states == wanted, name
            assert handler.complaints == [], name


async def what_there_is(client: Client) -> dict[str, tuple[str, dict[str, str]]]:
    """Key to resourceVersion and labels, by the server's own list."""
    found = {}
    async for obj in client.resource(core_v1.CONFIG_MAPS).list(namespace=ALL_NAMESPACES):
        meta = obj["metadata"]
        found[f"{meta['namespace']}/{meta['name']}"] = (meta["resourceVersion"], dict(meta.get("labels") or {}))
    return found
