"""Lists, page by page (API concepts, "Retrieving large results sets in chunks")."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import ApiResource
from steersman.client.object_bytes import with_type
from steersman.client.transport import TransportError

T = TypeVar("T")


class ObjectList(Struct, Generic[T], frozen=True):
    """A list, or one page of it.

    A watch goes on from ``resource_version``. ``continue_token`` asks for the next page, empty on the last one;
    ``remaining`` counts the items after this page, None where the server does not tell. ``consistent`` is False where
    the pages are not all of one revision, because the list took longer than the server keeps revisions.
    """

    items: list[T]
    resource_version: str
    continue_token: str = ""
    remaining: int | None = None
    consistent: bool = True

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    resource_version: str | None = None
    continue_token: str | None = msgspec.field(default=None, name="continue")
    remaining_item_count: int | None = None


class _Body(msgspec.Struct, gc=False):
    # Go writes an empty list as null.
    items: list[msgspec.Raw] | None = None
    metadata: _Metadata | None = None


_NO_METADATA = _Metadata()
_decode_body = msgspec.json.Decoder(_Body).decode


def read_list(body: bytes, resource: ApiResource[T]) -> ObjectList[T]:
    """What a server answered to a list. Raises TransportError if it is none, ValueError as the codec does."""
    try:
        read = _decode_body(body)
    except msgspec.MsgspecError as error:
        raise TransportError(f"the server's list cannot be read: {error}") from None
    decode = resource.codec.decode
    metadata = read.metadata or _NO_METADATA
    return ObjectList(
        [decode(with_type(bytes(item), resource)) for item in read.items or ()],
        metadata.resource_version or "",
        metadata.continue_token or "",
        metadata.remaining_item_count,
    )


FetchPage = Callable[[Mapping[str, str]], Awaitable[bytes]]
"""Sends the list request with these query parameters, and gives the body of the answer."""

_FIRST_PAGE_ONLY = ("resourceVersion", "resourceVersionMatch")


class Listing(Generic[T]):
    """A list that has been asked for; requests are sent as it is read::

        async for pod in pods.list(): ...          # each object, a page at a time in memory
        everything = await pods.list()             # one ObjectList
        async for page in pods.list().pages(): ...
        first = await pods.list(limit=10).page()   # one request; go on with list(continue_token=first.continue_token)

    It may be read several times: each time the server is asked anew.
    """

    def __init__(self, fetch: FetchPage, query: Mapping[str, str], resource: ApiResource[T]) -> None:
        self._fetch, self._query, self._resource = fetch, query, resource

    async def page(self) -> ObjectList[T]:
        """The first page. Raises ApiError, TransportError."""
        return await self._page(self._query)

    async def pages(self) -> AsyncIterator[ObjectList[T]]:
        """Page after page. Raises ApiError, TransportError.

        Where the server no longer has the revision of the first page, the rest is of a later one (``consistent`` is
        False), or all of the list in one page if there was nothing in the pages before.
        """
        page = await self._page(self._query)
        given = bool(page.items)
        yield page
        while page.continue_token:
            consistent = page.consistent
            try:
                page = await self._page(self._after(page.continue_token))
            except ApiError as error:
                if error.code != 410:
                    raise
                page = await self._recover(error, given)
                consistent = consistent and not given
            given = given or bool(page.items)
            page = page if consistent else replace(page, consistent=False)
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    def __await__(self) -> Generator[Any, None, ObjectList[T]]:
        return self._all().__await__()

    async def _all(self) -> ObjectList[T]:
        """Everything, of one revision: where that is lost between two pages, the whole list in one request."""
        page = await self._page(self._query)
        items, first = page.items, page
        while page.continue_token:
            try:
                page = await self._page(self._after(page.continue_token))
            except ApiError as error:
                if error.code != 410:
                    raise
                return await self._whole()
            items += page.items
        return ObjectList(items, first.resource_version)

    async def _recover(self, error: ApiError, given: bool) -> ObjectList[T]:
        if not given:
            return await self._whole()
        token = error.metadata.get("continue")
        if not token:
            raise error
        return await self._page(self._after(token))

    async def _whole(self) -> ObjectList[T]:
        return await self._page({key: value for key, value in self._query.items() if key not in ("limit", "continue")})

    def _after(self, token: str) -> dict[str, str]:
        query = {key: value for key, value in self._query.items() if key not in _FIRST_PAGE_ONLY}
        return query | {"continue": token}

    async def _page(self, query: Mapping[str, str]) -> ObjectList[T]:
        return read_list(await self._fetch(query), self._resource)
