"""Pruning: what is dropped, what is kept, and how it is named."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery.schema import CompiledSchema
from steersman.apimachinery.schema.pruning import prune

STRING = {"type": "string"}
A_ONLY = {"type": "object", "properties": {"a": STRING}}
PRESERVE = {"x-kubernetes-preserve-unknown-fields": True}
EMBEDDED = {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": A_ONLY}}

CASES: list[tuple[dict[str, Any], Any, Any, list[str]]] = [
    (A_ONLY, {"a": "1", "b": 2, "c": {"d": 1}}, {"a": "1"}, ["spec.b", "spec.c"]),
    ({"type": "object"}, {"a": 1}, {}, ["spec.a"]),
    ({"type": "array", "items": A_ONLY}, [{"a": "1"}, {"b": 1}], [{"a": "1"}, {}], ["spec[1].b"]),
    ({"type": "object", "additionalProperties": A_ONLY}, {"k": {"b": 1}}, {"k": {}}, ["spec.k.b"]),
    ({"type": "object", "additionalProperties": STRING}, {"k": "v"}, {"k": "v"}, []),
    ({"type": "object", "additionalProperties": True}, {"k": {"b": 1}, "l": 1}, {"k": {}, "l": 1}, ["spec.k.b"]),
    (PRESERVE | {"type": "object"}, {"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 1}]}}, []),
    (PRESERVE, {"a": {"b": 1}}, {"a": {"b": 1}}, []),
    (
        PRESERVE | {"type": "object", "properties": {"x": A_ONLY}},
        {"y": {"z": 1}, "x": {"a": "1", "b": 2}},
        {"y": {"z": 1}, "x": {"a": "1"}},
        ["spec.x.b"],
    ),
    (PRESERVE | {"type": "array", "items": A_ONLY}, [{"b": 1}], [{"b": 1}], []),
    (
        EMBEDDED,
        {"apiVersion": "v1", "kind": "K", "metadata": {"x": 1}, "spec": {"b": 1}, "extra": 1},
        {"apiVersion": "v1", "kind": "K", "metadata": {"x": 1}, "spec": {}},
        ["spec.extra", "spec.spec.b"],
    ),
    (A_ONLY, {"metadata": {}, "kind": "K"}, {}, ["spec.kind", "spec.metadata"]),
    (A_ONLY, None, None, []),
    (A_ONLY, "text", "text", []),
    ({"type": "object", "x-kubernetes-int-or-string": True}, 5, 5, []),
]


@pytest.mark.parametrize(("schema", "value", "expected", "dropped"), CASES)
def test_prune(schema: dict[str, Any], value: Any, expected: Any, dropped: list[str]) -> None:
    compiled = CompiledSchema.compile({"type": "object", "properties": {"spec": schema}})
    obj = {"apiVersion": "example.com/v1", "kind": "K", "metadata": {"name": "n"}, "spec": copy.deepcopy(value)}

    assert compiled.prune(obj) == dropped
    assert obj == {"apiVersion": "example.com/v1", "kind": "K", "metadata": {"name": "n"}, "spec": expected}
    assert compiled.prune(obj) == []


def test_root_metadata_is_left_alone() -> None:
    schema = {"type": "object", "properties": {"metadata": {"type": "object", "properties": {"name": STRING}}}}
    obj = {"metadata": {"name": "n", "labels": {"a": "b"}}, "unknown": 1}

    assert CompiledSchema.compile(schema).prune(obj) == ["unknown"]
    assert obj == {"metadata": {"name": "n", "labels": {"a": "b"}}}


def test_a_schema_that_refers_to_itself() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "tree"}}}
    compiled = CompiledSchema.compile({"$ref": "tree"}, lambda ref: tree)
    obj: dict[str, Any] = {"left": {"left": {"x": 1, "left": {}}}}

    assert compiled.prune(obj) == ["left.left.x"]
    assert obj == {"left": {"left": {"left": {}}}}


keys = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none() | st.integers(0, 1),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
preserving = st.sampled_from([{}, PRESERVE])
schemas = st.recursive(
    st.sampled_from([STRING, {"type": "object"}, PRESERVE]),
    lambda inner: st.one_of(
        st.builds(
            lambda properties, more: {"type": "object", "properties": properties} | more,
            st.dictionaries(keys, inner, max_size=2),
            preserving,
        ),
        st.builds(lambda one, more: {"type": "array", "items": one} | more, inner, preserving),
        st.builds(lambda one: {"type": "object", "additionalProperties": one}, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(schemas, values)
def test_pruned_objects_are_clean_and_nothing_else_is_touched(schema: dict[str, Any], value: Any) -> None:
    compiled = CompiledSchema.compile({"type": "object", "properties": {"spec": schema}})
    obj = {"spec": copy.deepcopy(value)}
    by_exact_walk: list[str] = []
    prune(compiled.node, {"spec": copy.deepcopy(value)}, "", by_exact_walk)
    dropped = compiled.prune(obj)

    assert dropped == sorted(by_exact_walk)
    assert bool(dropped) is (obj != {"spec": value})
    assert compiled.prune(obj) == []
