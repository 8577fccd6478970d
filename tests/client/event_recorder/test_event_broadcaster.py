"""Events on their way to a control plane in the same process, in time that does not have to be waited for."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import pytest
from tests.client.work_queue.virtual_time import clock, others, run

from steersman.apimachinery.errors import ApiError
from steersman.client.client import Client
from steersman.client.event_recorder import EventBroadcaster, EventCorrelator, EventRecorder, SpamFilter
from steersman.client.kinds.events_v1 import EVENTS
from steersman.client.transport import Reply, Request, Transport, TransportError
from steersman.controlplane import ControlPlane

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "default", "uid": "u"}}
OPERATOR = "example.com/operator"


class TroubledTransport:
    """Passes requests on; those that write events fail first, with what ``troubles`` has, before or after the server.

    ``hangs`` has them wait for ever.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport: Final = transport
        self.troubles: list[Exception] = []
        self.after = self.hangs = False
        self.written: list[str] = []

    async def send(self, request: Request) -> Reply:
        if request.method == "GET":
            return await self._transport.send(request)
        self.written.append(request.method)
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        if self.troubles and self.after:
            await (await self._transport.send(request)).close()
        if self.troubles:
            raise self.troubles.pop(0)
        return await self._transport.send(request)

    async def close(self) -> None:
        await self._transport.close()


class Scene:
    def __init__(self, client: Client, way: TroubledTransport, broadcaster: EventBroadcaster) -> None:
        self.client, self.way, self.broadcaster = client, way, broadcaster
        self.recorder: EventRecorder = broadcaster.new_recorder(OPERATOR)

    def report(self, reason: str = "Done", regarding: Any = POD) -> None:
        self.recorder.event(regarding, "Normal", reason, "Work", f"{reason}: all is well")

    async def events(self, namespace: str = "default") -> list[Any]:
        """Those of the server, once what is under way has got there."""
        await asyncio.sleep(1)
        await others()
        return (await self.client.resource(EVENTS).list(namespace=namespace)).items

    async def counts(self) -> list[int]:
        return [event.get("series", {"count": 1})["count"] for event in await self.events()]


@asynccontextmanager
async def scene(**options: Any) -> AsyncIterator[Scene]:
    async with ControlPlane() as control_plane:
        config = control_plane.client_config()
        assert config.transport is not None
        way = TroubledTransport(config.transport)
        async with (
            Client(replace(config, transport=way)) as client,
            EventBroadcaster(client, clock=clock, random=lambda: 0.0, **options) as broadcaster,
        ):
            yield Scene(client, way, broadcaster)


def test_an_event_gets_to_the_server() -> None:
    async def scenario() -> None:
        async with scene() as on:
            on.recorder.event(POD, "Warning", "Failed", "Pull", "no such image", related={**POD, "kind": "Node"})
            [event] = await on.events()
            assert (event["type"], event["reason"], event["action"]) == ("Warning", "Failed", "Pull")
            assert event["note"] == "no such image"
            assert event["regarding"] == {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": "a",
                "namespace": "default",
                "uid": "u",
            }
            assert event["related"]["kind"] == "Node"
            assert event["reportingController"] == OPERATOR
            assert event["reportingInstance"] == f"{OPERATOR}-{socket.gethostname()}"
            assert event["metadata"]["name"].startswith("a.")

    run(scenario)


def test_events_that_say_the_same_become_a_series() -> None:
    async def scenario() -> None:
        async with scene() as on:
            on.report()
            assert await on.counts() == [1]
            on.report()
            assert await on.counts() == [2]
            for _ in range(10):
                on.report()
            assert await on.counts() == [2]
            await asyncio.sleep(400)
            assert await on.counts() == [12]
            assert on.way.written == ["POST", "PATCH", "PATCH"]

    run(scenario)


def test_what_is_counted_before_it_is_sent_is_sent_at_once() -> None:
    async def scenario() -> None:
        async with scene() as on:
            for _ in range(5):
                on.report()
            assert await on.counts() == [5]
            assert on.way.written == ["POST"]

    run(scenario)


