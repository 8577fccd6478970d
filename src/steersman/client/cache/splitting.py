"""Split what a server sends to a list or watch request into objects, each over its own bytes.

Neither body is parsed as a whole: a list is cut into its items, of which only the metadata is decoded. Each item gets a
copy of its bytes, so that a large list is not kept alive by one of its items.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import orjson

from steersman.client.cache.cached_object import CachedObject, MalformedObject, TypeMeta

ERROR: Final = "ERROR"


class ListMetadata(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``metadata`` of a list (API conventions, section "Lists and Simple kinds").

    ``continue_token`` is empty on the last page; ``remaining_item_count`` is None where the server does not tell.
    """

    resource_version: str = ""
    continue_token: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class _List(msgspec.Struct, rename="camel"):
    # Go writes the list without items as null.
    items: list[msgspec.Raw] | None
    metadata: ListMetadata | None = None
    api_version: str = ""
    kind: str = ""


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_decode_list = msgspec.json.Decoder(_List).decode
_decode_event = msgspec.json.Decoder(_Event).decode


def list_items(body: bytes) -> tuple[ListMetadata, Iterator[CachedObject]]:
    """The metadata and the items of a list answer such as a ``ConfigMapList``; each item is made when it is taken.

    Items of built-in kinds do not say what they are; it follows from the list's kind. Raises MalformedObject, also when
    an item is taken.
    """
    try:
        page = _decode_list(body)
    except msgspec.MsgspecError as error:
        raise MalformedObject(f"unable to decode a list: {error}") from None
    kind = page.kind.removesuffix("List")
    item_type = TypeMeta(page.api_version, kind) if kind else None
    return page.metadata or ListMetadata(), (CachedObject(item, item_type) for item in page.items or ())


def split_list(body: bytes) -> tuple[ListMetadata, list[CachedObject]]:
    """As ``list_items``, with all items at once."""
    metadata, items = list_items(body)
    return metadata, list(items)


def split_event(line: bytes) -> tuple[str, CachedObject | dict[str, Any]]:
    """The type and the object of one event of a watch (API concepts, section "Efficient detection of changes").

    With type ``ERROR`` the object is a Status, as a plain dict; with any other (``ADDED``, ``MODIFIED``, ``DELETED``,
    ``BOOKMARK``) it is a CachedObject. Raises MalformedObject, for instance for a line that was cut off.
    """
    try:
        event = _decode_event(line)
        if event.type == ERROR:
            status: dict[str, Any] = orjson.loads(bytes(event.object))
            return event.type, status
    except (msgspec.MsgspecError, orjson.JSONDecodeError) as error:
        raise MalformedObject(f"unable to decode an event from the watch stream: {error}") from None
    return event.type, CachedObject(event.object)
