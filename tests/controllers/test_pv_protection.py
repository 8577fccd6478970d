from typing import Any

from tests.admission.plugin_server import serving

from steersman.client import Client
from steersman.client.kinds import core_v1
from steersman.client.wait import deleted, wait_for
from steersman.controllers.pv_protection import FINALIZER

SECONDS = 30


async def create(client: Client, name: str, phase: str) -> None:
    volumes = client.resource(core_v1.PERSISTENT_VOLUMES)
    spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}}
    body: Any = {"metadata": {"name": name}, "spec": spec}
    await volumes.create(body)
    await set_phase(client, name, phase)


async def set_phase(client: Client, name: str, phase: str) -> None:
    volumes = client.resource(core_v1.PERSISTENT_VOLUMES)
    await volumes.patch(name, {"status": {"phase": phase}}, subresource="status")


async def test_a_volume_stays_while_it_is_bound() -> None:
    async with serving("StorageObjectInUseProtection") as client:
        volumes = client.resource(core_v1.PERSISTENT_VOLUMES)
        for name, phase in (("bound", "Bound"), ("free", "Available")):
            await create(client, name, phase)
            await volumes.delete(name)
        await wait_for(volumes, "free", deleted(), timeout=SECONDS)

        held = await volumes.get("bound")
        await set_phase(client, "bound", "Released")
        await wait_for(volumes, "bound", deleted(), timeout=SECONDS)

    assert held["metadata"].get("finalizers") == [FINALIZER]
    assert held["metadata"].get("deletionTimestamp")
