"""Tables and metadata-only objects, as bytes that clients read."""

from typing import Any

import orjson
import pytest

from steersman.apimachinery.table import (
    AGE,
    NAME,
    TAIL,
    Column,
    ColumnSet,
    age,
    partial_list_head,
    partial_object_metadata,
    single_table,
    table_head,
    table_row,
)

NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z
DATABASE: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Database",
    "metadata": {"name": "main", "resourceVersion": "7", "creationTimestamp": "2023-11-14T22:08:20Z"},
    "spec": {"engine": "pg", "replicas": 3, "ratio": 0.5, "ready": True, "tags": ["a"], "none": None, "since": "junk"},
}
DATA = orjson.dumps(DATABASE)


def column(type_name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"name": "C", "type": type_name, "jsonPath": path, **more}


CELLS: list[tuple[str, str, Any]] = [
    ("string", ".spec.engine", "pg"),
    ("string", ".spec.replicas", "3"),
    ("string", ".spec.ratio", "0.5"),
    ("string", ".spec.ready", "true"),
    ("string", ".spec.tags", '["a"]'),
    ("string", ".spec.missing", None),
    ("string", ".spec.none", None),
    ("string", ".spec.tags[0]", "a"),
    ("integer", ".spec.replicas", 3),
    ("integer", ".spec.ratio", 0),
    ("integer", ".spec.engine", None),
    ("integer", ".spec.ready", None),
    ("number", ".spec.ratio", 0.5),
    ("number", ".spec.replicas", 3),
    ("number", ".spec.engine", None),
    ("boolean", ".spec.ready", True),
    ("boolean", ".spec.replicas", None),
    ("date", ".metadata.creationTimestamp", "5m"),
    ("date", ".metadata.deletionTimestamp", None),
    ("date", ".spec.since", "<invalid>"),
    ("date", ".spec.replicas", None),
    ("array", ".spec.tags", None),
]


@pytest.mark.parametrize(("type_name", "path", "expected"), CELLS)
def test_printer_column(type_name: str, path: str, expected: Any) -> None:
    columns = ColumnSet.from_printer_columns([column(type_name, path)])

    assert columns.cells(DATABASE, NOW) == ["main", expected]


def test_definitions_of_printer_columns() -> None:
    columns = ColumnSet.from_printer_columns(
        [
            column("string", ".spec.engine", description="Kind of engine", priority=1),
            column("date", ".a", format="date"),
        ]
    )

    name, engine, date = orjson.loads(columns.definitions)
    assert (name["name"], name["type"], name["format"], name["priority"]) == ("Name", "string", "name", 0)
    assert engine == {"name": "C", "type": "string", "format": "", "description": "Kind of engine", "priority": 1}
    assert date["format"] == "date"
    assert date["description"] == "Custom resource definition column (in JSONPath format): .a"


def test_a_json_path_that_cannot_be_read() -> None:
    with pytest.raises(ValueError):
        ColumnSet.from_printer_columns([column("string", ".spec[")])


def test_default_columns() -> None:
    columns = ColumnSet.default()

    assert [one["name"] for one in orjson.loads(columns.definitions)] == ["Name", "Created At"]
    assert columns.cells(DATABASE, NOW) == ["main", "2023-11-14T22:08:20Z"]


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [("2023-11-14T22:12:20Z", "60s"), (None, "<unknown>"), ("", "<unknown>"), ("x", "<invalid>")],
)
def test_age(timestamp: str | None, expected: str) -> None:
    assert age(timestamp, NOW) == expected


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_list_is_encoded_in_pieces(version: str) -> None:
    columns = ColumnSet((NAME, AGE))
    row = table_row(columns, DATABASE, DATA, NOW, "None", version)
    table = orjson.loads(table_head(columns, version, b'{"resourceVersion":"9"}') + row + b"," + row + TAIL)

    assert (table["kind"], table["apiVersion"]) == ("Table", f"meta.k8s.io/{version}")
    assert table["metadata"] == {"resourceVersion": "9"}
    assert [one["name"] for one in table["columnDefinitions"]] == ["Name", "Age"]
    assert table["rows"] == [{"cells": ["main", "5m"], "object": None}] * 2


@pytest.mark.parametrize("include", ["", "Metadata"])
def test_rows_hold_metadata_by_default(include: str) -> None:
    row = orjson.loads(table_row(ColumnSet((NAME,)), DATABASE, DATA, NOW, include, "v1beta1"))

    assert row["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1beta1",
        "metadata": DATABASE["metadata"],
    }


def test_rows_can_hold_the_object() -> None:
    assert orjson.loads(table_row(ColumnSet((NAME,)), DATABASE, DATA, NOW, "Object"))["object"] == DATABASE


def test_conditions_of_a_row() -> None:
    completed = {"type": "Completed", "status": "True"}
    columns = ColumnSet((NAME,), lambda obj: [completed] if obj["spec"]["ready"] else [])

    assert orjson.loads(table_row(columns, DATABASE, DATA, NOW))["conditions"] == [completed]
    assert "conditions" not in orjson.loads(table_row(columns, {**DATABASE, "spec": {"ready": False}}, DATA, NOW))


def test_only_the_first_watch_event_has_headers() -> None:
    columns = ColumnSet((NAME, Column("Half", "number", lambda obj, now: now / 2)))
    first = orjson.loads(single_table(columns, DATABASE, DATA, NOW))
    second = orjson.loads(single_table(columns, DATABASE, DATA, NOW, headers=False))

    assert len(first["columnDefinitions"]) == 2
    assert second["columnDefinitions"] is None
    assert first["metadata"] == second["metadata"] == {"resourceVersion": "7"}
    assert first["rows"] == second["rows"]
    assert first["rows"][0]["cells"] == ["main", NOW / 2]


def test_partial_object_metadata() -> None:
    one = partial_object_metadata(DATABASE["metadata"], "v1")
    listed = orjson.loads(partial_list_head("v1", b"{}") + one + TAIL)

    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert listed["items"] == [
        {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": DATABASE["metadata"]}
    ]
