import asyncio
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import DELETE, UPDATE, Attributes
from steersman.client import Client
from steersman.client.config import Config
from steersman.client.kinds import core_v1
from steersman.client.transport import Reply, Request, Transport, TransportError
from steersman.client.wait import Predicate, deleted, wait_for
from steersman.controllers.namespace_content import delete_content
from steersman.controllers.namespace_controller import NAMESPACES
from steersman.controlplane import ControlPlane

SECONDS = 30
HOLD = "example.com/hold"


class Watches:
    """Writes down what it is asked about, and refuses to let go of ``kept``."""

    name = "Watches"
    operations = frozenset((DELETE, UPDATE))
    resources = None

    def __init__(self, *kept: str) -> None:
        self.kept = set(kept)
        self.seen: list[str] = []
        self._more = asyncio.Event()

    def validate(self, attributes: Attributes) -> None:
        resource = "/".join(filter(None, (attributes.resource.plural, attributes.subresource)))
        self.seen.append(f"{attributes.operation} {resource}")
        self._more.set()
        if attributes.operation == DELETE and attributes.resource.plural in self.kept:
            raise forbidden(GroupResource("", attributes.resource.plural), attributes.name, "it is dear to us")

    async def has_seen(self, what: str, times: int) -> None:
        while self.seen.count(what) < times:
            self._more.clear()
            await self._more.wait()


async def fill(client: Client, *, finalizers: Any = (), pods: int = 0, services: int = 0, config_maps: int = 0) -> None:
    """Make the namespace ``team``, with objects that all have ``finalizers``."""
    await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "team"}})
    ports: Any = {"ports": [{"port": 80}]}
    content: Any = (
        (core_v1.PODS, pods, pod()),
        (core_v1.SERVICES, services, {"spec": ports}),
        (core_v1.CONFIG_MAPS, config_maps, {}),
    )
    for kind, count, body in content:
        for number in range(count):
            metadata = {"name": f"one-{number}", "finalizers": [*finalizers]}
            await client.resource(kind).create({**body, "metadata": metadata}, namespace="team")


async def let_go(client: Client, kind: Any, name: str = "one-0") -> None:
    await client.resource(kind).patch(name, {"metadata": {"finalizers": None}}, namespace="team")


async def when(client: Client, predicate: Predicate[Any]) -> Any:
    """The namespace ``team``, as soon as it is so."""
    return await wait_for(client.resource(NAMESPACES), "team", predicate, timeout=SECONDS)


def messages(namespace: Any) -> dict[str, str]:
    """Of the conditions that tell of trouble."""
    conditions = namespace.get("status", {}).get("conditions", [])
    return {one["type"]: one["message"] for one in conditions if one["status"] == "True"}


def says(*types: str) -> Predicate[Any]:
    """The conditions of these types, and no others, tell of trouble."""
    return lambda namespace: bool(namespace["status"].get("conditions")) and {*messages(namespace)} == {*types}


REMAINING = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining")


async def test_the_conditions_tell_what_remains_until_it_is_gone() -> None:
    async with serving("NamespaceLifecycle") as client:
        namespaces = client.resource(NAMESPACES)
        await fill(client, finalizers=[HOLD], config_maps=2)
        await namespaces.delete("team")
        two = await when(client, says(*REMAINING))
        await let_go(client, core_v1.CONFIG_MAPS)
        one = await when(client, lambda found: "has 1 " in messages(found)["NamespaceContentRemaining"])
        await let_go(client, core_v1.CONFIG_MAPS, "one-1")
        await when(client, deleted())

    assert messages(two) == {
        "NamespaceContentRemaining": "Some resources are remaining: configmaps. has 2 resource instances",
        "NamespaceFinalizersRemaining": (
            f"Some content in the namespace has finalizers remaining: {HOLD} in 2 resource instances"
        ),
    }
    assert {*messages(one)} == {*REMAINING}


async def test_a_namespace_that_is_empty_and_held_by_its_own_finalizer_says_so() -> None:
    async with serving("NamespaceLifecycle") as client:
        namespaces = client.resource(NAMESPACES)
        await namespaces.create({"metadata": {"name": "team", "finalizers": [HOLD]}})
        await namespaces.delete("team")
        held = await when(client, lambda found: not found["spec"].get("finalizers"))
        await namespaces.patch("team", {"metadata": {"finalizers": None}})
        await when(client, deleted())

    assert (held["status"]["phase"], messages(held), len(held["status"]["conditions"])) == ("Terminating", {}, 5)


