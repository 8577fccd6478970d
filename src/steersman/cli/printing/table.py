"""Tables (meta/v1) as kubectl prints them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from steersman.cli.printing.tab_writer import align

Json = dict[str, Any]

ACCEPT = ",".join(
    [*(f"application/json;as=Table;v={version};g=meta.k8s.io" for version in ("v1", "v1beta1")), "application/json"]
)
"""What to accept for a Table, or else the objects from servers that make none."""

_LINE_ENDS = ("\f", "\n", "\r")
_NONE = "<none>"


@dataclass(frozen=True)
class Columns:
    """Which columns there are besides those of the server: ``labels`` are keys with a column each."""

    wide: bool = False
    namespace: bool = False
    labels: Sequence[str] = ()
    all_labels: bool = False

    def without_namespace(self) -> "Columns":
        """For kinds that have none."""
        return replace(self, namespace=False)


@dataclass
class TablePrinter:
    """Prints the rows of Tables of one kind, in columns that stay as wide as they were. ``prefix`` is put to names."""

    columns: Columns
    prefix: str = ""
    headed: bool = False
    """Whether the header was printed, or is not wanted."""
    event_column: bool = False
    """Whether the first column says what happened to the object."""
    _widths: list[int] = field(default_factory=list)
    _definitions: list[Json] = field(default_factory=list)

    def print(self, table: Mapping[str, Any], event: str = "") -> str:
        """The text of a Table's rows, with the header before the first ones; empty without rows."""
        self._definitions = table.get("columnDefinitions") or self._definitions
        rows = table.get("rows") or ()
        if not rows:
            return ""
        lines = [([event] if self.event_column else []) + self._line(row) for row in rows]
        if not self.headed:
            lines.insert(0, self._header())
            self.headed = True
        return align(lines, min_width=6, padding=3, widths=self._widths)

    def _header(self) -> list[str]:
        names = [one["name"].upper() for one in self._definitions if self._shows(one)]
        labels = [key.rpartition("/")[2].upper() for key in self.columns.labels]
        return [
            *(["EVENT"] if self.event_column else ()),
            *(["NAMESPACE"] if self.columns.namespace else ()),
            *names,
            *labels,
            *(["LABELS"] if self.columns.all_labels else ()),
        ]

    def _line(self, row: Mapping[str, Any]) -> list[str]:
        metadata = (row.get("object") or {}).get("metadata") or {}
        labels = metadata.get("labels") or {}
        cells = [
            (self.prefix if definition.get("format") == "name" or definition["name"] == "Name" else "") + text
            for definition, text in zip(self._definitions, map(_text, row["cells"]), strict=False)
            if self._shows(definition)
        ]
        return [
            *([metadata.get("namespace") or ""] if self.columns.namespace else ()),
            *cells,
            *(labels.get(key, "") for key in self.columns.labels),
            *([format_labels(labels)] if self.columns.all_labels else ()),
        ]

    def _shows(self, definition: Mapping[str, Any]) -> bool:
        return self.columns.wide or not definition.get("priority")


def format_labels(labels: Mapping[str, str]) -> str:
    """``a=b,c=d``, or ``<none>``."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or _NONE


def _text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case str():
            cut = min((at for end in _LINE_ENDS if (at := cell.find(end)) >= 0), default=-1)
            return f"{cell[:cut]}..." if cut >= 0 else cell
        case float() if cell.is_integer():
            return str(int(cell))
    return str(cell)


def as_table(value: Json, age: Callable[[str | None], str]) -> Json:
    """The Table that a server answered; of objects from one that makes none, a table of their names and ages."""
    if value.get("kind") == "Table":
        return value
    objects = value["items"] or [] if "items" in value else [value]
    return {
        "metadata": value.get("metadata") or {},
        "columnDefinitions": [{"name": "Name", "format": "name"}, {"name": "Age"}],
        "rows": [
            {"cells": [one["metadata"]["name"], age(one["metadata"].get("creationTimestamp"))], "object": one}
            for one in objects
        ],
    }
