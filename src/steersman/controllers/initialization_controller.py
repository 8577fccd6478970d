"""The initialization controller: sees to it that nothing waits for ever for an initializer, and that what does is seen.

It watches what waits, of every kind. When an initializer has had its turn for the ``timeoutSeconds`` of its
configuration, the object goes on without it or fails, as the ``failurePolicy`` says. What waits longer than creators
do gets the condition Stuck and an Event. What is known of an object is in the object, so that after a restart, or on
another replica, it goes on as before.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from steersman.admission.initializers import states, turn_limits
from steersman.admission.initializers.configuration import InitializerIndex, compile_index
from steersman.admission.initializers.turn_limits import Action, Limit
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersionResource
from steersman.apimachinery.time import format_time
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.cache import CachedObject
from steersman.client.informer import ListOptions, ListWatch, ResourceEventHandlerFuncs, SharedInformer
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

CONFIGURATIONS = ApiResource(
    "admissionregistration.k8s.io", "v1alpha1", "initializerconfigurations", "InitializerConfiguration", False, DICTS
)
EVENTS = ApiResource("", "v1", "events", "Event", True, DICTS)
COMPONENT = "initialization-controller"
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 5.0
WORKERS = 4

_REASONS = {
    Action.SKIP: ("InitializerSkipped", "goes on without the initializer {}, which did nothing for {:g} seconds"),
    Action.FAIL: ("InitializerTimedOut", "was not created: the initializer {} did nothing for {:g} seconds"),
    Action.REPORT: ("InitializerStuck", "waits for the initializer {}, which did nothing for {:g} seconds"),
}
_logger = logging.getLogger(__name__)


class Key(NamedTuple):
    """An object that waits; ``key`` is that of the informer."""

    resource: GroupVersionResource
    key: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind that can be initialized, and what waits of it."""

    resource: ApiResource[dict[str, Any]]
    informer: SharedInformer
    running: "asyncio.Task[None]"


