"""List and watch one kind: the server as a reflector sees it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

from msgspec import Struct

from steersman.client.api_resource import ALL_NAMESPACES, ApiResource
from steersman.client.informer.list_options import OVERTIME_SECONDS, ListOptions, TweakListOptions
from steersman.client.rest import RestClient


class ListerWatcher(Protocol):
    """Lists and watches the objects of ``resource``, and answers with the bytes that the server sent.

    ``page_size`` is how many objects a page of a list shall have; 0 leaves it to who lists.
    """

    @property
    def resource(self) -> ApiResource[Any]: ...

    @property
    def page_size(self) -> int: ...

    async def list(self, options: ListOptions) -> bytes:
        """The body of a list or of one page of it. Raises ApiError, TransportError, TimeoutError."""
        ...

    def watch(self, options: ListOptions) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """A watch, open within the block: its stream in pieces that are cut anywhere.

        Entering raises ApiError, TransportError, TimeoutError; reading raises TransportError when it is cut off.
        """
        ...


class ResourceAccess(Protocol):
    """What a ListWatch needs of a client for one kind; a ``ResourceClient`` is one."""

    @property
    def rest(self) -> RestClient: ...

    @property
    def resource(self) -> ApiResource[Any]: ...


class RestResource(Struct, frozen=True):
    """One kind, and the server that is asked for it."""

    rest: RestClient
    resource: ApiResource[Any]


class ListWatch:
    """The objects of ``client``'s kind in one namespace or all, those that the selectors select.

    ``label_selector`` and ``field_selector`` are in the API's notation; ``tweak`` has the last word on every request.
    """

    def __init__(
        self,
        client: ResourceAccess,
        *,
        namespace: str = ALL_NAMESPACES,
        label_selector: str = "",
        field_selector: str = "",
        page_size: int = 0,
        tweak: TweakListOptions | None = None,
    ) -> None:
        self._rest = client.rest
        self.resource: ApiResource[Any] = client.resource
        self.page_size = page_size
        self._path = client.resource.path(namespace)
        self._label_selector = label_selector
        self._field_selector = field_selector
        self._tweak = tweak

    async def list(self, options: ListOptions) -> bytes:
        """The body of a list or of one page of it. Raises ApiError, TransportError, TimeoutError."""
        answer = await self._rest.request("GET", self._path, query=self._query(options))
        return answer.body

    @asynccontextmanager
    async def watch(self, options: ListOptions) -> AsyncIterator[AsyncIterator[bytes]]:
        """A watch, open within the block. Raises as in ``ListerWatcher``."""
        query = [("watch", "true"), *self._query(options)]
        # A proxy may hold back the head of the answer until there is a first event.
        head = options.timeout_seconds + OVERTIME_SECONDS if options.timeout_seconds else None
        async with self._rest.stream("GET", self._path, query=query, timeout=head) as reply:
            yield reply.chunks()

    def _query(self, options: ListOptions) -> Sequence[tuple[str, str]]:
        scoped = replace(options, label_selector=self._label_selector, field_selector=self._field_selector)
        return (scoped if self._tweak is None else self._tweak(scoped)).query()