async def test_what_cannot_be_deleted_is_said_and_tried_again() -> None:
    watches = Watches("configmaps")
    async with serving("NamespaceLifecycle", extra=(watches,)) as client:
        await fill(client, config_maps=1, services=1)
        await client.resource(NAMESPACES).delete("team")
        failing = await when(client, says("NamespaceDeletionContentFailure"))
        gone = await refusal(client.resource(core_v1.SERVICES).get("one-0", namespace="team"))
        watches.kept.clear()
        await when(client, deleted())

    assert messages(failing)["NamespaceDeletionContentFailure"] == (
        'Failed to delete all resource types, 1 remaining: configmaps "one-0" is forbidden: it is dear to us'
    )
    assert gone.reason == "NotFound"


async def test_the_status_is_written_only_where_it_changes() -> None:
    watches = Watches()
    async with serving("NamespaceLifecycle", extra=(watches,)) as client:
        await fill(client, finalizers=[HOLD], config_maps=1)
        await client.resource(NAMESPACES).delete("team")
        async with asyncio.timeout(SECONDS):
            await watches.has_seen("DELETE configmaps", 5)

    assert watches.seen.count("UPDATE namespaces/status") == 1


async def test_pods_go_before_anything_else() -> None:
    async with serving("NamespaceLifecycle") as client:
        config_maps = client.resource(core_v1.CONFIG_MAPS)
        await fill(client, finalizers=[HOLD], pods=1)
        await config_maps.create({"metadata": {"name": "settings"}}, namespace="team")
        await client.resource(NAMESPACES).delete("team")
        going = await when(client, says(*REMAINING))
        settings: Any = await config_maps.get("settings", namespace="team")
        await let_go(client, core_v1.PODS)
        await when(client, deleted())

    assert messages(going)["NamespaceContentRemaining"] == (
        "Some resources are remaining: pods. has 1 resource instances"
    )
    assert "deletionTimestamp" not in settings["metadata"]


async def test_before_1_33_they_do_not() -> None:
    async with serving("NamespaceLifecycle", version="1.32") as client:
        config_maps = client.resource(core_v1.CONFIG_MAPS)
        await fill(client, finalizers=[HOLD], pods=1)
        await config_maps.create({"metadata": {"name": "settings"}}, namespace="team")
        await client.resource(NAMESPACES).delete("team")
        await when(client, says(*REMAINING))

        assert (await refusal(config_maps.get("settings", namespace="team"))).reason == "NotFound"


async def test_in_1_9_there_are_no_conditions_and_services_go_one_by_one() -> None:
    watches = Watches()
    async with serving("NamespaceLifecycle", version="1.9", extra=(watches,)) as client:
        await fill(client, finalizers=[HOLD], services=1)
        await client.resource(NAMESPACES).delete("team")
        await wait_for(
            client.resource(core_v1.SERVICES),
            "one-0",
            lambda found: "deletionTimestamp" in found["metadata"],
            timeout=SECONDS,
            namespace="team",
        )
        going: Any = await client.resource(NAMESPACES).get("team")
        await let_go(client, core_v1.SERVICES)
        await when(client, deleted())

    assert going["status"] == {"phase": "Terminating"}
    assert "UPDATE namespaces/status" not in watches.seen


class Broken:
    """A transport over which ``paths`` cannot be reached, to a server that tells of each group version by itself."""

    def __init__(self, transport: Transport, *paths: str) -> None:
        self._transport, self._paths = transport, paths

    async def send(self, request: Request) -> Reply:
        if request.target.partition("?")[0] in self._paths:
            raise TransportError("it rains")
        headers = [(name, value) for name, value in request.headers if name.lower() != "accept"]
        return await self._transport.send(Request(request.method, request.target, headers, request.body))

    async def close(self) -> None:
        await self._transport.close()


@pytest.mark.parametrize(
    ("path", "message", "left"),
    [
        ("/apis", "it rains", True),
        (
            "/apis/apps/v1",
            "Discovery failed for some groups, 1 failing:"
            " unable to retrieve the complete list of server APIs: apps/v1: it rains",
            False,
        ),
    ],
)
async def test_where_it_is_not_known_what_there_is_the_namespace_stays(path: str, message: str, left: bool) -> None:
    async with ControlPlane() as server, Client(server.client_config()) as client:
        await fill(client, config_maps=1)
        transport = server.client_config().transport
        assert transport is not None
        async with Client(Config("https://broken", qps=-1, transport=Broken(transport, path))) as broken:
            outcome = await delete_content(broken, "team", 37)
        present = await client.resource(core_v1.CONFIG_MAPS).list(namespace="team").page()

    assert (outcome.undiscovered, outcome.is_empty) == (message, False)
    assert bool(present.items) is left
