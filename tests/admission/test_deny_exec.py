"""DenyEscalatingExec and DenyExecOnPrivileged: who is let through finds out that nothing runs here."""

from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.kinds import core_v1

BOTH = ("DenyEscalatingExec", "DenyExecOnPrivileged")
WAYS = tuple((subresource, method) for subresource in ("exec", "attach") for method in ("GET", "POST"))
LET_THROUGH = (503, "ServiceUnavailable")


async def running(client: Client, spec: Any) -> None:
    """The Pod ``web`` on a node."""
    await client.resource(core_v1.NODES).create({"metadata": {"name": "n"}, "spec": {}})
    await client.resource(core_v1.PODS).create(pod(nodeName="n", **spec))


async def connect(client: Client, subresource: str, method: str = "POST") -> ApiError:
    """What a connection to the Pod ``web`` is refused with."""
    path = f"/api/v1/namespaces/default/pods/web/{subresource}"
    return await refusal(client.rest.request(method, path, query=[("command", "sh"), ("stdin", "true")]))


def container(**security_context: Any) -> Any:
    return [{"name": "web", "image": "nginx:1", "securityContext": security_context}]


def init_container(**security_context: Any) -> Any:
    return [{"name": "first", "image": "nginx:1", "securityContext": security_context}]


@pytest.mark.parametrize(
    ("plugin", "spec", "refused"),
    [
        *((one, {"containers": container(privileged=True)}, "a privileged container") for one in BOTH),
        *((one, {"initContainers": init_container(privileged=True)}, "a privileged container") for one in BOTH),
        ("DenyEscalatingExec", {"hostPID": True}, "a container using host pid"),
        ("DenyEscalatingExec", {"hostIPC": True}, "a container using host ipc"),
    ],
)
async def test_nobody_gets_into_what_leads_to_the_node(plugin: str, spec: Any, refused: str) -> None:
    async with serving(plugin) as client:
        await running(client, spec)

        every = [await connect(client, *way) for way in WAYS]

    for found in every:
        assert (found.code, found.reason) == (403, "Forbidden")
        assert found.message == f'pods "web" is forbidden: cannot exec into or attach to {refused}'
        assert found.details == {"name": "web", "kind": "pods"}


@pytest.mark.parametrize(
    ("plugin", "spec"),
    [
        *((one, {}) for one in BOTH),
        *((one, {"containers": container(privileged=False), "hostNetwork": True}) for one in BOTH),
        ("DenyExecOnPrivileged", {"hostPID": True, "hostIPC": True}),
    ],
)
async def test_other_pods_are_open(plugin: str, spec: Any) -> None:
    async with serving(plugin) as client:
        await running(client, spec)

        every = [await connect(client, *way) for way in WAYS]

    assert {(found.code, found.reason) for found in every} == {LET_THROUGH}


@pytest.mark.parametrize("plugin", BOTH)
async def test_other_ways_of_connecting_are_left_alone(plugin: str) -> None:
    async with serving(plugin) as client:
        await running(client, {"containers": container(privileged=True)})

        every = [await connect(client, subresource, "GET") for subresource in ("portforward", "log")]

    assert {(found.code, found.reason) for found in every} == {LET_THROUGH}


@pytest.mark.parametrize("plugin", BOTH)
async def test_a_pod_that_is_not_there_is_refused(plugin: str) -> None:
    async with serving(plugin) as client:
        found = await connect(client, "exec")

    assert (found.code, found.message) == (403, 'pods "web" is forbidden: pods "web" not found')


async def test_one_that_is_in_no_chain_refuses_nothing() -> None:
    async with serving() as client:
        await running(client, {"containers": container(privileged=True)})

        assert (await connect(client, "exec")).code == LET_THROUGH[0]
