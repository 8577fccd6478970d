"""pods/resize: other amounts of CPU and memory for a Pod that runs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client, causes, failure
from tests.apiserver.pods import PODS, WEB, pod, serving_pods, set_status

from steersman.apis.pod_resize import qos_class

RESIZE = f"{WEB}/resize"


def amounts(cpu: str = "1", memory: str = "1Gi", **more: str) -> Any:
    return {"cpu": cpu, "memory": memory, **more}


def container(name: str = "main", *, requests: Any = None, limits: Any = None, **fields: Any) -> Any:
    parts = {"requests": requests, "limits": limits}
    return {"name": name, "image": "nginx:1", "resources": {key: one for key, one in parts.items() if one}, **fields}


BURSTABLE = container(requests=amounts("500m"), limits=amounts("2", "2Gi"))


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving_pods() as client:
        yield client


async def resize(api: Client, *containers: Any, **spec: Any) -> Any:
    return await api.patch(RESIZE, {"spec": {"containers": list(containers), **spec}}, "strategic-merge")


async def test_cpu_and_memory_change(api: Client) -> None:
    before = await api.made(PODS, pod(containers=[BURSTABLE]))

    reply = await resize(
        api, {"name": "main", "resources": {"requests": amounts("750m"), "limits": amounts("3", "3Gi")}}
    )

    assert reply.status == 200
    after = (await api.get(WEB)).body
    assert reply.body == after == (await api.get(RESIZE)).body
    (made,) = after["spec"]["containers"]
    assert made["resources"] == {"requests": amounts("750m"), "limits": amounts("3", "3Gi")}
    assert after["metadata"]["generation"] == 2
    assert {**made, "resources": None} == {**before["spec"]["containers"][0], "resources": None}


async def test_nothing_else_counts(api: Client) -> None:
    before = await api.made(PODS, pod(containers=[BURSTABLE]))
    sent = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "other"}]}}
    await api.patch(
        RESIZE, {**sent, "metadata": {"labels": {"a": "b"}}, "status": {"phase": "Failed"}}, "strategic-merge"
    )

    assert (await api.get(WEB)).body == before


async def test_a_replacement_is_of_one_state(api: Client) -> None:
    wanted = await api.made(PODS, pod(containers=[BURSTABLE]))
    await resize(api, {"name": "main", "resources": {"requests": amounts("600m")}})
    wanted["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "700m"

    assert failure(await api.update(RESIZE, wanted))[:2] == (409, "Conflict")


GUARANTEED = container(requests=amounts(), limits=amounts())
SAME_CLASS = "Pod QOS Class may not change as a result of resizing"
RESOURCES = "spec.containers[0].resources"


@pytest.mark.parametrize(
    ("before", "resources", "field", "message"),
    [
        (
            BURSTABLE,
            {"limits": {"memory": None}},
            f"{RESOURCES}.limits",
            "Forbidden: resource limits cannot be removed",
        ),
        (
            container(requests=amounts()),
            {"requests": {"cpu": None}},
            f"{RESOURCES}.requests",
            "Forbidden: resource requests cannot be removed",
        ),
        (
            BURSTABLE,
            {"requests": {"ephemeral-storage": "1Gi"}},
            "spec",
            "Forbidden: only cpu and memory resources are mutable",
        ),
        (
            BURSTABLE,
            {"requests": {"cpu": "3"}},
            f"{RESOURCES}.requests",
            'Invalid value: "3": must be less than or equal to cpu limit of 2',
        ),
        (container(), {"requests": {"cpu": "1"}}, "spec", f'Invalid value: "BestEffort": {SAME_CLASS}'),
        (GUARANTEED, {"limits": {"cpu": "2"}}, "spec", f'Invalid value: "Guaranteed": {SAME_CLASS}'),
    ],
)
async def test_resources_that_cannot_be(api: Client, before: Any, resources: Any, field: str, message: str) -> None:
    made = await api.made(PODS, pod(containers=[before]))

    refused = await resize(api, {"name": "main", "resources": resources})

    assert failure(refused)[:2] == (422, "Invalid")
    assert causes(refused) == [(field, message)]
    assert (await api.get(WEB)).body == made


@pytest.mark.parametrize(
    ("names", "field", "message"),
    [
        (["a"], "spec.containers", "containers may not be added or removed on resize"),
        (["a", "b", "c"], "spec.containers", "containers may not be added or removed on resize"),
        (["a", "c"], "spec.containers[1].name", "containers may not be renamed or reordered on resize"),
    ],
)
async def test_containers_stay_where_they_are(api: Client, names: list[str], field: str, message: str) -> None:
    wanted = await api.made(PODS, pod(containers=[container("a"), container("b")]))
    wanted["spec"]["containers"] = [container(name) for name in names]

    assert causes(await api.update(RESIZE, wanted)) == [(field, f"Forbidden: {message}")]


@pytest.mark.parametrize(
    ("annotations", "spec", "message"),
    [
        ({"kubernetes.io/config.mirror": "x"}, {}, "static pods cannot be resized"),
        ({}, {"os": {"name": "windows"}}, "windows pods cannot be resized"),
    ],
)
async def test_pods_that_cannot_be_resized(api: Client, annotations: Any, spec: Any, message: str) -> None:
    written = pod(containers=[BURSTABLE], **spec)
    written["metadata"]["annotations"] = annotations
    await api.made(PODS, written)

    refused = await resize(api, {"name": "main", "resources": {"requests": amounts("600m")}})

    assert causes(refused) == [("", f"Forbidden: {message}")]


async def test_a_node_that_cannot_do_it(api: Client) -> None:
    await api.made(PODS, pod(containers=[BURSTABLE]))
    running = {"name": "main", "state": {"running": {}}, "ready": True, "restartCount": 0, "image": "x", "imageID": "x"}
    await set_status(api, WEB, containerStatuses=[running])
    wanted = {"name": "main", "resources": {"requests": amounts("600m")}}

    refused = await resize(api, wanted)
    assert causes(refused) == [("spec", "Forbidden: Pod running on node without support for resize")]

    await set_status(api, WEB, containerStatuses=[{**running, "resources": {"requests": amounts()}}])
    assert (await resize(api, wanted)).status == 200


@pytest.mark.parametrize(("restart", "status"), [(None, 422), ("Always", 200)])
async def test_init_containers_that_restart_for_it(api: Client, restart: str | None, status: int) -> None:
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    first = container(
        "first", requests=amounts(), resizePolicy=policy, **({"restartPolicy": restart} if restart else {})
    )
    await api.made(PODS, pod(containers=[container()], initContainers=[first]))

    reply = await resize(api, initContainers=[{"name": "first", "resources": {"requests": amounts("2")}}])

    assert reply.status == status, reply.body
    if status == 422:
        told = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
        assert causes(reply) == [("spec.initContainers[0]", f"Forbidden: {told}")]


async def test_before_1_33_there_is_none() -> None:
    async with serving_pods(version="1.32") as api:
        await api.made(PODS, pod(containers=[BURSTABLE]))

        assert (await api.get(RESIZE)).status == 404


@pytest.mark.parametrize(
    ("containers", "found"),
    [
        ([container()], "BestEffort"),
        ([container(requests={"example.com/x": "1"})], "BestEffort"),
        ([container(requests={"cpu": "0"})], "BestEffort"),
        ([container(requests={"cpu": "1"})], "Burstable"),
        ([GUARANTEED], "Guaranteed"),
        ([container(requests=amounts("1000m"), limits=amounts("1"))], "Guaranteed"),
        ([GUARANTEED, container()], "Burstable"),
        ([container(requests=amounts("500m"), limits=amounts())], "Burstable"),
        ([container(requests={"cpu": "1"}, limits={"cpu": "1"})], "Burstable"),
    ],
)
def test_classes_of_service(containers: Any, found: str) -> None:
    assert qos_class({"spec": {"containers": containers}}) == found
