"""The life of an object: created, updated, deleted. Every write of the server passes through here.

default → admission → validate → commit with compare-and-swap → the committed bytes are the answer
(shared/DESIGN.md, "How a write travels"; API conventions, "Concurrency Control and Consistency").
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from typing import Any

import orjson
from msgspec import Struct

from steersman.apimachinery.errors import MODIFIED, ApiError, already_exists, conflict, internal_error, not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission.attributes import Attributes, Settle
from steersman.apiserver.admission.chain import AdmissionChain, Steps
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry import field_tracking, metadata, shape
from steersman.apiserver.registry.initialization import Initialization, has_failed
from steersman.apiserver.registry.resource import Object, Resource, StoredKind, Subresource
from steersman.apiserver.registry.stored_form import decode, encode, stored_kind
from steersman.apiserver.registry.write_options import DeleteOptions, WriteOptions, attributes_of
from steersman.storage.store import CompareFailed, Store
from steersman.storage.watch_cache import Cacher, Entry, WatchCache

ATTEMPTS = 8
"""How often a write that met another one, or a generated name that was taken, is tried again."""

CATCH_UP_SECONDS = 5.0
"""How long a write waits for the cache to show the one that came between."""

COLLECTION_SLICE = 64
"""How many objects of a collection are deleted at once."""

Change = Callable[[Object], Object]
"""From the present object (its served version, resourceVersion included; a private copy) to the wanted one."""

WriteCheck = Callable[[Attributes], Awaitable[None]]
"""Refuses a create or an update, as mutating admission left it, by raising ApiError."""

NO_CHECKS: Mapping[GroupResource, WriteCheck] = MappingProxyType({})

Application = Callable[[Object, str], Object]
"""From the present object ({} where there is none) and the time to the applied one, managedFields included."""


class Written(Struct, frozen=True):
    """What the store holds after a write (or would, in a dry run)."""

    entry: Entry
    warnings: list[str]
    created: bool = False


class Deleted(Struct, frozen=True):
    """The last state, and whether the object is ``gone`` or only marked (finalizers hold it)."""

    entry: Entry
    gone: bool


class Lifecycle:
    def __init__(
        self,
        store: Store,
        cache: WatchCache,
        admission: AdmissionChain,
        sources: metadata.Sources,
        metrics: Metrics,
        initialization: Initialization | None = None,
        checks: Mapping[GroupResource, WriteCheck] = NO_CHECKS,
    ) -> None:
        self._store, self._cache, self._sources, self.admission = store, cache, sources, admission
        self._metrics = metrics
        self.initialization = initialization or Initialization()
        self._checks = checks

    async def create(self, resource: Resource, namespace: str, obj: Object, options: WriteOptions) -> Written:
        """Store a new object; ``obj`` is changed. Raises AlreadyExists, Invalid, BadRequest, Forbidden."""
        stored = stored_kind(resource)
        meta = metadata.metadata_of(obj)
        metadata.set_type(obj, resource.api_version, resource.kind)
        metadata.set_place(meta, resource, namespace, "")
        warnings = shape.read_shape(resource, obj, options.field_validation, options.duplicates)
        meta = obj["metadata"]
        managed = meta.get("managedFields") if options.applied else None
        generated = not meta.get("name") and bool(meta.get("generateName"))
        initializers = meta.pop("initializers", None) if self.initialization.enabled else None
        admission = self.admission.steps("CREATE", resource.group_resource)
        for attempt in range(ATTEMPTS):
            if generated:
                meta.pop("name", None)
            metadata.prepare_create(meta, resource, self._sources)
            if managed:
                meta["managedFields"] = managed
            metadata.set_initializers(meta, initializers)
            resource.strategy.prepare_for_create(obj)
            shape.set_defaults(resource, obj)
            name = meta.get("name") or ""
            attributes = attributes_of("CREATE", resource, namespace, name, obj, None, options)
            is_committed = False
            try:
                obj = await self._admitted(admission, attributes)
                shape.check(resource, obj, None)
                await admission.validate(attributes)
                meta = obj["metadata"]
                warnings = [*(warnings or resource.strategy.warnings(obj)), *attributes.warnings]
                cacher = self._cache.cacher(stored.prefix, stored.codec, stored.namespaced)
                key, value = stored.key(namespace, name), encode(resource, obj)
                if options.dry_run:
                    await cacher.wait_ready()
                    if (present := cacher.get(namespace, name)) is not None:
                        raise _exists(resource, meta, present.parsed())
                    return Written(stored.entry(namespace, name, value, 0, 0), warnings, created=True)
                try:
                    revision = await self._timed("create", resource, self._store.put(key, value, 0))
                except CompareFailed as failure:
                    if generated and attempt + 1 < ATTEMPTS:
                        continue
                    present_value = failure.current.value if failure.current else b"{}"
                    raise _exists(resource, meta, orjson.loads(present_value)) from failure
                is_committed = True
                entry = _committed(cacher, stored, namespace, name, value, revision, revision)
                return Written(entry, warnings, created=True)
            finally:
                for settle in attributes.on_settled:
                    await settle(is_committed)
        raise internal_error("no attempt was made")

    async def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Change,
        options: WriteOptions,
        subresource: Subresource | None = None,
    ) -> Written:
        """Replace the object by ``change`` of it, tried again on the new state when another write came between.

        A result of ``change`` that names another resourceVersion than the present one is a Conflict.
        Raises NotFound, Conflict, Invalid, BadRequest, Forbidden.
        """
        stored = stored_kind(resource)
        cacher = await self.cacher(resource)
        admission = self.admission.steps("UPDATE", resource.group_resource)
        for _ in range(ATTEMPTS):
            entry = cacher.get(namespace, name)
            if entry is None:
                raise not_found(resource.group_resource, name)
            old = decode(resource, entry)
            new = change(decode(resource, entry))
            on_settled: list[Settle] = []
            is_committed = False
            try:
                new, warnings = await self._prepare_update(
                    resource, namespace, name, new, old, options, subresource, admission, on_settled
                )
                if metadata.is_same(new, old):
                    if has_failed(old["metadata"]) and not options.dry_run:
                        await self._delete_failed(resource, entry)
                    return Written(entry, warnings)
                value = encode(resource, new)
                if options.dry_run:
                    return Written(
                        stored.entry(namespace, name, value, entry.revision, entry.create_revision), warnings
                    )
                try:
                    gone = "deletionTimestamp" in new["metadata"] and resource.strategy.may_go(new)
                    revision = await self._commit(resource, entry, None if gone else value)
                except CompareFailed as failure:
                    await _catch_up(cacher, failure)
                    continue
                is_committed = True
                committed = _committed(cacher, stored, namespace, name, value, revision, entry.create_revision)
                if not gone and has_failed(new["metadata"]):
                    await self._delete_failed(resource, committed)
                return Written(committed, warnings)
            finally:
                for settle in on_settled:
                    await settle(is_committed)
        raise conflict(resource.group_resource, name, MODIFIED)

    async def apply(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        apply: Application,
        options: WriteOptions,
        subresource: Subresource | None = None,
        may_create: Callable[[], Awaitable[None]] | None = None,
    ) -> Written:
        """Update the object by ``apply``, or create it where there is none; ``options`` are those of an apply.

        ``may_create`` raises where the user may not create it. Raises what :meth:`update` and :meth:`create` raise:
        NotFound only for a subresource.
        """
        cacher = await self.cacher(resource)
        now = self._sources.now()
        for _ in range(ATTEMPTS):
            if subresource is not None or cacher.get(namespace, name) is not None:
                return await self.update(resource, namespace, name, lambda live: apply(live, now), options, subresource)
            if may_create is not None:
                await may_create()
            try:
                return await self.create(resource, namespace, apply({}, now), options)
            except ApiError as error:
                if not isinstance(error.__cause__, CompareFailed):
                    raise
                await _catch_up(cacher, error.__cause__)
        raise conflict(resource.group_resource, name, MODIFIED)

    async def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        """Delete, or mark for deletion what finalizers hold. Raises NotFound, Conflict (preconditions), Forbidden."""
        admission = self.admission.steps("DELETE", resource.group_resource)
        return await self._delete(resource, namespace, name, options, admission)

    async def _delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions, admission: Steps
    ) -> Deleted:
        stored = stored_kind(resource)
        cacher = await self.cacher(resource)
        for _ in range(ATTEMPTS):
            entry = cacher.get(namespace, name)
            if entry is None:
                raise not_found(resource.group_resource, name)
            obj = decode(resource, entry)
            metadata.check_preconditions(options.preconditions, obj["metadata"], resource)
            if not options.admitted:
                attributes = attributes_of("DELETE", resource, namespace, name, None, obj, options)
                await admission.admit(attributes)
                await admission.validate(attributes)
            gone = resource.strategy.may_go(obj)
            if not gone and "deletionTimestamp" in obj["metadata"]:
                return Deleted(entry, gone=False)
            if not gone:
                metadata.mark_deleted(obj["metadata"], self._sources.now())
                resource.strategy.begin_deletion(obj)
            value = encode(resource, obj)
            if options.dry_run:
                marked = stored.entry(namespace, name, value, entry.revision, entry.create_revision)
                return Deleted(marked, gone)
            try:
                revision = await self._commit(resource, entry, None if gone else value)
            except CompareFailed as failure:
                await _catch_up(cacher, failure)
                continue
            return Deleted(_committed(cacher, stored, namespace, name, value, revision, entry.create_revision), gone)
        raise conflict(resource.group_resource, name, MODIFIED)

    async def delete_collection(
        self, resource: Resource, entries: Sequence[Entry], options: DeleteOptions
    ) -> list[Deleted]:
        """Delete each of ``entries``; one that went meanwhile is left out, the first other failure is raised."""
        deleted, admission = [], self.admission.steps("DELETE", resource.group_resource)
        for start in range(0, len(entries), COLLECTION_SLICE):
            piece = entries[start : start + COLLECTION_SLICE]
            results = await asyncio.gather(
                *(self._delete_one(resource, entry, options, admission) for entry in piece), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                if result is not None:
                    deleted.append(result)
        return deleted

    async def introduce(self, resource: Resource, namespace: str, obj: Object) -> Entry:
        """Store a new object of the server's own and ask nobody: it is known to be valid, and has all its defaults.

        ``obj`` is changed. Raises AlreadyExists.
        """
        stored, cacher, meta = stored_kind(resource), await self.cacher(resource), obj["metadata"]
        metadata.set_type(obj, resource.api_version, resource.kind)
        metadata.set_place(meta, resource, namespace, "")
        metadata.prepare_create(meta, resource, self._sources)
        resource.strategy.prepare_for_create(obj)
        name, value = meta["name"], encode(resource, obj)
        try:
            revision = await self._timed("create", resource, self._store.put(stored.key(namespace, name), value, 0))
        except CompareFailed as failure:
            raise already_exists(resource.group_resource, name) from failure
        return _committed(cacher, stored, namespace, name, value, revision, revision)

    async def rewrite(
        self, resource: Resource, namespace: str, name: str, change: Change, *, dry_run: bool = False
    ) -> Entry:
        """Replace the object by ``change`` of it and ask nobody: what the server does to it was asked about otherwise.

        Raises NotFound, Conflict and what ``change`` raises.
        """
        stored, cacher = stored_kind(resource), await self.cacher(resource)
        for _ in range(ATTEMPTS):
            entry = cacher.get(namespace, name)
            if entry is None:
                raise not_found(resource.group_resource, name)
            new = change(decode(resource, entry))
            if metadata.is_same(new, decode(resource, entry)):
                return entry
            value = encode(resource, new)
            if dry_run:
                return stored.entry(namespace, name, value, entry.revision, entry.create_revision)
            try:
                revision = await self._commit(resource, entry, value)
            except CompareFailed as failure:
                await _catch_up(cacher, failure)
                continue
            return _committed(cacher, stored, namespace, name, value, revision, entry.create_revision)
        raise conflict(resource.group_resource, name, MODIFIED)

    async def cacher(self, resource: Resource) -> Cacher:
        """The resource's cache, filled and up to date with every write acknowledged so far."""
        stored = stored_kind(resource)
        cacher = self._cache.cacher(stored.prefix, stored.codec, stored.namespaced)
        if not cacher.ready:
            await cacher.wait_ready()
        return cacher

    def _commit(self, resource: Resource, entry: Entry, value: bytes | None) -> Awaitable[int]:
        """Put ``value`` in the place of ``entry``, or delete it; raises CompareFailed when it was changed meanwhile."""
        key = stored_kind(resource).key(entry.namespace, entry.name)
        if value is None:
            return self._timed("delete", resource, self._store.delete(key, entry.revision))
        return self._timed("update", resource, self._store.put(key, value, entry.revision))

    async def _delete_failed(self, resource: Resource, entry: Entry) -> None:
        """Delete what cannot be initialized, whatever its finalizers: nobody has seen it but its initializers."""
        try:
            await self._commit(resource, entry, None)
        except CompareFailed:
            # Somebody was faster: either it is gone, or whoever wrote it deletes it.
            return

    async def _timed(self, operation: str, resource: Resource, pending: Awaitable[int]) -> int:
        started = monotonic()
        try:
            return await pending
        finally:
            self._metrics.observe_store(operation, str(resource.group_resource), monotonic() - started)

    async def _delete_one(
        self, resource: Resource, entry: Entry, options: DeleteOptions, admission: Steps
    ) -> Deleted | None:
        try:
            return await self._delete(resource, entry.namespace, entry.name, options, admission)
        except ApiError as error:
            if error.reason == "NotFound":
                return None
            raise

    async def _prepare_update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        new: Object,
        old: Object,
        options: WriteOptions,
        subresource: Subresource | None,
        admission: Steps,
        on_settled: list[Settle],
    ) -> tuple[Object, list[str]]:
        """``new`` in the form to store (it is changed on the way), and warnings; see Attributes for ``on_settled``."""
        metadata.metadata_of(new)
        metadata.set_type(new, resource.api_version, resource.kind)
        metadata.set_place(new["metadata"], resource, namespace, name)
        warnings = shape.read_shape(
            resource, new, options.field_validation, options.duplicates, patched=options.patched
        )
        tracked = options.applied or "managedFields" in old["metadata"]
        sent = new["metadata"].get("managedFields") if tracked else None
        metadata.prepare_update(new, old, resource, patched=options.patched)
        if not self.initialization.enabled:
            new["metadata"].pop("initializers", None)
        strategy = resource.strategy
        if subresource is None:
            strategy.prepare_for_update(new, old)
        shape.set_defaults(resource, new)
        if strategy.tracks_generation:
            metadata.bump_generation(new, old, strategy.has_status)
        part = subresource.name if subresource else ""
        managed = self._managed_fields(resource, new, old, sent, options, part) if tracked else None
        if managed:
            new["metadata"]["managedFields"] = managed
        attributes = attributes_of("UPDATE", resource, namespace, name, new, old, options, part)
        attributes.on_settled = on_settled
        new = await self._admitted(admission, attributes)
        if managed:
            attributes.warnings += field_tracking.settle(new, old, managed)
        shape.check(resource, new, old)
        if subresource is not None and subresource.check is not None:
            shape.refuse(resource, new, subresource.check(new, old))
        await admission.validate(attributes)
        return new, [*(warnings or strategy.warnings(new)), *attributes.warnings]

    async def _admitted(self, admission: Steps, attributes: Attributes) -> Object:
        """The object as the mutating phase leaves it, and the kind's own check lets it pass."""
        await admission.admit(attributes)
        if attributes.object is None:
            raise internal_error("an admission plugin took the object away")
        check = self._checks.get(attributes.group_resource)
        if check is not None and not attributes.subresource:
            await check(attributes)
        return attributes.object

    def _managed_fields(
        self, resource: Resource, new: Object, old: Object, sent: Any, options: WriteOptions, subresource: str
    ) -> list[Object] | None:
        """Who manages the fields of ``new``; ``sent`` is what came with the write."""
        if options.applied:
            entries: list[Object] | None = sent
            return entries
        manager = field_tracking.manager_name(options.field_manager, options.user_agent)
        tracker = field_tracking.field_manager(resource, subresource)
        return tracker.update(old, new, sent, manager, self._sources.now())


