"""Defaulting: where defaults go, what becomes of nulls, and that no two objects share a default."""

import copy
from typing import Any

import pytest

from steersman.apimachinery.schema import CompiledSchema

CASES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}, {}, {"a": "x"}),
    ({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}, {"a": "y"}, {"a": "y"}),
    ({"type": "object", "properties": {"a": {"type": "boolean", "default": False}}}, {}, {"a": False}),
    ({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}, {"a": None}, {"a": "x"}),
    (
        {"type": "object", "properties": {"a": {"type": "string", "default": "x", "nullable": True}}},
        {"a": None},
        {"a": None},
    ),
    ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": None}, {}),
    ({"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}, {"a": None}, {"a": None}),
    ({"type": "object", "properties": {"a": {"type": "string", "default": None}}}, {}, {}),
    (
        {
            "type": "object",
            "properties": {
                "a": {"type": "object", "default": {}, "properties": {"b": {"type": "integer", "default": 1}}}
            },
        },
        {},
        {"a": {"b": 1}},
    ),
    (
        {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"default": "x"}}}}},
        {},
        {},
    ),
    (
        {"type": "array", "items": {"type": "object", "properties": {"b": {"type": "integer", "default": 1}}}},
        [{}, {"b": 2}],
        [{"b": 1}, {"b": 2}],
    ),
    ({"type": "array", "items": {"type": "integer", "default": 1}}, [None, 2], [1, 2]),
    ({"type": "array", "items": {"type": "integer", "default": 1, "nullable": True}}, [None], [None]),
    ({"type": "array", "items": {"type": "integer"}}, [None], [None]),
    (
        {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"b": {"type": "integer", "default": 1}}},
        },
        {"k": {}, "l": None},
        {"k": {"b": 1}},
    ),
    ({"type": "object", "additionalProperties": {"type": "string", "default": "x"}}, {"k": None}, {"k": "x"}),
    ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"a": None}, {"a": None}),
    ({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}, "text", "text"),
    ({"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected"), CASES)
def test_default(schema: dict[str, Any], value: Any, expected: Any) -> None:
    compiled = CompiledSchema.compile({"type": "object", "properties": {"spec": schema | {"nullable": True}}})
    obj = {"spec": copy.deepcopy(value)}
    compiled.default(obj)

    assert obj == {"spec": expected}


def test_objects_do_not_share_defaults() -> None:
    default: dict[str, Any] = {"a": []}
    compiled = CompiledSchema.compile(
        {"type": "object", "properties": {"spec": {"type": "object", "default": default}}}
    )
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    compiled.default(first)
    first["spec"]["a"].append(1)
    compiled.default(second)

    assert second == {"spec": {"a": []}}
    assert default == {"a": []}


def test_a_schema_that_refers_to_itself() -> None:
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "tree"}, "n": {"type": "integer", "default": 1}},
    }
    obj: dict[str, Any] = {"left": {"left": {}}}
    CompiledSchema.compile({"$ref": "tree"}, lambda ref: tree).default(obj)

    assert obj == {"n": 1, "left": {"n": 1, "left": {"n": 1}}}
