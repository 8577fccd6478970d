from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import pod, serving

from steersman.admission.extended_resource_toleration import is_extended_resource
from steersman.client.kinds import core_v1


def asking(*resources: str, name: str = "web") -> Any:
    amounts = dict.fromkeys(resources, "1")
    return {"name": name, "image": "nginx:1", "resources": {"requests": amounts, "limits": amounts}}


def tolerating(key: str) -> Any:
    return {"key": key, "operator": "Exists", "effect": "NoSchedule"}


OTHER = {"key": "other", "operator": "Exists"}
GPU = "example.com/gpu"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, None),
        ({"containers": [asking("cpu", "memory")], "tolerations": [OTHER]}, [OTHER]),
        ({"containers": [asking("cpu", GPU)], "tolerations": [OTHER]}, [OTHER, tolerating(GPU)]),
        ({"containers": [asking(GPU)], "tolerations": [tolerating(GPU), OTHER]}, [tolerating(GPU), OTHER]),
        (
            {"containers": [asking(GPU)], "initContainers": [asking("b.com/x", "a.com/x", name="setup")]},
            [tolerating(key) for key in ("a.com/x", "b.com/x", GPU)],
        ),
    ],
    ids=["nothing", "native ones", "one", "tolerated already", "several"],
)
async def test_a_pod_tolerates_the_taint_of_what_it_asks_for(spec: Any, expected: Any) -> None:
    async with serving("ExtendedResourceToleration") as client:
        created = await client.resource(core_v1.PODS).create(pod(**spec))

    assert created["spec"].get("tolerations") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (GPU, True),
        ("cpu", False),
        ("hugepages-2Mi", False),
        ("kubernetes.io/batch", False),
        ("requests.example.com/gpu", False),
        ("example.com/", False),
    ],
)
def test_which_resources_are_extended(name: str, expected: bool) -> None:
    assert is_extended_resource(name) is expected


async def test_a_pod_of_before_gets_it_with_its_next_update_and_a_template_never(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    asking_for_one = pod(containers=[asking(GPU)])
    async with serving(store=store) as client:
        await client.resource(core_v1.PODS).create(asking_for_one)
    async with serving("ExtendedResourceToleration", store=store) as client:
        updated = await client.resource(core_v1.PODS).patch("web", {"metadata": {"labels": {"a": "b"}}})
        template: Any = {"metadata": {"name": "x"}, "template": {"spec": asking_for_one["spec"]}}
        created: Any = await client.resource(core_v1.POD_TEMPLATES).create(template)

    assert updated["spec"].get("tolerations") == [tolerating(GPU)]
    assert "tolerations" not in created["template"]["spec"]