def _exists(resource: Resource, meta: Object, present: Object) -> ApiError:
    """409 for a name that is taken; it tells of a name that the server made, and of an object on its way out."""
    name = meta["name"]
    error = already_exists(resource.group_resource, name)
    if meta.get("generateName"):
        error.message += ", the server was not able to generate a unique name for the object"
        error.details = {**(error.details or {}), "retryAfterSeconds": 1}
    if (present.get("metadata") or {}).get("deletionTimestamp"):
        error.message = f"object is being deleted: {error.message}"
    return error


def _committed(
    cacher: Cacher, stored: StoredKind, namespace: str, name: str, value: bytes, revision: int, create_revision: int
) -> Entry:
    """The entry that the cache took from this commit, or its like when the cache is elsewhere (behind, or past it)."""
    entry = cacher.get(namespace, name) if cacher.ready else None
    if entry is not None and entry.revision == revision:
        return entry
    return stored.entry(namespace, name, stored.codec.final(value, revision), revision, create_revision)


async def _catch_up(cacher: Cacher, failure: CompareFailed) -> None:
    """Wait until the cache shows the write that came between."""
    if failure.current is not None:
        deadline = asyncio.get_running_loop().time() + CATCH_UP_SECONDS
        await cacher.wait_for(failure.current.mod_revision, deadline)
