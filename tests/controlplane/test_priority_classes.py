from pathlib import Path
from typing import Any

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.kinds import scheduling_v1
from steersman.controlplane import ControlPlane

VALUES = {"system-cluster-critical": 2000000000, "system-node-critical": 2000001000}


async def values(client: Client) -> dict[str, int]:
    listed = await client.resource(scheduling_v1.PRIORITY_CLASSES).list()
    return {one["metadata"]["name"]: one["value"] for one in listed}


async def test_the_classes_of_the_system_are_there_from_the_start() -> None:
    async with ControlPlane() as server, Client(server.client_config()) as client:
        assert await values(client) == VALUES


async def test_a_start_brings_back_what_is_missing_and_leaves_the_rest(tmp_path: Path) -> None:
    changed: Any = {"description": "ours"}
    for _ in range(2):
        async with ControlPlane(data_dir=tmp_path) as server, Client(server.client_config()) as client:
            classes = client.resource(scheduling_v1.PRIORITY_CLASSES)
            assert await values(client) == VALUES
            await classes.patch("system-cluster-critical", changed)
            await classes.delete("system-node-critical")

            assert (await classes.get("system-cluster-critical")).get("description") == "ours"


async def test_where_there_are_none_the_server_starts_without() -> None:
    async with ControlPlane(profile="crd-only") as server, Client(server.client_config()) as client:
        with pytest.raises(ApiError) as refusal:
            await values(client)

    assert refusal.value.code == 404
