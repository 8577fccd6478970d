"""Tables and metadata-only objects of ``meta.k8s.io``: what ``kubectl get`` prints and metadata informers watch.

API concepts, sections "Receiving resources as Tables" and "Metadata-only fetches". Both are encoded in pieces, so that
a list of any length is a head, one piece an object, and a tail.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct

from steersman.apimachinery.duration import human_duration
from steersman.apimachinery.schema.rendering import go_number
from steersman.apimachinery.time import parse_time

Object = Mapping[str, Any]
Cell = Callable[[Object, float], Any]
"""From an object and the time (seconds since 1970) to the value shown: a string, number, boolean or None."""

TAIL = b"]}"
"""Closes what :func:`table_head` or :func:`partial_list_head` opened."""

_NAME = "The object's name, unique within its namespace."
_CREATED = "When the server created the object."


class Column(Struct, frozen=True):
    """``type`` and ``format`` are OpenAPI's; columns with a ``priority`` above 0 are shown by ``-o wide`` only."""

    name: str
    type: str
    cell: Cell
    format: str = ""
    description: str = ""
    priority: int = 0

    def definition(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


def age(timestamp: str | None, now: float) -> str:
    """How long ago an RFC 3339 time was, as people read it; ``<unknown>`` for none, ``<invalid>`` if it is no time."""
    if not timestamp:
        return "<unknown>"
    try:
        return human_duration(now - parse_time(timestamp).timestamp())
    except ValueError:
        return "<invalid>"


def _name(obj: Object, now: float) -> str:
    name: str = obj["metadata"].get("name", "")
    return name


def _created(obj: Object, now: float) -> str | None:
    created: str | None = obj["metadata"].get("creationTimestamp")
    return created


def _age(obj: Object, now: float) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


NAME = Column("Name", "string", _name, "name", _NAME)
AGE = Column("Age", "string", _age, "", _CREATED)
CREATED_AT = Column("Created At", "date", _created, "", _CREATED)


class ColumnSet:
    """The columns of a kind's table. ``conditions`` gives the row's conditions, such as that a pod is completed."""

    __slots__ = ("_cells", "columns", "conditions", "definitions")

    def __init__(
        self, columns: Iterable[Column], conditions: Callable[[Object], Sequence[Object]] | None = None
    ) -> None:
        self.columns = tuple(columns)
        self.conditions = conditions
        self.definitions = orjson.dumps([column.definition() for column in self.columns])
        self._cells = [column.cell for column in self.columns]

    @classmethod
    def default(cls) -> "ColumnSet":
        """What kinds without columns of their own show."""
        return cls((NAME, CREATED_AT))

    @classmethod
    def from_printer_columns(cls, columns: Iterable[Object]) -> "ColumnSet":
        """From a CustomResourceDefinition's ``additionalPrinterColumns``, after the name.

        Raises ValueError if a column's JSONPath cannot be read.
        """
        return cls((NAME, *map(_printer_column, columns)))

    def cells(self, obj: Object, now: float) -> list[Any]:
        return [cell(obj, now) for cell in self._cells]


def _printer_column(column: Object) -> Column:
    text = column["jsonPath"]
    # Imported for those who have such columns: a server without custom resources starts sooner.
    from steersman.apimachinery.jsonpath import JSONPath

    find = JSONPath.compile(text).find
    shown: Callable[[Any, float], Any] = _SHOWN.get(column["type"], _show_nothing)

    def cell(obj: Object, now: float) -> Any:
        try:
            found = find(obj)
        except ValueError:
            return None
        return shown(found[0], now) if found else None

    return Column(
        name=column["name"],
        type=column["type"],
        cell=cell,
        format=column.get("format") or "",
        description=column.get("description") or f"Custom resource definition column (in JSONPath format): {text}",
        priority=column.get("priority") or 0,
    )


def _show_nothing(value: Any, now: float) -> None:
    return None


def _show_text(value: Any, now: float) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return go_number(value) if isinstance(value, float) else orjson.dumps(value).decode()


def _show_integer(value: Any, now: float) -> int | None:
    return int(value) if type(value) in (int, float) else None


def _show_number(value: Any, now: float) -> float | None:
    return value if type(value) in (int, float) else None


def _show_boolean(value: Any, now: float) -> bool | None:
    return value if isinstance(value, bool) else None


def _show_date(value: Any, now: float) -> str | None:
    return age(value, now) if isinstance(value, str) else None


_SHOWN: dict[str, Callable[[Any, float], Any]] = {
    "string": _show_text,
    "integer": _show_integer,
    "number": _show_number,
    "boolean": _show_boolean,
    "date": _show_date,
}


def table_head(columns: ColumnSet | None, version: str, metadata: bytes) -> bytes:
    """The beginning of a Table: ``version`` is that of meta.k8s.io (v1, v1beta1), ``metadata`` a ListMeta as JSON.

    Without ``columns`` the definitions are null: a watch sends them in its first event only.
    """
    definitions = columns.definitions if columns is not None else b"null"
    return b'{"kind":"Table","apiVersion":"meta.k8s.io/%b","metadata":%b,"columnDefinitions":%b,"rows":[' % (
        version.encode(),
        metadata,
        definitions,
    )


def table_row(
    columns: ColumnSet, obj: Object, data: bytes, now: float, include_object: str = "", version: str = "v1"
) -> bytes:
    """One row. ``data`` is ``obj`` as JSON, ``include_object`` the Table option: "", None, Metadata or Object."""
    if include_object == "Object":
        shown = data
    else:
        shown = b"null" if include_object == "None" else partial_object_metadata(obj["metadata"], version)
    cells = orjson.dumps(columns.cells(obj, now))
    conditions = columns.conditions(obj) if columns.conditions is not None else ()
    if conditions:
        return b'{"cells":%b,"conditions":%b,"object":%b}' % (cells, orjson.dumps(list(conditions)), shown)
    return b'{"cells":%b,"object":%b}' % (cells, shown)


def single_table(
    columns: ColumnSet,
    obj: Object,
    data: bytes,
    now: float,
    include_object: str = "",
    version: str = "v1",
    headers: bool = True,
) -> bytes:
    """The Table of one object, for GET and for a watch event; without ``headers`` for all events but the first."""
    revision = obj["metadata"].get("resourceVersion")
    metadata = orjson.dumps({"resourceVersion": revision} if revision else {})
    row = table_row(columns, obj, data, now, include_object, version)
    return table_head(columns if headers else None, version, metadata) + row + TAIL


def partial_object_metadata(metadata: Any, version: str = "v1") -> bytes:
    """A PartialObjectMetadata with this ``metadata``."""
    return b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/%b","metadata":%b}' % (
        version.encode(),
        orjson.dumps(metadata),
    )


def partial_list_head(version: str, metadata: bytes) -> bytes:
    """The beginning of a PartialObjectMetadataList; ``metadata`` is a ListMeta as JSON."""
    return b'{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/%b","metadata":%b,"items":[' % (
        version.encode(),
        metadata,
    )
