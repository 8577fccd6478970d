"""Waiting, for real objects of a control plane in the same process, in time that does not have to be waited for."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.client.work_queue.virtual_time import others, run, started

from steersman.apimachinery.errors import ApiError, expired
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.client import Client
from steersman.client.resource_client import ResourceClient
from steersman.client.transport import Reply, Request, Transport, TransportError
from steersman.client.wait import (
    Absence,
    Presence,
    cel,
    condition,
    deleted,
    exists,
    jsonpath,
    parse,
    wait_for,
    wait_for_many,
)
from steersman.controlplane import ControlPlane

PODS = ApiResource("", "v1", "pods", "Pod", True, DICTS)
Pods = ResourceClient[dict[str, Any]]


def pod(name: str, **labels: str) -> dict[str, Any]:
    containers = [{"name": "c", "image": "i"}]
    return {"metadata": {"name": name, "labels": labels}, "spec": {"containers": containers}}


def ready(status: str, **more: Any) -> dict[str, Any]:
    return {"type": "Ready", "status": status, **more}


class CutWatches:
    """Passes requests on; a watch is cut after its first event, or refused with ``refusal`` if there is one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.refusal: ApiError | None = None
        self.watches = self.lists = 0

    async def send(self, request: Request) -> Reply:
        if "watch=true" not in request.target:
            self.lists += request.method == "GET"
            return await self._transport.send(request)
        self.watches += 1
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        return CutReply(await self._transport.send(request))

    async def close(self) -> None:
        await self._transport.close()


class CutReply:
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.status, self.headers = reply.status, reply.headers

    async def read(self) -> bytes:
        return await self._reply.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        async for piece in self._reply.chunks():
            yield piece
            raise TransportError("cut")

    async def close(self) -> None:
        await self._reply.close()


@asynccontextmanager
async def pods() -> AsyncIterator[Pods]:
    async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
        yield client.resource(PODS)


async def set_conditions(resource: Pods, name: str, *conditions: dict[str, Any]) -> None:
    await resource.patch(name, {"status": {"conditions": list(conditions)}}, subresource="status")


@pytest.mark.parametrize(
    ("predicate", "status", "met"),
    [
        (condition("Ready"), {"conditions": [ready("True")]}, True),
        (condition("ready", "true"), {"conditions": [ready("True")]}, True),
        (condition("Ready"), {"conditions": [ready("False")]}, False),
        (condition("Ready", "False"), {"conditions": [ready("False")]}, True),
        (condition("Ready"), {"conditions": [{"type": "Other", "status": "True"}]}, False),
        (condition("Ready"), {"conditions": "none"}, False),
        (condition("Ready"), {}, False),
        (condition("Ready"), None, False),
        (condition("Ready"), {"conditions": [ready("True", observedGeneration=1)]}, False),
        (condition("Ready"), {"conditions": [ready("True", observedGeneration=2)]}, True),
        (condition("Ready"), {"conditions": [ready("True")], "observedGeneration": 1}, False),
        (condition("Ready"), {"conditions": [ready("True", observedGeneration=2)], "observedGeneration": 1}, True),
        (jsonpath("{.status.phase}", "Running"), {"phase": "Running"}, True),
        (jsonpath(".status.phase", "Running"), {"phase": "Pending"}, False),
        (jsonpath("{.status.phase}"), {"phase": "Pending"}, True),
        (jsonpath("{.status.phase}"), {}, False),
        (jsonpath("{.status.n}", 3), {"n": 3}, True),
        (jsonpath("{.status.n}", "3"), {"n": 3}, True),
        (jsonpath("{.status.on}", True), {"on": True}, True),
        (jsonpath("{.status.on}", "true"), {"on": True}, True),
        (jsonpath("{.status.on}", "<nil>"), {"on": None}, True),
        (jsonpath("{.status.ingress}"), {"ingress": [{}]}, True),
        (jsonpath('{.status.conditions[?(@.type=="Ready")].status}', "True"), {"conditions": [ready("True")]}, True),
        (exists(), None, True),
        (cel("object.status.n == object.metadata.generation"), {"n": 2}, True),
        (cel("object.status.n == object.metadata.generation"), {"n": 1}, False),
        (cel("object.status.n == object.metadata.generation"), {}, False),
        (cel("object.status.n == object.metadata.generation"), None, False),
        (cel("object.status.conditions.exists(c, c.type == 'Ready')"), {"conditions": [ready("False")]}, True),
        (cel("object.status.n"), {"n": True}, True),
        (cel("object.status.n"), {"n": 1}, False),
    ],
)
def test_predicates_are_met(predicate: Presence, status: Any, met: bool) -> None:
    content = {"metadata": {"name": "a", "generation": 2}, "status": status}

    assert predicate.check(content) == met
    assert predicate.describe(content)


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (jsonpath("{.status.many[*]}", "1"), "matches more than one value"),
        (jsonpath("{.status.many}", "1"), "leads to a nested object or list"),
    ],
)
def test_what_a_path_leads_to_must_be_one_value(predicate: Presence, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        predicate.check({"metadata": {}, "status": {"many": [1, 2]}})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("create", "creation"),
        ("delete", "deletion"),
        ("Delete", "deletion"),
        ("condition=Ready", "condition Ready=True"),
        ("condition=Ready=false", "condition Ready=false"),
        ("jsonpath={.status.phase}=Running", "jsonpath {.status.phase}=Running"),
        (
            "jsonpath='{.status.phase}'='Running'".replace("'{", "{").replace("}'", "}"),
            "jsonpath {.status.phase}=Running",
        ),
        ("jsonpath={.status.phase}", "jsonpath {.status.phase}"),
        ('jsonpath={.a[?(@.b=="c")].d}=1', 'jsonpath {.a[?(@.b=="c")].d}=1'),
    ],
)
def test_what_kubectl_waits_for_is_understood(text: str, wanted: str) -> None:
    assert parse(text).wanted == wanted
    assert isinstance(parse(text), Absence if wanted == "deletion" else Presence)


