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