def test_counts_are_sent_at_the_end() -> None:
    async def scenario() -> None:
        async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
            async with EventBroadcaster(client, clock=clock) as broadcaster:
                recorder = broadcaster.new_recorder(OPERATOR)
                for reason in ("A", "A", "B", "A"):
                    recorder.event(POD, "Normal", reason, "Work", "")
            recorder.event(POD, "Normal", "Late", "Work", "")
            found = await client.resource(EVENTS).list(namespace="default")
            assert {event["reason"]: event.get("series", {}).get("count") for event in found} == {"A": 3, "B": None}
            assert broadcaster.dropped == 1

    run(scenario)


def test_a_series_whose_event_the_server_has_forgotten_is_created_anew() -> None:
    async def scenario() -> None:
        async with scene() as on:
            on.report()
            [event] = await on.events()
            await on.client.resource(EVENTS).delete(event["metadata"]["name"], namespace="default")
            on.report()
            assert await on.counts() == [2]

    run(scenario)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "trouble",
    [
        TransportError("lost"),
        ApiError(503, "ServiceUnavailable", "no"),
        ApiError(500, "InternalError", "no"),
        TimeoutError(),
    ],
)
def test_what_the_server_did_not_answer_is_tried_again(trouble: Exception, after: bool) -> None:
    async def scenario() -> None:
        async with scene() as on:
            on.way.after = after
            on.way.troubles = [trouble] * 3
            on.report("One")
            on.report("Two")
            assert len(await on.events()) == after
            await asyncio.sleep(29)
            assert len(await on.events()) == 2
            assert on.broadcaster.dropped == 0

    run(scenario)


def test_what_the_server_refuses_is_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with scene() as on:
            on.report("Lost", {**POD, "metadata": {"name": "a", "namespace": "nowhere"}})
            on.report("Next")
            assert [event["reason"] for event in await on.events()] == ["Next"]
            assert on.broadcaster.dropped == 1

    run(scenario)
    assert 'unable to write the event Lost of Pod a: namespaces "nowhere" not found' in caplog.text


def test_it_gives_up_in_the_end() -> None:
    async def scenario() -> None:
        async with scene() as on:
            on.way.troubles = [TransportError("lost")] * 12
            on.report("Lost")
            on.report("Next")
            await asyncio.sleep(120)
            assert [event["reason"] for event in await on.events()] == ["Next"]
            assert on.broadcaster.dropped == 1

    run(scenario)


def test_the_queue_is_bounded() -> None:
    async def scenario() -> None:
        async with scene(max_queued=3) as on:
            for number in range(5):
                on.report(f"R{number}")
            assert sorted(event["reason"] for event in await on.events()) == ["R0", "R1", "R2"]
            assert on.broadcaster.dropped == 2

    run(scenario)


def test_spam_is_filtered() -> None:
    async def scenario() -> None:
        async with scene(correlator=EventCorrelator(SpamFilter(burst=2))) as on:
            for number in range(5):
                on.report(f"R{number}")
            assert len(await on.events()) == 2
            assert on.broadcaster.filtered == 3

    run(scenario)


def test_the_end_does_not_wait_for_a_server_that_does_not_answer() -> None:
    async def scenario() -> None:
        async with scene(close_seconds=3.0) as on:
            on.way.hangs = True
            on.report("One")
            on.report("Two")
            await asyncio.sleep(1)
            began = clock()
            await on.broadcaster.close()
            assert clock() - began == pytest.approx(3.0)
            assert on.broadcaster.dropped == 2

    run(scenario)


def test_wrong_events_are_logged_and_raise_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with scene() as on:
            on.recorder.event(POD, "Error", "Reason", "Action", "the note")  # type: ignore[arg-type]  # on purpose
            on.recorder.event({}, "Normal", "Reason", "Action", "the note")
            on.recorder.event(None, "Normal", "Reason", "Action", "the note")  # type: ignore[arg-type]  # on purpose
            odd = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "uid": ["u"]}}
            on.recorder.event(odd, "Normal", "Reason", "Action", "the note")
            assert await on.events() == []

    run(scenario)
    assert caplog.text.count("the event Reason (the note) is not reported: ") == 4


async def test_events_can_be_reported_by_other_threads() -> None:
    async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
        async with EventBroadcaster(client) as broadcaster:
            recorder = broadcaster.new_recorder(OPERATOR)
            thread = threading.Thread(target=recorder.event, args=(POD, "Normal", "Done", "Work", "from a thread"))
            thread.start()
            await asyncio.to_thread(thread.join)
            await others()
        [event] = (await client.resource(EVENTS).list(namespace="default")).items
        assert event["note"] == "from a thread"