@pytest.mark.parametrize("text", ["", "ready", "condition", "jsonpath={.a}=", "jsonpath={.a}=b=c", "jsonpath={.a"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize("expression", ["object.", "1 + 1", "nothing.status"])
def test_expressions_that_are_wrong_are_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        cel(expression)


def test_an_object_is_waited_for_from_before_its_creation() -> None:
    async def scenario() -> None:
        async with pods() as resource:
            waiting = started(wait_for(resource, "a", condition("Ready"), timeout=60))
            await others()
            await resource.create(pod("b"))
            await set_conditions(resource, "b", ready("True"))
            await resource.create(pod("a"))
            await set_conditions(resource, "a", ready("False"))
            await others()
            assert not waiting.done()
            await set_conditions(resource, "a", ready("True"))
            found = await waiting
            assert found["metadata"]["name"] == "a"
            assert found["status"]["conditions"][0]["status"] == "True"

    run(scenario)


def test_what_is_so_already_is_not_waited_for() -> None:
    async def scenario() -> None:
        async with pods() as resource:
            await resource.create(pod("a"))
            assert (await wait_for(resource, "a", exists(), timeout=0))["metadata"]["name"] == "a"
            assert await wait_for(resource, "a", lambda found: found["spec"] is not None)
            await wait_for(resource, "b", deleted())

    run(scenario)


def test_deletion_is_of_the_object_that_was_there() -> None:
    async def scenario() -> None:
        async with pods() as resource:
            await resource.create(pod("a"))
            waiting = started(wait_for(resource, "a", deleted(), timeout=60))
            await others()
            assert not waiting.done()
            await resource.delete("a", grace_period_seconds=0)
            await resource.create(pod("a"))
            await waiting

    run(scenario)


def test_many_are_waited_for_by_label() -> None:
    async def scenario() -> None:
        async with pods() as resource:
            await resource.create(pod("other"))
            waiting = started(wait_for_many(resource, condition("Ready"), label_selector="app=web", at_least=2))
            for name in ("a", "b"):
                await resource.create(pod(name, app="web"))
                await set_conditions(resource, name, ready("True"))
            assert [one["metadata"]["name"] for one in await waiting] == ["a", "b"]

            gone = started(wait_for_many(resource, deleted(), label_selector="app=web"))
            await others()
            for name in ("a", "b"):
                assert not gone.done()
                await resource.delete(name, grace_period_seconds=0)
            assert await gone == []

    run(scenario)


def is_running(found: dict[str, Any]) -> bool:
    return bool(found["status"]["phase"] == "Running")


@pytest.mark.parametrize("timeout", [30.0, 0.0])
@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (condition("Ready"), "condition Ready=True * pods/a; last seen: default/a: Ready=False (Slow: not yet)"),
        (
            condition("Up"),
            "condition Up=True * pods/a; last seen: default/a: no condition Up; Ready=False (Slow: not yet)",
        ),
        (jsonpath("{.status.phase}", "Running"), "Running * pods/a; last seen: default/a: {.status.phase} is Pending"),
        (jsonpath("{.status.x}"), "{.status.x} * pods/a; last seen: default/a: {.status.x} is not there; Ready=False"),
        (
            cel("object.status.n > 1"),
            "n > 1 * pods/a; last seen: default/a: object.status.n > 1 has no value, no such key: n; Ready=False",
        ),
        (
            cel("object.status.phase == 'Up'"),
            "'Up' * pods/a; last seen: default/a: object.status.phase == 'Up' is false;",
        ),
        (deleted(), "deletion * pods/a; last seen: default/a: Ready=False (Slow: not yet)"),
        (is_running, "is_running * pods/a; last seen: default/a: Ready=False (Slow: not yet)"),
    ],
)
def test_a_timeout_says_what_was_seen(predicate: Any, message: str, timeout: float) -> None:
    async def scenario() -> None:
        async with pods() as resource:
            await resource.create(pod("a"))
            await set_conditions(resource, "a", ready("False", reason="Slow", message="not yet"))
            start, end = map(re.escape, message.split(" * "))
            with pytest.raises(TimeoutError, match=f"{start} (of|not met for) {end}"):
                await wait_for(resource, "a", predicate, timeout=timeout)
            with pytest.raises(TimeoutError, match=r"of pods/b; last seen: there is none$"):
                await wait_for(resource, "b", exists(), timeout=1)
            with pytest.raises(TimeoutError, match=r"last seen: only 1 of 2$"):
                await wait_for_many(resource, exists(), at_least=2, timeout=1)

    run(scenario)


