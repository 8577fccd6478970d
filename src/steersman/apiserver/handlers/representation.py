"""How a client sees objects: whole, as a Table, or as metadata only; in the version it asked for.

API concepts, sections "Receiving resources as Tables" and "Metadata-only fetches".
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial

import orjson
from msgspec import Struct

from steersman.apimachinery.errors import bad_request
from steersman.apimachinery.table import (
    TAIL,
    ColumnSet,
    partial_list_head,
    partial_object_metadata,
    single_table,
    table_head,
    table_row,
)
from steersman.apiserver.handlers.negotiation import Format
from steersman.apiserver.registry.resource import Object, Resource
from steersman.apiserver.registry.stored_form import decode
from steersman.storage.watch_cache import Entry

INCLUDE_OBJECT = ("", "None", "Metadata", "Object")
SLICE = 1000
"""How many members of a list are shown between two turns of the loop."""
_COMMA = b","


class Representation(Struct, frozen=True):
    """``single`` shows one object, ``item`` one member of a list whose ``opening`` and ``closing`` stand around.

    ``part`` shows what is no entry of the resource (a Scale, a review), ``bookmark`` a bookmark's object, from its
    revision and annotations. ``key`` tells representations apart: equal keys give the same bytes.
    """

    key: Hashable
    single: Callable[[Entry], bytes]
    item: Callable[[Entry], bytes]
    opening: Callable[[bytes], bytes]
    closing: bytes
    part: Callable[[Object], bytes]
    bookmark: Callable[[int, Mapping[str, str]], bytes]
    yaml: bool = False

    async def collection(
        self, entries: Sequence[Entry], revision: int, token: str, remaining: int | None
    ) -> list[bytes]:
        """A list's JSON in pieces, made with turns of the loop in between.

        ``token`` continues it, ``remaining`` counts what follows (None: not known).
        """
        meta: dict[str, object] = {"resourceVersion": str(revision)}
        if token:
            meta["continue"] = token
            if remaining is not None:
                meta["remainingItemCount"] = remaining
        pieces = [self.opening(orjson.dumps(meta))]
        item = self.item
        for first in range(0, len(entries), SLICE):
            if first:
                await asyncio.sleep(0)
            for entry in entries[first : first + SLICE]:
                pieces.append(item(entry))
                pieces.append(_COMMA)
        if entries:
            pieces.pop()
        pieces.append(self.closing)
        return pieces


def represent(resource: Resource, asked: Format, include: str, clock: Callable[[], float]) -> Representation:
    """What ``asked`` means for ``resource``; ``include`` is the Table parameter includeObject. Raises 400."""
    if asked.shape == "table":
        return _table(resource, asked, include, clock)
    if asked.shape == "metadata":
        return _metadata_only(resource, asked)
    item = served_bytes(resource)
    kind, list_kind, api_version = resource.kind, resource.list_kind.encode(), resource.api_version
    opening = b'{"kind":"%b","apiVersion":"%b","metadata":' % (list_kind, api_version.encode())

    def bookmark(revision: int, annotations: Mapping[str, str]) -> bytes:
        return orjson.dumps({"kind": kind, "apiVersion": api_version, "metadata": _position(revision, annotations)})

    return Representation(
        key=asked,
        single=item,
        item=item,
        opening=lambda meta: opening + meta + b',"items":[',
        closing=TAIL,
        part=orjson.dumps,
        bookmark=bookmark,
        yaml=asked.yaml,
    )


def _position(revision: int, annotations: Mapping[str, str]) -> dict[str, object]:
    """A bookmark's metadata."""
    meta: dict[str, object] = {"resourceVersion": str(revision), "creationTimestamp": None}
    if annotations:
        meta["annotations"] = dict(annotations)
    return meta


def served_bytes(resource: Resource) -> Callable[[Entry], bytes]:
    """An entry's bytes in the resource's version; the cached bytes themselves where that is the stored version."""
    if resource.is_stored_version:
        return _stored_bytes
    if resource.conversion is not None or resource.stored is None:
        return lambda entry: orjson.dumps(decode(resource, entry))
    as_kind, api_version, kind = resource.stored.codec.as_kind, resource.api_version, resource.kind
    return lambda entry: as_kind(entry.data, api_version, kind)


def _stored_bytes(entry: Entry) -> bytes:
    return entry.data


def _metadata_only(resource: Resource, asked: Format) -> Representation:
    version = asked.version

    def item(entry: Entry) -> bytes:
        return partial_object_metadata(decode(resource, entry)["metadata"], version)

    return Representation(
        key=asked,
        single=item,
        item=item,
        opening=partial(partial_list_head, version),
        closing=TAIL,
        part=lambda obj: partial_object_metadata(obj["metadata"], version),
        bookmark=lambda revision, annotations: partial_object_metadata(_position(revision, annotations), version),
        yaml=asked.yaml,
    )


def _table(resource: Resource, asked: Format, include: str, clock: Callable[[], float]) -> Representation:
    if include not in INCLUDE_OBJECT:
        raise bad_request(
            f'includeObject: Unsupported value: "{include}": supported values: "Metadata", "None", "Object"'
        )
    columns, whole, version = resource.columns(), served_bytes(resource), asked.version

    def row(entry: Entry) -> bytes:
        return table_row(columns, decode(resource, entry), whole(entry), clock(), include, version)

    def single(entry: Entry) -> bytes:
        return single_table(columns, decode(resource, entry), whole(entry), clock(), include, version)

    def part(obj: Object) -> bytes:
        return single_table(ColumnSet.default(), obj, orjson.dumps(obj), clock(), include, version)

    def bookmark(revision: int, annotations: Mapping[str, str]) -> bytes:
        head = table_head(None, version, orjson.dumps({"resourceVersion": str(revision)}))
        shown = partial_object_metadata(_position(revision, annotations), version)
        return head + b'{"cells":[],"object":' + shown + b"}" + TAIL

    return Representation(
        key=(asked, include),
        single=single,
        item=row,
        opening=partial(table_head, columns, version),
        closing=TAIL,
        part=part,
        bookmark=bookmark,
        yaml=asked.yaml,
    )
