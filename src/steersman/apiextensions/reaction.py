"""What follows a change of a CustomResourceDefinition: it gets its names, is served, changed, or taken away.

Level-triggered: a change only says that a definition has to be looked at, what is done depends on the latest state in
the watch cache. The work on one definition is serialised; what failed is tried again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from steersman.apiextensions.conditions import (
    ESTABLISHED,
    TERMINATING,
    Condition,
    conditions_of,
    is_condition_true,
    with_conditions,
)
from steersman.apiextensions.custom_resource import served_resources, storing_resource
from steersman.apiextensions.definition_strategy import FINALIZER
from steersman.apiextensions.naming import TakenNames, settled_status
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.lifecycle import DeleteOptions, Lifecycle, WriteOptions
from steersman.apiserver.registry.resource import Object, Resource, StoredKind
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.store import StoreClosed
from steersman.storage.watch_cache import Cacher, Change, Entry, Listener, WatchCache

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.05, 10.0
SLICE = 500
"""How many instances are looked at before other work gets its turn."""

_CONTROLLER = UserInfo("system:apiserver", groups=("system:masters",))
_logger = logging.getLogger(__name__)


def _terminating(status: str, reason: str, message: str) -> Condition:
    return Condition(TERMINATING, status, reason, message)


_IN_PROGRESS = _terminating("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
_COMPLETED = _terminating("False", "InstanceDeletionCompleted", "removed all instances")
_NEVER_ESTABLISHED = _terminating("False", "NeverEstablished", "resource was never established")


class _Status(msgspec.Struct, rename="camel"):
    accepted_names: dict[str, Any] | None = None


class _Names(msgspec.Struct):
    status: _Status | None = None


_decode_names = msgspec.json.Decoder(_Names).decode


def _read_names(entry: Entry) -> Object:
    """The accepted names of a definition, read without the rest of it, which can be long."""
    status = _decode_names(entry.data).status
    return (status and status.accepted_names) or {}


@dataclass(slots=True)
class _Served:
    """What is served of a definition, and of which state of it that was made."""

    made_of: tuple[Any, ...]
    resources: list[Resource]
    stored: StoredKind
    unsubscribe: Callable[[], None] | None = None


class DefinitionReaction:
    """Follows the definitions of one server; ``now`` gives RFC 3339 seconds."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        cache: WatchCache,
        served: ServedResources,
        definitions: Resource,
        now: Callable[[], str],
    ) -> None:
        self._lifecycle, self._cache, self._served = lifecycle, cache, served
        self._definitions, self._now = definitions, now
        self._of: dict[str, _Served] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        # One definition is named at a time, so that each sees the names that the others got.
        self._naming = asyncio.Lock()
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        """Serve the definitions that are established already, then follow all of them."""
        cacher = await self._cacher()
        self._unsubscribe = cacher.subscribe(self._changed)
        for entry in cacher.list(None)[0]:
            try:
                crd = entry.parsed()
                if is_condition_true(crd, ESTABLISHED):
                    self._serve(entry.name, crd)
            except Exception:
                # One that some other writer left malformed must not keep the server from starting.
                _logger.exception("%s cannot be served", entry.name)
            self._look_at(entry.name)

    async def stop(self) -> None:
        """End what is going on; what is served stays served."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _cacher(self) -> Cacher:
        return await self._lifecycle.cacher(self._definitions)

    def _changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.deleted:
                self._take_away(change.entry.name)
            self._look_at(change.entry.name)

    def _look_at(self, name: str) -> None:
        self._again.add(name)
        if name not in self._tasks:
            self._tasks[name] = asyncio.get_running_loop().create_task(self._settle(name), name=f"settle {name}")

    async def _settle(self, name: str) -> None:
        delay = FIRST_RETRY_SECONDS
        try:
            while name in self._again:
                self._again.discard(name)
                try:
                    await self._step(name)
                    delay = FIRST_RETRY_SECONDS
                except StoreClosed:
                    # The server ends, or the definition went while its instances were read: then it is looked at again.
                    continue
                except Exception as error:
                    if isinstance(error, ApiError) and error.reason == "NotFound":
                        continue
                    level = logging.WARNING if isinstance(error, ApiError) else logging.ERROR
                    _logger.log(
                        level, "%s: %s; tried again in %s s", name, error, delay, exc_info=level > logging.WARNING
                    )
                    self._again.add(name)
                    await asyncio.sleep(delay)
                    delay = min(2 * delay, LAST_RETRY_SECONDS)
        finally:
            del self._tasks[name]

    async def _step(self, name: str) -> None:
        """Bring one definition closer to where it should be, from its latest state."""
        entry = (await self._cacher()).get("", name)
        if entry is None:
            self._take_away(name)
            await self._look_at_others(name)
            return
        crd = entry.parsed()
        if "deletionTimestamp" not in crd["metadata"]:
            await self._name(name)
        elif FINALIZER in (crd["metadata"].get("finalizers") or ()):
            await self._remove_instances(name, crd)

    async def _name(self, name: str) -> None:
        async with self._naming:
            cacher = await self._cacher()
            entry = cacher.get("", name)
            if entry is None:
                return
            crd = entry.parsed()
            taken = self._taken(cacher, crd)
            status = settled_status(crd, taken, self._now())
            named = {**crd, "status": status}
            if is_condition_true(named, ESTABLISHED):
                # Before the world reads that it is established.
                self._serve(name, named)
            if status == crd.get("status"):
                return
            written = await self._write(name, lambda old: {**old, "status": settled_status(old, taken, self._now())})
            await cacher.wait_for(written.revision, asyncio.get_running_loop().time() + LAST_RETRY_SECONDS)
        if crd.get("status", {}).get("acceptedNames") != status["acceptedNames"]:
            await self._look_at_others(name)

    def _taken(self, cacher: Cacher, crd: Object) -> TakenNames:
        """The names in use in the definition's group; none are asked for where it has all that it wants."""
        if crd["spec"]["names"] == (crd.get("status") or {}).get("acceptedNames"):
            return TakenNames.of(())
        group = crd["spec"]["group"]
        names = [_read_names(entry) for entry in _of_group(cacher, group)]
        built_in = (one for one in self._served.all() if one.group == group and not one.custom)
        names += [
            {
                "plural": one.plural,
                "singular": one.singular,
                "shortNames": one.short_names,
                "kind": one.kind,
                "listKind": one.list_kind,
            }
            for one in built_in
        ]
        return TakenNames.of(names)

    async def _look_at_others(self, name: str) -> None:
        """A name may have become free: look at the other definitions of the group."""
        group = name.partition(".")[2]
        for entry in _of_group(await self._cacher(), group):
            if entry.name != name:
                self._look_at(entry.name)

    def _serve(self, name: str, crd: Object) -> None:
        """Serve the definition as it is now."""
        terminating = "deletionTimestamp" in crd["metadata"]
        made_of = (crd["metadata"]["uid"], crd["spec"], crd["status"]["acceptedNames"], terminating)
        old = self._of.get(name)
        if old is not None and old.made_of == made_of:
            return
        previous = old.stored if old is not None and old.made_of[0] == made_of[0] else None
        resources = [one for one in served_resources(crd, previous) if not self._is_built_in(one)]
        stored = storing_resource(crd, previous).stored
        assert stored is not None
        if old is not None:
            if stored is not old.stored:
                # Another storage version or other selectable fields: what is cached was read otherwise.
                self._forget(old)
            present = {one.version for one in resources}
            gone = [one for one in old.resources if one.version not in present]
            if gone:
                self._served.uninstall(gone)
        self._of[name] = _Served(made_of, resources, stored)
        self._served.install(resources)

    def _is_built_in(self, resource: Resource) -> bool:
        found = self._served.find(resource.group, resource.version, resource.plural)
        return found is not None and not found.custom

    def _take_away(self, name: str) -> None:
        served = self._of.pop(name, None)
        if served is not None:
            self._served.uninstall(served.resources)
            self._forget(served)

    def _forget(self, served: _Served) -> None:
        """Drop the instances from the watch cache, which ends their watches."""
        if served.unsubscribe is not None:
            served.unsubscribe()
            served.unsubscribe = None
        self._cache.drop(served.stored.prefix)

    async def _remove_instances(self, name: str, crd: Object) -> None:
        """Delete the instances; with the last one gone, let the definition go."""
        if not is_condition_true(crd, ESTABLISHED):
            await self._let_go(name, _NEVER_ESTABLISHED)
            return
        self._serve(name, crd)
        await self._write(name, _with_condition(_IN_PROGRESS, self._now()))
        served = self._of.get(name)
        if served is None:
            return
        resource = storing_resource(crd, served.stored)
        cacher = await self._lifecycle.cacher(resource)
        if served.unsubscribe is None:
            served.unsubscribe = cacher.subscribe(self._last_or_new(name, cacher))
        try:
            await self._delete_unmarked(resource, cacher)
        except ApiError as error:
            failed = _terminating("True", "InstanceDeletionFailed", f"could not issue all deletes: {error}")
            await self._write(name, _with_condition(failed, self._now()))
            raise
        if cacher.count == 0:
            await self._let_go(name, _COMPLETED)

    def _last_or_new(self, name: str, cacher: Cacher) -> Listener:
        """Looks at the definition when its last instance is gone, or one appeared that is not marked for deletion."""

        def changed(changes: Sequence[Change]) -> None:
            if cacher.count == 0 or any(not one.deleted and _is_unmarked(one.entry) for one in changes):
                self._look_at(name)

        return changed

    async def _delete_unmarked(self, resource: Resource, cacher: Cacher) -> None:
        entries, _ = cacher.list(None)
        for start in range(0, len(entries), SLICE):
            unmarked = [entry for entry in entries[start : start + SLICE] if _is_unmarked(entry)]
            await self._lifecycle.delete_collection(resource, unmarked, DeleteOptions(_CONTROLLER))
            # Requests beside this one are to be answered soon.
            await asyncio.sleep(0)

    async def _let_go(self, name: str, condition: Condition) -> None:
        set_condition = _with_condition(condition, self._now())

        def change(crd: Object) -> Object:
            finalizers = [one for one in crd["metadata"].get("finalizers") or () if one != FINALIZER]
            return set_condition({**crd, "metadata": {**crd["metadata"], "finalizers": finalizers}})

        await self._write(name, change)

    async def _write(self, name: str, change: Callable[[Object], Object]) -> Entry:
        status = self._definitions.subresources["status"]
        written = await self._lifecycle.update(self._definitions, "", name, change, WriteOptions(_CONTROLLER), status)
        return written.entry


def _is_unmarked(entry: Entry) -> bool:
    return entry.metadata.deletion_timestamp is None


def _of_group(cacher: Cacher, group: str) -> Iterable[Entry]:
    return [entry for entry in cacher.list(None)[0] if entry.name.partition(".")[2] == group]


def _with_condition(condition: Condition, now: str) -> Callable[[Object], Object]:
    def change(crd: Object) -> Object:
        conditions = with_conditions(conditions_of(crd), [condition], now)
        return {**crd, "status": {**(crd.get("status") or {}), "conditions": conditions}}

    return change