class InitializationController:
    """``resources`` gives the kinds that are served; tell ``served_changed`` when it gives others.

    After ``stuck_seconds`` of a turn an object is said to be stuck. ``now`` is the wall clock.
    """

    def __init__(
        self,
        client: Client,
        configurations: SharedInformer | None,
        resources: Callable[[], Sequence[ApiResource[dict[str, Any]]]],
        stuck_seconds: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client, self._configurations, self._resources = client, configurations, resources
        self._stuck_seconds, self._now = stuck_seconds, now
        self._kinds: dict[GroupVersionResource, _Kind] = {}
        self._index: InitializerIndex | None = None
        self._changed = asyncio.Event()
        self._queue: RateLimitingQueue[Key] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        if configurations is not None:
            look = self._configuration_changed
            handler = ResourceEventHandlerFuncs(
                on_add=lambda *_: look(), on_update=lambda *_: look(), on_delete=lambda *_: look()
            )
            configurations.add_event_handler(handler)

    def served_changed(self) -> None:
        """Look again at which kinds there are."""
        self._changed.set()

    async def run(self) -> None:
        """Look after what waits until cancelled."""
        if self._configurations is not None:
            await self._configurations.wait_for_sync()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(run_workers(self._queue, self._look, name=COMPONENT, workers=WORKERS))
                tasks.create_task(self._follow_kinds())
        finally:
            followed = list(self._kinds.values())
            self._kinds.clear()
            for kind in followed:
                kind.running.cancel()
            await asyncio.gather(*(kind.running for kind in followed), return_exceptions=True)

    def waiting(self) -> Iterator[tuple[str, float]]:
        """Of each turn that lasts: the initializer's name, and for how many seconds it has."""
        now = self._now().timestamp()
        for kind in self._kinds.values():
            for obj in kind.informer.indexer.list():
                found = _initializers(obj)
                for one in states.turn(found) if found is not None and found.result is None else ():
                    yield one.name, max(0.0, now - (turn_limits.began(one) or now))

    async def _follow_kinds(self) -> None:
        while True:
            self._changed.clear()
            wanted = {one.group_version_resource: one for one in self._resources()}
            for gone in self._kinds.keys() - wanted.keys():
                self._kinds.pop(gone).running.cancel()
            for name in wanted.keys() - self._kinds.keys():
                self._kinds[name] = self._follow(wanted[name])
            await self._changed.wait()

    def _follow(self, resource: ApiResource[dict[str, Any]]) -> _Kind:
        informer = SharedInformer(ListWatch(self._client.resource(resource), tweak=_only_uninitialized))
        name = resource.group_version_resource

        def look(obj: CachedObject) -> None:
            self._queue.add(Key(name, obj.key))

        informer.add_event_handler(
            ResourceEventHandlerFuncs(on_add=lambda obj, _: look(obj), on_update=lambda _, obj: look(obj))
        )
        return _Kind(resource, informer, asyncio.create_task(informer.run(), name=f"{COMPONENT} {name}"))

    def _configuration_changed(self) -> None:
        self._index = None
        for name, kind in self._kinds.items():
            for obj in kind.informer.indexer.list():
                self._queue.add(Key(name, obj.key))

    def _configured(self) -> InitializerIndex:
        if self._index is None:
            known = self._configurations.indexer.list() if self._configurations is not None else ()
            self._index = compile_index(one.deep_copy() for one in known)
        return self._index

    async def _look(self, key: Key) -> None:
        """Do what is due for one object, and come again when more is. Raises what the server answers."""
        kind = self._kinds.get(key.resource)
        obj = kind.informer.indexer.get_by_key(key.key) if kind is not None else None
        waiting = _initializers(obj) if obj is not None else None
        if kind is None or obj is None or waiting is None:
            return
        if waiting.result is not None:
            # The server that wrote this was stopped before it deleted the object.
            await self._write(kind.resource, obj, waiting)
            return
        now = self._now()
        pending = list(turn_limits.limits(waiting, self._configured().by_name, self._stuck_seconds))
        due = [limit for limit in pending if limit.at <= now.timestamp()]
        action = next((limit for limit in due if limit.action is not Action.REPORT), None)
        if action is not None:
            await self._end_turn(kind.resource, obj, waiting, action)
            return
        if due:
            await self._report(kind.resource, obj, waiting, due, now)
        later = [limit.at for limit in pending if limit.at > now.timestamp()]
        if later:
            self._queue.add_after(key, min(later) - now.timestamp())

    async def _end_turn(
        self, resource: ApiResource[dict[str, Any]], obj: CachedObject, waiting: states.Initializers, limit: Limit
    ) -> None:
        skip = limit.action is Action.SKIP
        wanted = turn_limits.skipped(waiting, limit.name) if skip else turn_limits.failed(waiting, limit)
        if await self._write(resource, obj, wanted):
            await self._tell(resource, obj, limit, limit.name)

    async def _report(
        self,
        resource: ApiResource[dict[str, Any]],
        obj: CachedObject,
        waiting: states.Initializers,
        due: Sequence[Limit],
        now: datetime,
    ) -> None:
        names = [limit.name for limit in due]
        wanted = turn_limits.stuck(waiting, names, now)
        if wanted is not None and await self._write(resource, obj, wanted):
            await self._tell(resource, obj, due[0], ", ".join(names))

    async def _write(
        self, resource: ApiResource[dict[str, Any]], obj: CachedObject, wanted: states.Initializers
    ) -> bool:
        """Whether the object is now as wanted, by this. It is left alone if it has changed or gone meanwhile."""
        changed = obj.deep_copy()
        changed["metadata"]["initializers"] = wanted.value()
        try:
            await self._client.resource(resource).update(changed)
        except ApiError as error:
            if error.reason in ("NotFound", "Conflict"):
                return False
            raise
        return True

    async def _tell(self, resource: ApiResource[dict[str, Any]], obj: CachedObject, limit: Limit, names: str) -> None:
        """Record an Event (core/v1, which every minor has); that it cannot be is no reason to try again."""
        reason, text = _REASONS[limit.action]
        moment = format_time(self._now())
        event = {
            "metadata": {"name": f"{obj.name[:200]}.{uuid4().hex[:16]}"},
            "involvedObject": {
                "apiVersion": resource.api_version,
                "kind": resource.kind,
                "namespace": obj.namespace,
                "name": obj.name,
                "uid": obj.uid,
                "resourceVersion": obj.resource_version,
            },
            "reason": reason,
            "message": text.format(names, limit.seconds),
            "type": "Warning",
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
        }
        try:
            await self._client.resource(EVENTS).create(event, namespace=obj.namespace or "default")
        except ApiError as error:
            _logger.warning("the event %s of %s %s is not recorded: %s", reason, resource.kind, obj.key, error)


def _only_uninitialized(options: ListOptions) -> ListOptions:
    return replace(options, include_uninitialized="only")


def _initializers(obj: CachedObject) -> states.Initializers | None:
    """None for what does not wait, and for what nobody could read."""
    try:
        return states.read(obj.deep_copy()["metadata"].get("initializers"))
    except states.Malformed:
        return None
