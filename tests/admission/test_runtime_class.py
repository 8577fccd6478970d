from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1, node_v1

OVERHEAD: Any = {"podFixed": {"cpu": "250m", "memory": "120Mi"}}
TOLERATION = {"key": "kata", "operator": "Exists"}


async def add(client: Client, **more: Any) -> None:
    runtime_class: Any = {"metadata": {"name": "kata"}, "handler": "kata", **more}
    await client.resource(node_v1.RUNTIME_CLASSES).create(runtime_class)


async def create(client: Client, **spec: Any) -> Any:
    return (await client.resource(core_v1.PODS).create(pod(**spec)))["spec"]


async def test_a_pod_takes_on_what_its_class_has() -> None:
    async with serving("RuntimeClass") as client:
        await add(client, overhead=OVERHEAD, scheduling={"nodeSelector": {"vm": "yes"}, "tolerations": [TOLERATION]})

        spec = await create(client, runtimeClassName="kata", nodeSelector={"a": "b"}, tolerations=[{"key": "own"}])

    assert spec.get("overhead") == OVERHEAD["podFixed"]
    assert spec.get("nodeSelector") == {"a": "b", "vm": "yes"}
    assert spec.get("tolerations") == [{"key": "own"}, TOLERATION]


@pytest.mark.parametrize("name", [None, "kata"])
async def test_without_a_class_or_with_a_plain_one_nothing_changes(name: str | None) -> None:
    async with serving("RuntimeClass") as client:
        await add(client)

        spec = await create(client, runtimeClassName=name)

    assert not {"overhead", "nodeSelector", "tolerations"} & set(spec)


async def test_an_overhead_that_amounts_to_the_same_passes() -> None:
    async with serving("RuntimeClass") as client:
        await add(client, overhead=OVERHEAD)

        await create(client, runtimeClassName="kata", overhead={"cpu": "0.25", "memory": "120Mi"})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"runtimeClassName": "nope"}, 'pod rejected: RuntimeClass "nope" not found'),
        (
            {"runtimeClassName": "kata", "overhead": {"cpu": "1"}},
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        ),
        (
            {"overhead": {"cpu": "1"}},
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            {"runtimeClassName": "kata", "nodeSelector": {"vm": "no"}},
            "conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no",
        ),
    ],
)
async def test_what_does_not_fit_the_class_is_refused(spec: Any, message: str) -> None:
    async with serving("RuntimeClass") as client:
        await add(client, overhead=OVERHEAD, scheduling={"nodeSelector": {"vm": "yes"}})

        refused = await refusal(create(client, **spec))

    assert (refused.code, refused.message) == (403, f'pods "web" is forbidden: {message}')


async def test_what_another_plugin_takes_away_again_is_refused() -> None:
    class Lightens:
        name, operations, resources = "Lightens", frozenset(("CREATE",)), None

        def admit(self, attributes: Any) -> None:
            attributes.object.get("spec", {}).pop("overhead", None)

    async with serving("RuntimeClass", extra=(Lightens(),)) as client:
        runtime_class: Any = {"metadata": {"name": "kata"}, "handler": "kata", "overhead": OVERHEAD}
        await client.resource(node_v1.RUNTIME_CLASSES).create(runtime_class)

        refused = await refusal(create(client, runtimeClassName="kata"))

    assert refused.message.endswith("Pod's Overhead doesn't match RuntimeClass's defined Overhead")


async def test_pods_that_are_there_and_templates_are_left_alone() -> None:
    async with serving("RuntimeClass") as client:
        await add(client)
        await create(client, runtimeClassName="kata")
        await client.resource(node_v1.RUNTIME_CLASSES).delete("kata")

        labelled = await client.resource(core_v1.PODS).patch("web", {"metadata": {"labels": {"a": "b"}}})
        template: Any = {"metadata": {"name": "x"}, "template": {"spec": pod(runtimeClassName="nope")["spec"]}}
        await client.resource(core_v1.POD_TEMPLATES).create(template)

    assert labelled["spec"].get("runtimeClassName") == "kata"
