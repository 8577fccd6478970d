from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.client.kinds import core_v1

PLUGIN = "LimitPodHardAntiAffinityTopology"


def apart(*keys: str, kind: str = "podAntiAffinity") -> Any:
    terms = [{"topologyKey": key, "labelSelector": {"matchLabels": {"a": "b"}}} for key in keys]
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


@pytest.mark.parametrize(
    "affinity",
    [
        None,
        {},
        apart("kubernetes.io/hostname"),
        apart("topology.kubernetes.io/zone", kind="podAffinity"),
        {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 1, "podAffinityTerm": {"topologyKey": "topology.kubernetes.io/zone"}}
                ]
            }
        },
    ],
    ids=["none", "empty", "by node", "together", "preferred"],
)
async def test_what_keeps_no_zone_free_passes(affinity: Any) -> None:
    async with serving(PLUGIN) as client:
        created = await client.resource(core_v1.PODS).create(pod(affinity=affinity))

    assert created["spec"].get("affinity") == affinity


async def test_another_topology_is_refused_wherever_it_stands() -> None:
    affinity = apart("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    async with serving(PLUGIN) as client:
        refused = await refusal(client.resource(core_v1.PODS).create(pod(affinity=affinity)))

    assert refused.message == (
        'pods "web" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey'
        " topology.kubernetes.io/zone but only key kubernetes.io/hostname is allowed"
    )


async def test_an_update_is_refused_like_a_create(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        await client.resource(core_v1.PODS).create(pod(affinity=apart("rack")))
    async with serving(PLUGIN, store=store) as client:
        refused = await refusal(client.resource(core_v1.PODS).patch("web", {"metadata": {"labels": {"a": "b"}}}))

    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert "has TopologyKey rack but only key kubernetes.io/hostname is allowed" in refused.message


async def test_templates_are_left_alone() -> None:
    template: Any = {"metadata": {"name": "x"}, "template": {"spec": pod(affinity=apart("rack"))["spec"]}}
    async with serving(PLUGIN) as client:
        created: Any = await client.resource(core_v1.POD_TEMPLATES).create(template)

    assert created["template"]["spec"].get("affinity") == apart("rack")
