"""Creators, initializers, deleters and watchers at random, against a real server: the table of states holds.

No object is seen early, is lost, or is initialized twice by the same; plain watchers see it come once, when it is
ready. When all is quiet, every object is initialized or gone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.admission.initializers.holding import (
    CONFIG_MAPS,
    CONFIGURATIONS,
    FAILURE,
    ON,
    RULE,
    Client,
    as_jane,
    config_map,
    path,
)
from tests.apiserver.api_client import Reply, Watching

from steersman.admission.initializers import states
from steersman.admission.initializers.states import Actor, Pending, State
from steersman.apimachinery.errors import FieldError
from steersman.client import Client as ApiClient
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.informer import ListWatch, SharedInformer
from steersman.controllers.initialization_controller import CONFIGURATIONS as CONFIGURATION_KIND
from steersman.controllers.initialization_controller import InitializationController
from steersman.controlplane import ControlPlane

T = TypeVar("T")

FIRST, SIDE, OTHER_SIDE, SECOND = (f"{name}.example.com" for name in ("first", "side-a", "side-b", "second"))
DEAD, DEADLY = "dead.example.com", "deadly.example.com"
ALIVE = (FIRST, SIDE, OTHER_SIDE, SECOND)
COMMUTE = frozenset((SIDE, OTHER_SIDE))
CONFIGURED: tuple[dict[str, Any], ...] = (
    {"name": FIRST, "rules": [RULE]},
    {"name": SIDE, "rules": [RULE], "commutes": True},
    {"name": OTHER_SIDE, "rules": [RULE], "commutes": True},
    {"name": SECOND, "rules": [RULE]},
    {"name": DEAD, "rules": [RULE], "timeoutSeconds": 600, "failurePolicy": "Ignore"},
    {"name": DEADLY, "timeoutSeconds": 600, "failurePolicy": "Fail"},
)
ALL = {"includeUninitialized": "true"}
MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)

names = st.sampled_from(("x", "y", "z"))
RESULTS = (None, FAILURE, {"status": "Success"})
brought = st.lists(st.sampled_from((*ALIVE, DEAD, DEADLY)), unique=True, max_size=4)


@dataclass
class Known:
    """What the model has of an object: whom it waits for, and who has initialized it."""

    uid: str
    waiting: states.Initializers | None
    done: set[str] = field(default_factory=set)

    @property
    def state(self) -> State:
        return states.state_of(self.waiting)


@dataclass
class Creator:
    name: str
    answer: "asyncio.Task[Reply]"


class Initialized(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.objects: dict[str, Known] = {}
        self.ready: set[str] = {""}
        """The uids of what was initialized at some time."""
        self.creators: list[Creator] = []
        self.plain: list[Any] = []
        self.run(self.start())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(asyncio.wait_for(coroutine, 60))

    async def start(self) -> None:
        server = ControlPlane(store="memory:", profile="crd-only", admission=ON, initialization_wait=60)
        self.server = await self.stack.enter_async_context(server)
        self.admin = Client(server.handler)
        self.jane = await as_jane(self.admin)
        await self.admin.made(CONFIGURATIONS, {"metadata": {"name": "all"}, "initializers": list(CONFIGURED)})
        self.watching: Watching = await self.stack.enter_async_context(
            self.admin.watch(CONFIG_MAPS, fieldSelector="metadata.name!=kube-root-ca.crt")
        )
        self.watching_all: Watching = await self.stack.enter_async_context(self.admin.watch(CONFIG_MAPS, **ALL))

    # Creators.

    @rule(name=names, waits=st.booleans())
    def create(self, name: str, waits: bool) -> None:
        configured = [one["name"] for one in CONFIGURED if "rules" in one]
        self.run(self._create(name, config_map(name), configured, waits))

    @rule(name=names, bring=brought, waits=st.booleans())
    def bring(self, name: str, bring: list[str], waits: bool) -> None:
        obj = config_map(name)
        obj["metadata"]["initializers"] = {
            "pending": [{"name": one, "commutes": True} if one in COMMUTE else {"name": one} for one in bring]
        }
        refused = self.run(self.jane.create(CONFIG_MAPS, obj))
        assert refused.status == 403
        self.run(self._create(name, obj, bring, waits))

    async def _create(self, name: str, obj: Any, waiting: list[str], waits: bool) -> None:
        creating = asyncio.ensure_future(self.admin.create(CONFIG_MAPS, obj, **({} if waits else ALL)))
        if name in self.objects:
            assert (await creating).body["reason"] == "AlreadyExists"
            return
        while (reply := await self.admin.get(path(name), **ALL)).status == 404:
            await asyncio.sleep(0)
        pending = tuple(Pending(one, one in COMMUTE) for one in waiting)
        self.objects[name] = Known(reply.body["metadata"]["uid"], states.Initializers(pending) if pending else None)
        if waits and pending:
            self.creators.append(Creator(name, creating))
        else:
            assert (await creating).status == 201

    # Initializers, deleters, and those who go too far.

    @precondition(lambda self: self.objects)
    @rule(name=names, who=st.sampled_from(ALIVE), in_a_row=st.booleans())
    def initialize(self, name: str, who: str, in_a_row: bool) -> None:
        """An honest one: does its work if it is its turn, and removes itself; perhaps as the second one too."""
        for one in (who, SECOND) if in_a_row else (who,):
            self.run(self._take_turn(name, one))

    async def _take_turn(self, name: str, who: str) -> bool:
        reply = await self.admin.get(path(name), **ALL)
        known = self.objects.get(name)
        if reply.status == 404 or known is None:
            assert known is None
            return False
        obj = reply.body
        found = states.read(obj["metadata"].get("initializers"))
        if found is None or who not in [one.name for one in states.turn(found)]:
            return False
        obj.setdefault("data", {})[who] = "done" if who not in obj.get("data", {}) else "twice"
        pending = obj["metadata"]["initializers"]["pending"]
        obj["metadata"]["initializers"]["pending"] = [one for one in pending if one["name"] != who]
        known.done.add(who)
        await self._write(name, obj, self.admin, Actor.INITIALIZER)
        return True

    @rule(
        name=names, wanted=brought, result=st.sampled_from((None, FAILURE, {"status": "Success"})), honest=st.booleans()
    )
    def be_rude(self, name: str, wanted: list[str], result: Any, honest: bool) -> None:
        """Write any list and any result, as somebody who may initialize or not."""
        self.run(self._be_rude(name, wanted, result, honest))

    async def _be_rude(self, name: str, wanted: list[str], result: Any, honest: bool) -> None:
        reply = await self.admin.get(path(name), **ALL)
        if reply.status == 404:
            assert name not in self.objects
            return
        obj = reply.body
        obj["metadata"]["initializers"] = {"pending": [{"name": one} for one in wanted]}
        if result is not None:
            obj["metadata"]["initializers"]["result"] = result
        who = (self.admin, Actor.INITIALIZER) if honest else (self.jane, Actor.ANYONE)
        await self._write(name, obj, *who)

    async def _write(self, name: str, obj: Any, client: Client, actor: Actor) -> None:
        """Update the object; the answer, and what becomes of it, must be what the table says."""
        known = self.objects[name]
        after = states.read(obj["metadata"].get("initializers"))
        step = states.step_of_update(known.waiting, after)
        reply = await client.update(path(name), obj)
        if isinstance(step, FieldError):
            assert reply.status == 422
            return
        found = states.TRANSITIONS.get((known.state, step))
        to = found.to if found is not None and actor.value >= found.who.value else None
        assert reply.status == (200 if to is not None else 403), (known, step, actor, reply.body)
        if to is None:
            return
        known.waiting = states.after_update(known.waiting, after, step, "")
        if to is State.FAILED:
            del self.objects[name]

    @rule(name=names)
    def delete(self, name: str) -> None:
        reply = self.run(self.admin.delete(path(name)))
        assert reply.status == (200 if self.objects.pop(name, None) else 404)

    @rule()
    def time_passes(self) -> None:
        """The dead have had their time: a controller whose clock is ahead does what is due."""
        self.run(self._time_passes())

    async def _time_passes(self) -> None:
        waits = {name: known for name, known in self.objects.items() if _on_turn(known, DEAD, DEADLY)}
        if not waits:
            return
        async with ApiClient(self.server.client_config()) as client:
            configurations = SharedInformer(ListWatch(client.resource(CONFIGURATION_KIND)))
            controller = InitializationController(
                client, configurations, lambda: [MAPS], 3600.0, lambda: datetime.now(UTC) + timedelta(hours=0.5)
            )
            async with configurations:
                running = asyncio.create_task(controller.run())
                await self._until(lambda: self._nobody_dead(waits))
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        for name, known in waits.items():
            await self._after_time(name, known)

    async def _nobody_dead(self, waits: dict[str, Known]) -> bool:
        for name in waits:
            reply = await self.admin.get(path(name), **ALL)
            found = states.read(reply.body["metadata"].get("initializers")) if reply.status == 200 else None
            if found is not None and any(one.name in (DEAD, DEADLY) for one in states.turn(found)):
                return False
        return True

    async def _after_time(self, name: str, known: Known) -> None:
        while known.waiting is not None and _on_turn(known, DEAD):
            left = tuple(one for one in known.waiting.pending if one.name != DEAD)
            known.waiting = states.Initializers(left) if left else None
        if _on_turn(known, DEADLY):
            del self.objects[name]

    async def _until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        while not await condition():
            await asyncio.sleep(0.001)

    # What always holds.

    @invariant()
    def readers_see_what_is_initialized_and_nothing_else(self) -> None:
        everything = self.run(self.admin.get(CONFIG_MAPS, **ALL)).body["items"]
        waiting = {one["metadata"]["name"]: one["metadata"].get("initializers") for one in everything}

        assert {name: _names(states.read(value)) for name, value in waiting.items()} == {
            name: _names(known.waiting) for name, known in self.objects.items()
        }
        assert self.run(self.admin.names(CONFIG_MAPS)) == sorted(name for name in waiting if not waiting[name])
        for one in everything:
            known = self.objects[one["metadata"]["name"]]
            assert one.get("data", {}) == dict.fromkeys(known.done, "done")
            if known.state is State.INITIALIZED:
                self.ready.add(known.uid)

    # When all is quiet.

    def teardown(self) -> None:
        try:
            self.run(self.come_to_rest())
            self.run(self.check_watchers())
            self.run(self.check_creators())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()

    async def come_to_rest(self) -> None:
        moved = True
        while moved:
            before = {name: _names(known.waiting) for name, known in self.objects.items()}
            for name in list(self.objects):
                for who in ALIVE:
                    await self._take_turn(name, who)
            await self._time_passes()
            moved = before != {name: _names(known.waiting) for name, known in self.objects.items()}
        self.ready |= {known.uid for known in self.objects.values()}
        assert all(known.state is State.INITIALIZED for known in self.objects.values())
        assert await self.admin.names(CONFIG_MAPS) == sorted(self.objects)

    async def check_watchers(self) -> None:
        last = {**config_map("last"), "metadata": {"name": "last", "initializers": {"pending": []}}}
        await self.admin.made(CONFIG_MAPS, last)
        seen = await _until_last(self.watching)
        seen_by_all = await _until_last(self.watching_all)

        for uid, events in seen.items():
            types = [event["type"] for event in events]
            assert types[0] == "ADDED"
            assert types.count("ADDED") == 1
            assert "DELETED" not in types[:-1]
            assert all("initializers" not in event["object"]["metadata"] for event in events)
            assert uid in self.ready
        assert seen.keys() == self.ready - {""}
        assert seen.keys() <= seen_by_all.keys()

    async def check_creators(self) -> None:
        for creator in self.creators:
            reply = await creator.answer
            uid = reply.body["metadata"].get("uid", "")
            assert (reply.status in (409, 418, 504)) if not uid else (reply.status == 201 and uid in self.ready)


def _on_turn(known: Known, *who: str) -> bool:
    return known.waiting is not None and any(one.name in who for one in states.turn(known.waiting))


def _names(waiting: states.Initializers | None) -> list[str]:
    return waiting.names if waiting is not None else []


async def _until_last(watching: Watching) -> dict[str, list[Any]]:
    """The events of each object, by uid, up to that of the one that is made last."""
    seen: dict[str, list[Any]] = {}
    while (event := await watching.next())["object"]["metadata"]["name"] != "last":
        seen.setdefault(event["object"]["metadata"]["uid"], []).append(event)
    return seen


TestInitialized = Initialized.TestCase
TestInitialized.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
