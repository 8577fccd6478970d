from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1, scheduling_v1

HIGH: Any = {"metadata": {"name": "high"}, "value": 1000}
DEFAULT: Any = {"metadata": {"name": "usual"}, "value": 10, "globalDefault": True, "preemptionPolicy": "Never"}


async def add(client: Client, *classes: Any) -> None:
    for one in classes:
        await client.resource(scheduling_v1.PRIORITY_CLASSES).create(one)


async def create(client: Client, **spec: Any) -> Any:
    created = await client.resource(core_v1.PODS).create(pod(**spec))
    fields = ("priorityClassName", "priority", "preemptionPolicy")
    return tuple(created["spec"].get(field) for field in fields)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ("usual", 10, "Never")),
        ({"priorityClassName": "high"}, ("high", 1000, "PreemptLowerPriority")),
        ({"priorityClassName": "high", "priority": 1000}, ("high", 1000, "PreemptLowerPriority")),
        ({"priorityClassName": "system-node-critical"}, ("system-node-critical", 2000001000, "PreemptLowerPriority")),
    ],
    ids=["the default", "by name", "with the right number", "the system's"],
)
async def test_a_pod_has_the_priority_of_its_class(spec: Any, expected: tuple[Any, ...]) -> None:
    async with serving("Priority") as client:
        await add(client, HIGH, DEFAULT)

        assert await create(client, **spec) == expected


async def test_without_a_default_the_priority_is_nothing() -> None:
    async with serving("Priority") as client:
        assert await create(client) == (None, 0, "PreemptLowerPriority")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"priorityClassName": "nope"}, "no PriorityClass with name nope was found"),
        (
            {"priority": 7},
            "the integer value of priority (7) must not be provided in pod spec;"
            " priority admission controller computed 10 from the given PriorityClass name",
        ),
        (
            {"preemptionPolicy": "PreemptLowerPriority"},
            "the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec;"
            " priority admission controller computed Never from the given PriorityClass name",
        ),
    ],
)
async def test_what_the_class_does_not_say_is_refused(spec: Any, message: str) -> None:
    async with serving("Priority") as client:
        await add(client, DEFAULT)

        refused = await refusal(create(client, **spec))

    assert (refused.code, refused.message) == (403, f'pods "web" is forbidden: {message}')


async def test_an_update_keeps_what_it_leaves_out() -> None:
    async with serving("Priority") as client:
        await add(client, DEFAULT)
        await create(client)

        updated = await client.resource(core_v1.PODS).update(pod(labels={"a": "b"}))

    assert (updated["spec"].get("priority"), updated["spec"].get("preemptionPolicy")) == (10, "Never")


async def test_there_is_one_default() -> None:
    async with serving("Priority") as client:
        await add(client, HIGH, DEFAULT)
        classes = client.resource(scheduling_v1.PRIORITY_CLASSES)

        second = await refusal(add(client, {**DEFAULT, "metadata": {"name": "second"}}))
        raised = await refusal(classes.patch("high", {"globalDefault": True}))
        await classes.patch("usual", {"description": "the default"})

    refused = "is forbidden: PriorityClass usual is already marked as default. Only one default can exist"
    assert second.message == f'priorityclasses.scheduling.k8s.io "second" {refused}'
    assert raised.message == f'priorityclasses.scheduling.k8s.io "high" {refused}'


RESERVED = "Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("system-mine", 1, f"metadata.name: {RESERVED}system-mine is not a known system priority class"),
        ("great", 1000000001, "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"),
    ],
)
async def test_what_is_the_systems_is_reserved(name: str, value: int, message: str) -> None:
    async with serving("Priority") as client:
        refused = await refusal(add(client, {"metadata": {"name": name}, "value": value}))

    assert (refused.code, refused.reason) == (422, "Invalid")
    assert refused.message == f'PriorityClass.scheduling.k8s.io "{name}" is invalid: {message}'


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"value": 3}, "value of system-node-critical PriorityClass must be 2000001000"),
        ({"globalDefault": True}, "globalDefault of system-node-critical PriorityClass must be false"),
    ],
)
async def test_a_system_class_comes_back_as_it_was(change: Any, problem: str) -> None:
    systems: Any = {"metadata": {"name": "system-node-critical"}, "value": 2000001000}
    async with serving("Priority") as client:
        await client.resource(scheduling_v1.PRIORITY_CLASSES).delete("system-node-critical")

        refused = await refusal(add(client, {**systems, **change}))
        await add(client, systems)

    assert refused.message.endswith(RESERVED + problem)


async def test_the_value_one_billion_is_a_users() -> None:
    async with serving("Priority") as client:
        await add(client, {"metadata": {"name": "top"}, "value": 1000000000})
