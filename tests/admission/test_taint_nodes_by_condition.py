from typing import Any

import pytest
from tests.admission.plugin_server import serving

from steersman.client.kinds import core_v1

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
OTHER = {"key": "other", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("taints", "expected"),
    [
        ([], [NOT_READY]),
        ([OTHER], [OTHER, NOT_READY]),
        ([{**NOT_READY, "value": "x"}], [{**NOT_READY, "value": "x"}]),
        ([{**NOT_READY, "effect": "NoExecute"}], [{**NOT_READY, "effect": "NoExecute"}, NOT_READY]),
    ],
)
async def test_a_new_node_takes_no_pods(taints: Any, expected: Any) -> None:
    async with serving("TaintNodesByCondition") as client:
        created = await client.resource(core_v1.NODES).create({"metadata": {"name": "a"}, "spec": {"taints": taints}})

    assert created.get("spec", {}).get("taints") == expected


async def test_a_node_without_a_spec_gets_one() -> None:
    async with serving("TaintNodesByCondition") as client:
        created = await client.resource(core_v1.NODES).create({"metadata": {"name": "a"}})

    assert created.get("spec") == {"taints": [NOT_READY]}


async def test_who_takes_the_taint_away_is_not_in_its_way() -> None:
    async with serving("TaintNodesByCondition") as client:
        nodes = client.resource(core_v1.NODES)
        await nodes.create({"metadata": {"name": "a"}})

        ready = await nodes.patch("a", {"spec": {"taints": None}})

    assert "taints" not in ready.get("spec", {})
