"""How a client sees objects: whole, as a Table, or as metadata only; in the version it asked for.

API concepts, sections "Receiving resources as Tables" and "Metadata-only fetches".
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from steersman.apimachinery.errors import bad_request
from steersman.apimachinery.table import (
    TAIL,
    partial_list_head,
    partial_object_metadata,
    single_table,
    table_head,
    table_row,
)
from steersman.apiserver.handlers.negotiation import Format
from steersman.apiserver.registry.lifecycle import decode
from steersman.apiserver.registry.resource import Resource
from steersman.storage.watch_cache import Entry

INCLUDE_OBJECT = ("", "None", "Metadata", "Object")
_COMMA = b","


@dataclass(frozen=True, slots=True)
class Representation:
    """``single`` shows one object, ``item`` one member of a list whose ``opening`` and ``closing`` stand around.

    ``key`` tells representations apart: equal keys give the same bytes.
    """

    key: Hashable
    single: Callable[[Entry], bytes]
    item: Callable[[Entry], bytes]
    opening: Callable[[bytes], bytes]
    closing: bytes
    yaml: bool = False

    def collection(self, entries: Sequence[Entry], revision: int, token: str, remaining: int | None) -> list[bytes]:
        """A list's JSON in pieces. ``token`` continues it, ``remaining`` counts what follows (None: not known)."""
        meta: dict[str, object] = {"resourceVersion": str(revision)}
        if token:
            meta["continue"] = token
            if remaining is not None:
                meta["remainingItemCount"] = remaining
        pieces = [self.opening(orjson.dumps(meta))]
        item = self.item
        for entry in entries:
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
    opening = b'{"kind":"%b","apiVersion":"%b","metadata":' % (
        resource.list_kind.encode(),
        resource.api_version.encode(),
    )
    return Representation(asked, item, item, lambda meta: opening + meta + b',"items":[', TAIL, asked.yaml)


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
    def item(entry: Entry) -> bytes:
        return partial_object_metadata(decode(resource, entry)["metadata"], asked.version)

    opening = partial(partial_list_head, asked.version)
    return Representation(asked, item, item, opening, TAIL, asked.yaml)


def _table(resource: Resource, asked: Format, include: str, clock: Callable[[], float]) -> Representation:
    if include not in INCLUDE_OBJECT:
        raise bad_request(
            f'includeObject: Unsupported value: "{include}": supported values: "Metadata", "None", "Object"'
        )
    columns, whole = resource.columns(), served_bytes(resource)

    def row(entry: Entry) -> bytes:
        return table_row(columns, decode(resource, entry), whole(entry), clock(), include, asked.version)

    def single(entry: Entry) -> bytes:
        return single_table(columns, decode(resource, entry), whole(entry), clock(), include, asked.version)

    opening = partial(table_head, columns, asked.version)
    return Representation((asked, include), single, row, opening, TAIL, asked.yaml)
