"""pods/binding and bindings: where a Pod is to run."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client, causes, failure
from tests.apiserver.pods import PODS, SUCCESS, WEB, binding, pod, serving_pods, set_status

BINDINGS = "/api/v1/namespaces/default/bindings"
BINDING = f"{WEB}/binding"


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving_pods() as client:
        yield client


@pytest.mark.parametrize("path", [BINDING, BINDINGS])
async def test_a_bound_pod_has_a_node(api: Client, path: str) -> None:
    made = await api.made(PODS, pod())

    reply = await api.create(path, binding())

    assert (reply.status, reply.body) == (201, SUCCESS)
    stored = (await api.get(WEB)).body
    assert stored["spec"] == {**made["spec"], "nodeName": "n"}
    (condition,) = stored["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("PodScheduled", "True")
    assert condition["lastTransitionTime"]


async def test_annotations_and_labels_become_the_pods(api: Client) -> None:
    await api.made(PODS, pod(labels={"app": "web", "zone": "none"}))

    await api.made(BINDING, binding(annotations={"score": "7"}, labels={"zone": "a"}))

    metadata = (await api.get(WEB)).body["metadata"]
    assert metadata["annotations"] == {"score": "7"}
    assert metadata["labels"] == {"app": "web", "zone": "a"}


async def test_before_1_35_labels_are_left_alone() -> None:
    async with serving_pods(version="1.34") as api:
        await api.made(PODS, pod(labels={"app": "web"}))
        await api.made(BINDING, binding(labels={"zone": "a"}))

        assert (await api.get(WEB)).body["metadata"]["labels"] == {"app": "web"}


async def test_what_the_scheduler_said_before_is_replaced(api: Client) -> None:
    await api.made(PODS, pod())
    waiting = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}
    other = {"type": "Initialized", "status": "True"}
    await set_status(api, WEB, conditions=[waiting, other], nominatedNodeName="m")

    await api.made(BINDING, binding())

    status = (await api.get(WEB)).body["status"]
    scheduled, initialized = status["conditions"]
    assert {**scheduled, "lastTransitionTime": ""} == {
        "type": "PodScheduled",
        "status": "True",
        "lastTransitionTime": "",
    }
    assert initialized == other
    assert "nominatedNodeName" not in status


@pytest.mark.parametrize(
    ("spec", "finalizers", "message"),
    [
        ({"nodeName": "m"}, [], 'pod web is already assigned to node "m"'),
        ({"schedulingGates": [{"name": "x.io/y"}]}, [], "pod web has non-empty .spec.schedulingGates"),
        ({}, ["x.io/y"], "pod web is being deleted, cannot be assigned to a host"),
    ],
)
async def test_pods_that_cannot_be_bound(api: Client, spec: Any, finalizers: list[str], message: str) -> None:
    await api.made(PODS, pod(finalizers=finalizers, **spec))
    if finalizers:
        await api.delete(WEB)
    before = (await api.get(WEB)).body

    refused = await api.create(BINDING, binding())

    told = f'Operation cannot be fulfilled on pods/binding "web": {message}'
    assert failure(refused) == (409, "Conflict", told)
    assert refused.body["details"] == {"name": "web", "kind": "pods/binding"}
    assert (await api.get(WEB)).body == before


@pytest.mark.parametrize(("field", "label"), [("uid", "UID"), ("resourceVersion", "ResourceVersion")])
async def test_a_binding_may_be_for_one_pod_in_one_state(api: Client, field: str, label: str) -> None:
    made = await api.made(PODS, pod())

    refused = await api.create(BINDING, binding(**{field: "7"}))
    assert failure(refused)[:2] == (409, "Conflict")
    assert f"{label} in precondition: 7, {label} in object meta: {made['metadata'][field]}" in refused.body["message"]

    await api.made(BINDING, binding(**{field: made["metadata"][field]}))


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ({"kind": "Node"}, [("target.name", "Required value")]),
        (None, [("target.name", "Required value")]),
        (
            {"kind": "Pod", "name": "n"},
            [("target.kind", 'Unsupported value: "Pod": supported values: "Node", "<empty>"')],
        ),
    ],
)
async def test_a_target_is_a_node(api: Client, target: Any, found: Any) -> None:
    await api.made(PODS, pod())

    refused = await api.create(BINDING, {"metadata": {"name": "web"}, "target": target})

    assert failure(refused)[:2] == (422, "Invalid")
    assert causes(refused) == found


@pytest.mark.parametrize("metadata", [{"labels": {"zone": "?"}}, {"annotations": {"a b": "c"}}])
async def test_what_cannot_be_the_pods(api: Client, metadata: Any) -> None:
    made = await api.made(PODS, pod())

    refused = await api.create(BINDING, binding(**metadata))

    assert failure(refused)[:2] == (422, "Invalid")
    assert [field for field, _ in causes(refused)] == [f"metadata.{next(iter(metadata))}"]
    assert (await api.get(WEB)).body == made


async def test_the_name_is_that_of_the_url(api: Client) -> None:
    refused = await api.create(BINDING, binding("other"))

    assert failure(refused) == (400, "BadRequest", "name in URL does not match name in Binding object")


@pytest.mark.parametrize("path", [f"{PODS}/gone/binding", BINDINGS])
async def test_without_a_pod(api: Client, path: str) -> None:
    assert failure(await api.create(path, binding("gone"))) == (404, "NotFound", 'pods "gone" not found')


async def test_a_dry_run_binds_nothing(api: Client) -> None:
    made = await api.made(PODS, pod())

    reply = await api.create(BINDING, binding(), dryRun="All")

    assert reply.status == 201
    assert (await api.get(WEB)).body == made


async def test_of_many_schedulers_one_binds(api: Client) -> None:
    await api.made(PODS, pod())

    replies = await asyncio.gather(*(api.create(BINDING, binding(node=f"n{index}")) for index in range(16)))

    won = [index for index, reply in enumerate(replies) if reply.status == 201]
    assert len(won) == 1
    assert {reply.status for reply in replies} == {201, 409}
    assert (await api.get(WEB)).body["spec"]["nodeName"] == f"n{won[0]}"
