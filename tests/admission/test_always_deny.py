from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.admission.selection import AdmissionOptions, selected_names
from steersman.client import Client
from steersman.client.kinds import core_v1

WRITES: dict[str, Callable[[Any], Awaitable[object]]] = {
    "create": lambda config_maps: config_maps.create({"metadata": {"name": "x"}}),
    "update": lambda config_maps: config_maps.update({"metadata": {"name": "x"}, "data": {"a": "c"}}),
    "patch": lambda config_maps: config_maps.patch("x", {"data": {"a": "c"}}),
    "delete": lambda config_maps: config_maps.delete("x"),
    "delete collection": lambda config_maps: config_maps.delete_collection(),
}


async def stored(client: Client, name: str) -> Any:
    found = await client.resource(core_v1.CONFIG_MAPS).list().page()
    return [one for one in found.items if one["metadata"]["name"] == name]


@pytest.mark.parametrize("write", WRITES)
async def test_every_write_is_refused_and_no_read(tmp_path: Path, write: str) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        if write != "create":
            await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}, "data": {"a": "b"}})
        before = await stored(client, "x")
    async with serving("AlwaysDeny", store=store) as client:
        refused = await refusal(WRITES[write](client.resource(core_v1.CONFIG_MAPS)))
        after = await stored(client, "x")

    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert refused.message == 'configmaps "x" is forbidden: admission control is denying all modifications'
    assert after == before


async def test_objects_of_no_namespace_are_refused_too() -> None:
    async with serving("AlwaysDeny") as client:
        refused = await refusal(client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "x"}}))

    assert refused.message == 'namespaces "x" is forbidden: admission control is denying all modifications'


async def test_it_refuses_before_those_that_are_named_after_it() -> None:
    async with serving("AlwaysDeny", "NamespaceLifecycle") as client:
        config_maps = client.resource(core_v1.CONFIG_MAPS)
        refused = await refusal(config_maps.create({"metadata": {"name": "x"}}, namespace="missing"))

    assert "admission control is denying all modifications" in refused.message


def test_by_itself_it_is_the_last_one() -> None:
    assert selected_names(AdmissionOptions(enable=("AlwaysDeny",)))[-1] == "AlwaysDeny"
