"""The controller that gives definitions their names: conditions NamesAccepted and Established."""

from collections.abc import Callable
from typing import Any

from steersman.apiextensions.conditions import Object
from steersman.apiextensions.naming import TakenNames, settled_status
from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject, DeletedFinalStateUnknown
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.resource_client import ResourceClient
from steersman.client.work_queue import RateLimitingQueue
from steersman.client.workers import run_workers

GROUP_INDEX = "group"

Key = str | CachedObject | DeletedFinalStateUnknown


def group_of(definition: CachedObject) -> list[str]:
    """The index function of ``GROUP_INDEX``: a definition's name is ``<plural>.<group>``."""
    return [definition.name.partition(".")[2]]


class NamingController:
    """Settles one definition at a time, so that each sees the names that the others got.

    ``built_in`` gives the names of the built-in kinds of a group, ``now`` the time in RFC 3339 seconds.
    """

    def __init__(
        self,
        definitions: ResourceClient[dict[str, Any]],
        informer: SharedInformer,
        built_in: Callable[[str], list[Object]],
        now: Callable[[], str],
    ) -> None:
        self._definitions, self._informer, self._built_in, self._now = definitions, informer, built_in, now
        self._queue: RateLimitingQueue[str] = RateLimitingQueue()
        self._written: dict[str, dict[str, Any]] = {}
        """What was written last, for as long as the informer does not have it."""
        informer.add_indexers({GROUP_INDEX: group_of})
        handler = ResourceEventHandlerFuncs(
            on_add=lambda crd, _: self._queue.add(crd.key),
            on_update=lambda _, crd: self._queue.add(crd.key),
            on_delete=lambda crd: self._queue.add(crd.key),
        )
        informer.add_event_handler(handler)

    async def run(self) -> None:
        """Settle definitions until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._settle, name="naming controller")

    async def _settle(self, name: str) -> None:
        crd = self._latest(name)
        if crd is None:
            self._written.pop(name, None)
            self._settle_others(name)
            return
        if "deletionTimestamp" in crd["metadata"]:
            return
        status = settled_status(crd, self._taken(crd), self._now())
        if status == crd.get("status"):
            return
        try:
            self._written[name] = await self._definitions.update_status({**crd, "status": status})
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            return
        if (crd.get("status") or {}).get("acceptedNames") != status["acceptedNames"]:
            self._settle_others(name)

    def _latest(self, name: str) -> dict[str, Any] | None:
        """The definition as the informer has it, or as this controller wrote it since."""
        cached = self._informer.indexer.get_by_key(name)
        if cached is None:
            return None
        written = self._written.get(name)
        if written is not None and _is_newer(written, cached):
            return written
        self._written.pop(name, None)
        return cached.deep_copy()

    def _taken(self, crd: Object) -> TakenNames:
        """The names in use in the definition's group; none are asked for where it has all that it wants."""
        if crd["spec"]["names"] == (crd.get("status") or {}).get("acceptedNames"):
            return TakenNames.of(())
        group = crd["spec"]["group"]
        names = self._built_in(group)
        for other in self._informer.indexer.index_keys(GROUP_INDEX, group):
            latest = self._latest(other)
            if latest is not None:
                names.append((latest.get("status") or {}).get("acceptedNames") or {})
        return TakenNames.of(names)

    def _settle_others(self, name: str) -> None:
        """A name may have become free: look at the other definitions of the group."""
        for other in self._informer.indexer.index_keys(GROUP_INDEX, name.partition(".")[2]):
            if other != name:
                self._queue.add(other)


def _is_newer(written: Object, cached: CachedObject) -> bool:
    """Versions of one object by one server are compared as numbers; another object of the name is not older."""
    meta = written["metadata"]
    return bool(meta["uid"] == cached.uid and int(meta["resourceVersion"]) > int(cached.resource_version))
