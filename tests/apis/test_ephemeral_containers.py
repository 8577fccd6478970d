"""pods/ephemeralcontainers: what can be put into a Pod that runs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client, causes, failure
from tests.apiserver.pods import PODS, WEB, pod, serving_pods

CONTAINERS = f"{WEB}/ephemeralcontainers"


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving_pods() as client:
        await client.made(PODS, pod(initContainers=[{"name": "first", "image": "x"}]))
        yield client


def debug(*containers: Any, **spec: Any) -> Any:
    """A strategic merge patch, as ``kubectl debug`` sends it."""
    return {"spec": {"ephemeralContainers": list(containers), **spec}}


def container(name: str = "debug", **fields: Any) -> Any:
    return {"name": name, "image": "busybox:1", **fields}


async def put(api: Client, patch: Any, **query: str) -> Any:
    return await api.patch(CONTAINERS, patch, "strategic-merge", **query)


async def test_containers_come_with_their_defaults(api: Client) -> None:
    reply = await put(api, debug(container(targetContainerName="main", stdin=True)))

    assert reply.status == 200
    stored = (await api.get(WEB)).body
    assert reply.body == stored == (await api.get(CONTAINERS)).body
    (made,) = stored["spec"]["ephemeralContainers"]
    assert made["imagePullPolicy"] == "IfNotPresent"
    assert (made["terminationMessagePolicy"], made["targetContainerName"]) == ("File", "main")
    assert stored["metadata"]["generation"] == 2


async def test_they_add_up(api: Client) -> None:
    for name in ("one", "two"):
        assert (await put(api, debug(container(name)))).status == 200

    found = (await api.get(WEB)).body["spec"]["ephemeralContainers"]
    assert {one["name"] for one in found} == {"one", "two"}


async def test_nothing_else_counts(api: Client) -> None:
    before = (await api.get(WEB)).body
    patch = debug(container(), restartPolicy="Never", containers=[{"name": "main", "image": "other"}])
    await put(api, {**patch, "metadata": {"labels": {"a": "b"}}, "status": {"phase": "Running"}})

    after = (await api.get(WEB)).body
    del after["spec"]["ephemeralContainers"]
    assert after["spec"] == before["spec"]
    assert after["status"] == before["status"]
    assert "labels" not in after["metadata"]


async def test_a_replacement_is_of_one_state(api: Client) -> None:
    wanted = (await api.get(WEB)).body
    wanted["spec"]["ephemeralContainers"] = [container()]
    await put(api, debug(container("other")))

    assert failure(await api.update(CONTAINERS, wanted))[:2] == (409, "Conflict")


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([], 'existing ephemeral containers "debug" may not be removed'),
        ([container(image="other")], 'existing ephemeral containers "debug" may not be changed'),
    ],
)
async def test_what_is_there_stays(api: Client, sent: Any, message: str) -> None:
    await put(api, debug(container()))
    wanted = (await api.get(WEB)).body
    wanted["spec"]["ephemeralContainers"] = sent

    refused = await api.update(CONTAINERS, wanted)

    assert failure(refused)[:2] == (422, "Invalid")
    assert causes(refused) == [("spec.ephemeralContainers", f"Forbidden: {message}")]


FORBIDDEN = "Forbidden: cannot be set for an Ephemeral Container"


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        (container("main"), "name", 'Duplicate value: "main"'),
        (container("first"), "name", 'Duplicate value: "first"'),
        ({"name": "debug"}, "image", "Required value"),
        (container(targetContainerName="gone"), "targetContainerName", 'Not found: "gone"'),
        (container(ports=[{"containerPort": 80}]), "ports", FORBIDDEN),
        (container(resources={"limits": {"cpu": "1"}}), "resources", FORBIDDEN),
        (container(livenessProbe={"tcpSocket": {"port": 80}}), "livenessProbe", FORBIDDEN),
        (
            container(volumeMounts=[{"name": "v", "mountPath": "/v", "subPath": "a"}]),
            "volumeMounts[0].subPath",
            FORBIDDEN,
        ),
    ],
)
async def test_containers_that_cannot_be(api: Client, sent: Any, field: str, message: str) -> None:
    refused = await put(api, debug(sent))

    assert failure(refused)[:2] == (422, "Invalid")
    assert causes(refused) == [(f"spec.ephemeralContainers[0].{field}", message)]
    assert "ephemeralContainers" not in (await api.get(WEB)).body["spec"]


@pytest.mark.parametrize("name", ["Debug", "a_b"])
async def test_names(api: Client, name: str) -> None:
    refused = await put(api, debug(container(name)))

    assert [field for field, _ in causes(refused)] == ["spec.ephemeralContainers[0].name"]


async def test_a_mirror_takes_none(api: Client) -> None:
    await api.patch(WEB, {"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}})

    refused = await put(api, debug(container()))

    assert [message for _, message in causes(refused)] == ["Forbidden: static pods do not support ephemeral containers"]


async def test_a_dry_run(api: Client) -> None:
    reply = await put(api, debug(container()), dryRun="All")

    assert reply.body["spec"]["ephemeralContainers"][0]["name"] == "debug"
    assert "ephemeralContainers" not in (await api.get(WEB)).body["spec"]
