"""The verbs on one resource (API concepts, "Standard API terminology")."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Generic, TypeVar

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import ApiResource
from steersman.client.listing import Listing, ObjectList, read_list
from steersman.client.object_bytes import read_head, with_type
from steersman.client.patch_type import PatchType
from steersman.client.rest import RestClient
from steersman.client.rest.rest_client import JSON
from steersman.client.transport import Reply
from steersman.client.watch import Watch

T = TypeVar("T")

PatchBody = Mapping[str, Any] | Sequence[Mapping[str, Any]] | bytes
"""A patch as its type wants it: an object, the list of a JSON patch's operations, or either encoded."""

PAGE_SIZE = 500
"""Objects in a page of a list, unless said otherwise."""


class ResourceClient(Generic[T]):
    """Reads and writes the objects of one resource, as the type that its codec makes of them.

    ``namespace=None`` is the namespace of the object that is given, if it says one, else that of the config. For
    :meth:`list`, :meth:`watch` and :meth:`delete_collection` it is that of the config too; ``ALL_NAMESPACES`` there is
    all of them. Kinds without namespaces take none. An object may leave out its apiVersion and kind.

    All verbs raise ApiError with the Status that the server answered, TransportError if the answer did not come,
    TimeoutError and CredentialError; and ValueError, before anything is sent, for names that cannot stand in a path, an
    object of another namespace than the one given, and objects without a name where one is needed. Answers that do not
    fit the type raise ValueError from the codec.

    Objects that wait for initializers are left out, unless ``include_uninitialized`` asks for them too.
    """

    def __init__(
        self,
        rest: RestClient,
        resource: ApiResource[T],
        on_path_not_found: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_path_not_found`` is told when the server does not know the resource's path."""
        self.resource, self.rest = resource, rest
        self._on_path_not_found = on_path_not_found

    def __repr__(self) -> str:
        return f"ResourceClient({self.resource.group_version_resource})"

    async def get(
        self,
        name: str,
        *,
        namespace: str | None = None,
        resource_version: str = "",
        include_uninitialized: bool = False,
    ) -> T:
        """``resource_version="0"`` is satisfied with whatever state the server has at hand."""
        query = _query(resourceVersion=resource_version, includeUninitialized=include_uninitialized)
        return self._decode(await self._request("GET", self._path(name, namespace), query))

    def list(
        self,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        resource_version_match: str = "",
        limit: int = PAGE_SIZE,
        continue_token: str = "",
        include_uninitialized: bool = False,
    ) -> Listing[T]:
        """Objects in the order of their names; ``limit`` is the size of a page, 0 for all in one.

        ``resource_version`` is that of the list, with ``resource_version_match`` ``Exact`` or ``NotOlderThan``; empty
        is the newest one.
        """
        path = self._collection(namespace)
        query = _query(
            labelSelector=label_selector,
            fieldSelector=field_selector,
            resourceVersion=resource_version,
            resourceVersionMatch=resource_version_match,
            limit=limit,
            includeUninitialized=include_uninitialized,
        )
        query |= {"continue": continue_token} if continue_token else {}
        return Listing(lambda page: self._request("GET", path, page), query, self.resource)

    def watch(
        self,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        bookmarks: bool = False,
        send_initial_events: bool | None = None,
        timeout: float | None = None,
        include_uninitialized: bool = False,
    ) -> Watch[T]:
        """What changes after ``resource_version``; without one, what there is comes first, as ADDED.

        ``send_initial_events`` asks for the objects there are and then a bookmark that ends them (KEP-3157), True, or
        for changes only, False. ``bookmarks`` asks for events that only say how far the watch has come (KEP-956):
        without them, where little changes, its ``resource_version`` gets too old to go on from. ``timeout``: seconds
        until the server ends the watch; None leaves it to the server.
        """
        path = self._collection(namespace)
        query = _query(
            watch="true",
            labelSelector=label_selector,
            fieldSelector=field_selector,
            resourceVersion=resource_version,
            allowWatchBookmarks=bookmarks or bool(send_initial_events),
            timeoutSeconds=max(1, round(timeout)) if timeout is not None else "",
            includeUninitialized=include_uninitialized,
        )
        if send_initial_events is not None:
            flag = "true" if send_initial_events else "false"
            query |= {"sendInitialEvents": flag, "resourceVersionMatch": "NotOlderThan"}
        return Watch(self._stream(path, query), self.resource, resource_version)

    async def create(
        self,
        obj: T,
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
        include_uninitialized: bool = False,
    ) -> T:
        """The object as the server stored it. ``field_validation`` is Strict, Warn or Ignore (KEP-2885).

        With ``include_uninitialized`` the answer does not wait for the object's initializers.
        """
        data, _, place = self._encode(obj, namespace)
        if self.resource.namespaced and not place:
            raise ValueError(f"{self.resource.kind} needs a namespace")
        query = _write_query(dry_run, field_manager, field_validation)
        query |= _query(includeUninitialized=include_uninitialized)
        return self._decode(await self._request("POST", self.resource.path(place), query, data))

    async def update(
        self,
        obj: T,
        *,
        namespace: str | None = None,
        subresource: str = "",
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
    ) -> T:
        """Replace an object. With its resourceVersion it fails (409 Conflict) if the object has changed since."""
        data, name, place = self._encode(obj, namespace)
        query = _write_query(dry_run, field_manager, field_validation)
        return self._decode(await self._request("PUT", self._path(name, place, subresource), query, data))

    async def update_status(self, obj: T, *, namespace: str | None = None, field_manager: str = "") -> T:
        """Replace an object's status; whatever else differs is left as it is."""
        return await self.update(obj, namespace=namespace, subresource="status", field_manager=field_manager)

    async def patch(
        self,
        name: str,
        patch: PatchBody,
        *,
        type: PatchType = PatchType.MERGE,
        namespace: str | None = None,
        subresource: str = "",
        force: bool = False,
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
    ) -> T:
        """Change an object as ``patch`` says. ``force`` takes fields from other managers, with APPLY only."""
        path = self._path(name, namespace, subresource)
        query = _write_query(dry_run, field_manager, field_validation) | _query(force=force)
        data = patch if isinstance(patch, bytes) else orjson.dumps(patch)
        return self._decode(await self._request("PATCH", path, query, data, content_type=type))

    async def apply(
        self,
        obj: T,
        *,
        field_manager: str,
        force: bool = False,
        namespace: str | None = None,
        subresource: str = "",
        dry_run: bool = False,
        field_validation: str = "",
    ) -> T:
        """Server-side apply: make the object have these fields, and own them as ``field_manager``.

        What the manager had applied before and now leaves out is removed. Fields that another manager owns with another
        value are a 409 Conflict unless ``force``. The object is created if need be.
        """
        if not field_manager:
            raise ValueError("apply needs a field_manager")
        data, name, place = self._encode(obj, namespace)
        return await self.patch(
            name,
            data,
            type=PatchType.APPLY,
            namespace=place,
            subresource=subresource,
            force=force,
            dry_run=dry_run,
            field_manager=field_manager,
            field_validation=field_validation,
        )

    async def delete(
        self,
        name: str,
        *,
        namespace: str | None = None,
        propagation_policy: str = "",
        grace_period_seconds: int | None = None,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> T | dict[str, Any]:
        """Delete an object: the answer is the object while it waits for finalizers or its grace period, and for some
        kinds in any case; else a Status, as a dict.

        ``propagation_policy`` is Background, Foreground or Orphan. With ``uid`` or ``resource_version`` it fails (409
        Conflict) for an object that has another one.
        """
        options = _delete_options(propagation_policy, grace_period_seconds, uid, resource_version, dry_run)
        data = await self._request("DELETE", self._path(name, namespace), body=options)
        if read_head(data).kind == "Status":
            status: dict[str, Any] = orjson.loads(data)
            return status
        return self._decode(data)

    async def delete_collection(
        self,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        propagation_policy: str = "",
        grace_period_seconds: int | None = None,
        dry_run: bool = False,
        include_uninitialized: bool = False,
    ) -> ObjectList[T]:
        """Delete the objects that are selected, all of the namespace without selectors.

        The answer is what was deleted, as far as the server tells. Servers take one namespace at a time.
        """
        query = _query(
            labelSelector=label_selector, fieldSelector=field_selector, includeUninitialized=include_uninitialized
        )
        options = _delete_options(propagation_policy, grace_period_seconds, "", "", dry_run)
        data = await self._request("DELETE", self._collection(namespace), query, options)
        return ObjectList([], "") if read_head(data).kind == "Status" else read_list(data, self.resource)

    async def get_scale(self, name: str, *, namespace: str | None = None) -> dict[str, Any]:
        """The object's replicas, as a Scale of autoscaling/v1."""
        return await self.get_subresource(name, "scale", namespace=namespace)

    async def set_scale(
        self,
        name: str,
        replicas: int,
        *,
        namespace: str | None = None,
        resource_version: str = "",
        dry_run: bool = False,
        field_manager: str = "",
    ) -> dict[str, Any]:
        """Ask for a number of replicas; with ``resource_version`` only if the object has not changed since.

        The answer is the Scale.
        """
        metadata = {"metadata": {"resourceVersion": resource_version}} if resource_version else {}
        data = await self._request(
            "PATCH",
            self._path(name, namespace, "scale"),
            _write_query(dry_run, field_manager, ""),
            orjson.dumps({**metadata, "spec": {"replicas": replicas}}),
            content_type=PatchType.MERGE,
        )
        return _json_object(data)

    async def get_subresource(
        self, name: str, subresource: str, *, namespace: str | None = None, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A subresource that has a kind of its own."""
        return _json_object(await self._request("GET", self._path(name, namespace, subresource), query or {}))

    async def create_subresource(
        self,
        name: str,
        subresource: str,
        obj: Mapping[str, Any],
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        field_manager: str = "",
    ) -> dict[str, Any]:
        """Such as ``eviction`` and ``binding`` of pods, or ``token`` of service accounts; ``obj`` is of its kind."""
        path = self._path(name, namespace, subresource)
        query = _write_query(dry_run, field_manager, "")
        return _json_object(await self._request("POST", path, query, orjson.dumps(obj)))

    def _place(self, namespace: str | None, of_object: str = "") -> str:
        if namespace is None:
            return of_object or (self.rest.config.namespace if self.resource.namespaced else "")
        if of_object and of_object != namespace:
            raise ValueError(f"the object is of namespace {of_object!r}, not of {namespace!r}")
        return namespace

    def _collection(self, namespace: str | None) -> str:
        return self.resource.path(self._place(namespace))

    def _path(self, name: str, namespace: str | None, subresource: str = "") -> str:
        if not name:
            raise ValueError(f"{self.resource.kind} needs a name")
        return self.resource.path(self._place(namespace), name, subresource)

    def _encode(self, obj: T, namespace: str | None) -> tuple[bytes, str, str]:
        """The object's JSON, its name, which may be empty, and its namespace."""
        data = self.resource.codec.encode(obj)
        head = read_head(data)
        return with_type(data, self.resource), head.name, self._place(namespace, head.namespace)

    def _decode(self, data: bytes) -> T:
        return self.resource.codec.decode(data)

    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        content_type: str = JSON,
    ) -> bytes:
        try:
            answer = await self.rest.request(method, path, query=query or {}, body=body, content_type=content_type)
        except ApiError as error:
            self._look_at(error)
            raise
        return answer.body

    @asynccontextmanager
    async def _stream(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Reply]:
        async with AsyncExitStack() as stack:
            try:
                reply = await stack.enter_async_context(self.rest.stream("GET", path, query=query))
            except ApiError as error:
                self._look_at(error)
                raise
            yield reply

    def _look_at(self, error: ApiError) -> None:
        # The Status of an object that is not there names it; that of a path which is not served does not.
        if error.code == 404 and not (error.details or {}).get("name"):
            self._on_path_not_found()


def _query(**parameters: str | int | bool) -> dict[str, str]:
    """Those parameters that say something; flags are ``true`` or left out."""
    return {name: "true" if value is True else str(value) for name, value in parameters.items() if value}


def _write_query(dry_run: bool, field_manager: str, field_validation: str) -> dict[str, str]:
    return _query(dryRun="All" if dry_run else "", fieldManager=field_manager, fieldValidation=field_validation)


def _delete_options(
    propagation_policy: str, grace_period_seconds: int | None, uid: str, resource_version: str, dry_run: bool
) -> bytes:
    """DeleteOptions (meta/v1), or nothing where nothing is asked for."""
    preconditions = _query(uid=uid, resourceVersion=resource_version)
    options: dict[str, Any] = {
        "propagationPolicy": propagation_policy or None,
        "gracePeriodSeconds": grace_period_seconds,
        "preconditions": preconditions or None,
        "dryRun": ["All"] if dry_run else None,
    }
    said = {name: value for name, value in options.items() if value is not None}
    return orjson.dumps({"apiVersion": "v1", "kind": "DeleteOptions", **said}) if said else b""


def _json_object(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(data)
    return value
