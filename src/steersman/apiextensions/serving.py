"""What is served of the CustomResourceDefinitions: resources come with Established, change, and go with the definition.

It follows the definitions in the watch cache, step by step with the store: who reads that a definition is established
can use it, and who reads that it is gone cannot.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from steersman.apiextensions.conditions import ESTABLISHED, is_condition_true
from steersman.apiextensions.custom_resource import served_resources, storing_resource
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.resource import Object, Resource, StoredKind
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.registry.write_options import DeleteOptions
from steersman.storage.watch_cache import Cacher, Change, Entry, WatchCache

SLICE = 500
"""How many instances are looked at before other work gets its turn."""

_logger = logging.getLogger(__name__)


class _Served(Struct):
    """What is served of a definition, and of which state of it that was made."""

    made_of: tuple[Any, ...]
    resources: list[Resource]
    stored: StoredKind
    unsubscribe: Callable[[], None] | None = None


class DefinitionServing:
    """Serves the definitions of one server; ``definitions`` is the resource that they are stored as."""

    def __init__(self, lifecycle: Lifecycle, cache: WatchCache, served: ServedResources, definitions: Resource) -> None:
        self._lifecycle, self._cache, self._served = lifecycle, cache, served
        self._definitions = definitions
        self._of: dict[str, _Served] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self.on_instances_changed: Callable[[str], None] = lambda name: None
        """Told a definition whose instances are being deleted, when the last one is gone or one came in between."""

    async def start(self) -> None:
        """Serve the definitions that are established already, then follow all of them."""
        cacher = await self._lifecycle.cacher(self._definitions)
        self._unsubscribe = cacher.subscribe(self._changed)
        for entry in cacher.list(None)[0]:
            self._look_at(entry)

    def stop(self) -> None:
        """Follow them no more; what is served stays served."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def built_in(self, group: str) -> list[Object]:
        """The names of the kinds in a group that no definition made, as a definition's accepted names have them."""
        return [
            {
                "plural": one.plural,
                "singular": one.singular,
                "shortNames": one.short_names,
                "kind": one.kind,
                "listKind": one.list_kind,
            }
            for one in self._served.all()
            if one.group == group and not one.custom
        ]

    async def delete_instances(self, name: str) -> bool:
        """Delete all instances of a definition that is being deleted; False while some stay, held by their finalizers.

        ``on_instances_changed`` then tells when it is worth another look. Raises ApiError where one cannot be deleted.
        """
        cacher = await self._lifecycle.cacher(self._definitions)
        entry, served = cacher.get("", name), self._of.get(name)
        if entry is None or served is None:
            return True
        resource = storing_resource(entry.parsed(), served.stored)
        instances = await self._lifecycle.cacher(resource)
        if served.unsubscribe is None:
            served.unsubscribe = instances.subscribe(self._instances_changed(name, instances))
        entries, _ = instances.list(None)
        for start in range(0, len(entries), SLICE):
            unmarked = [entry for entry in entries[start : start + SLICE] if _is_unmarked(entry)]
            await self._lifecycle.delete_collection(resource, unmarked, DeleteOptions(SERVER))
            # Requests beside this one are to be answered soon.
            await asyncio.sleep(0)
        return instances.count == 0

    def _changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.deleted:
                self._take_away(change.entry.name)
            else:
                self._look_at(change.entry)

    def _look_at(self, entry: Entry) -> None:
        try:
            crd = entry.parsed()
            if is_condition_true(crd, ESTABLISHED):
                self._serve(entry.name, crd)
        except Exception:
            # One that some other writer left malformed must not keep the others from being served.
            _logger.exception("%s cannot be served", entry.name)

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
        unsubscribe = None
        if old is not None:
            unsubscribe = old.unsubscribe
            if stored is not old.stored:
                # Another storage version or other selectable fields: what is cached was read otherwise.
                self._forget(old)
                unsubscribe = None
            present = {one.version for one in resources}
            gone = [one for one in old.resources if one.version not in present]
            if gone:
                self._served.uninstall(gone)
        self._of[name] = _Served(made_of, resources, stored, unsubscribe)
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
        self._cache.drop(served.stored.prefix)

    def _instances_changed(self, name: str, instances: Cacher) -> Callable[[Sequence[Change]], None]:
        def changed(changes: Sequence[Change]) -> None:
            if instances.count == 0 or any(not one.deleted and _is_unmarked(one.entry) for one in changes):
                self.on_instances_changed(name)

        return changed


def _is_unmarked(entry: Entry) -> bool:
    return entry.metadata.deletion_timestamp is None
