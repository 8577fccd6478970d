from typing import Any

import pytest
from tests.admission.plugin_server import serving

from steersman.client import Client
from steersman.client.kinds import core_v1

PLUGIN = "StorageObjectInUseProtection"
OF_CLAIMS, OF_VOLUMES = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"


async def create_claim(client: Client, finalizers: Any = None) -> Any:
    metadata = {"name": "data", "finalizers": finalizers or []}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    body: Any = {"metadata": metadata, "spec": spec}
    created = await client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS).create(body)
    return created["metadata"].get("finalizers")


async def create_volume(client: Client, finalizers: Any = None) -> Any:
    metadata = {"name": "disk", "finalizers": finalizers or []}
    spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}}
    body: Any = {"metadata": metadata, "spec": spec}
    created = await client.resource(core_v1.PERSISTENT_VOLUMES).create(body)
    return created["metadata"].get("finalizers")


@pytest.mark.parametrize("name", [PLUGIN, "PVCProtection"])
async def test_claims_and_volumes_are_protected(name: str) -> None:
    async with serving(name) as client:
        assert await create_claim(client) == [OF_CLAIMS]
        assert await create_volume(client) == [OF_VOLUMES]


async def test_other_finalizers_stay_and_none_stands_twice() -> None:
    async with serving(PLUGIN) as client:
        assert await create_claim(client, ["example.com/mine"]) == ["example.com/mine", OF_CLAIMS]
        assert await create_volume(client, [OF_VOLUMES, "example.com/mine"]) == [OF_VOLUMES, "example.com/mine"]


async def test_what_is_there_already_is_left_alone() -> None:
    async with serving(PLUGIN) as client:
        await create_claim(client)
        claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)

        bare = await claims.patch("data", {"metadata": {"finalizers": None}})

    assert "finalizers" not in bare["metadata"]


async def test_other_kinds_are_left_alone() -> None:
    async with serving(PLUGIN) as client:
        created = await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}})

    assert "finalizers" not in created["metadata"]