@pytest.mark.parametrize(
    ("refusal", "lists"),
    [
        (None, 1),
        (lambda: expired("too old resource version"), 2),
        (lambda: ApiError(503, "ServiceUnavailable", "no"), 1),
        (lambda: TransportError("lost"), 1),
        (TimeoutError, 1),
    ],
)
def test_cut_and_refused_watches_are_taken_up_again(refusal: Callable[[], Any] | None, lists: int) -> None:
    async def scenario() -> None:
        async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
            config = control_plane.client_config()
            assert config.transport is not None
            way = CutWatches(config.transport)
            way.refusal = refusal() if refusal is not None else None
            async with Client(replace(config, transport=way)) as cut:
                resource = client.resource(PODS)
                waiting = started(wait_for(cut.resource(PODS), "a", jsonpath("{.metadata.labels.n}", 9)))
                await others()
                await resource.create(pod("a"))
                for label in range(10):
                    await resource.patch("a", {"metadata": {"labels": {"n": str(label)}}})
                    await asyncio.sleep(1)
                assert (await waiting)["metadata"]["labels"] == {"n": "9"}
                assert way.lists == lists
                assert way.watches > 3

    run(scenario)


def test_a_kind_that_is_not_served_is_not_waited_for() -> None:
    async def scenario() -> None:
        async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
            widgets = client.resource(ApiResource("example.com", "v1", "widgets", "Widget", True, DICTS))
            with pytest.raises(ApiError, match="could not find the requested resource"):
                await wait_for(widgets, "a", exists())

    run(scenario)


def test_what_a_predicate_raises_ends_the_wait() -> None:
    async def scenario() -> None:
        async with pods() as resource:
            await resource.create(pod("a"))
            with pytest.raises(ValueError, match="nested object"):
                await wait_for(resource, "a", jsonpath("{.spec}", "x"))
            with pytest.raises(KeyError):
                await wait_for(resource, "a", lambda found: bool(found["nothing"]))

    run(scenario)


def test_a_cancelled_wait_leaves_no_task() -> None:
    async def scenario() -> None:
        async with pods() as resource:
            await asyncio.sleep(60)  # until the control plane has started all of its own
            before = asyncio.all_tasks()
            waiting = started(wait_for(resource, "a", exists()))
            await others()
            waiting.cancel()
            await asyncio.wait([waiting])
            await others()
            assert asyncio.all_tasks() == before

    run(scenario)


async def test_a_server_that_never_answers_is_told_of(client: Client) -> None:
    class Unreachable:
        async def send(self, request: Request) -> Reply:
            raise TransportError("10.0.0.1:6443: cannot connect: Connection refused")

        async def close(self) -> None:
            """Nothing is held."""

    async with Client(replace(client.config, transport=Unreachable())) as unreachable:
        with pytest.raises(TimeoutError) as raised:
            await wait_for(unreachable.resource(PODS), "web", exists(), timeout=0.01)
    assert str(raised.value) == (
        "timed out waiting for creation of pods/web; last seen: nothing, the server gave no list: "
        "10.0.0.1:6443: cannot connect: Connection refused"
    )
