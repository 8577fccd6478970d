from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1

WRITES: dict[str, Callable[[Client, str], Awaitable[object]]] = {
    "create": lambda client, namespace: client.resource(core_v1.CONFIG_MAPS).create(
        {"metadata": {"name": "new"}}, namespace=namespace
    ),
    "update": lambda client, namespace: client.resource(core_v1.CONFIG_MAPS).patch(
        "x", {"data": {"a": "b"}}, namespace=namespace
    ),
    "delete": lambda client, namespace: client.resource(core_v1.CONFIG_MAPS).delete("x", namespace=namespace),
}


@pytest.mark.parametrize("write", WRITES)
async def test_writes_pass_where_the_namespace_is_there(write: str) -> None:
    async with serving("NamespaceExists") as client:
        await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}}, namespace="default")

        await WRITES[write](client, "default")


async def test_nothing_is_created_where_it_is_not() -> None:
    async with serving("NamespaceExists") as client:
        refused = await refusal(WRITES["create"](client, "nowhere"))

    assert (refused.code, refused.message) == (404, 'namespaces "nowhere" not found')


async def test_objects_without_a_namespace_are_left_alone() -> None:
    async with serving("NamespaceExists") as client:
        await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "new"}})
        await client.resource(core_v1.NODES).create({"metadata": {"name": "new"}})


@pytest.mark.parametrize("write", ["update", "delete"])
async def test_nothing_is_changed_where_it_is_not(tmp_path: Path, write: str) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}}, namespace="nowhere")
    async with serving("NamespaceExists", store=store) as client:
        refused = await refusal(WRITES[write](client, "nowhere"))

    assert (refused.code, refused.message) == (404, 'namespaces "nowhere" not found')
