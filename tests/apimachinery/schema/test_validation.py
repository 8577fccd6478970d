"""Validation: kube-apiserver's words for each keyword, and an independent validator as oracle for the verdict."""

import copy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.schema import CompiledSchema
from steersman.apimachinery.schema.explanation import MAX_ERRORS, explain


def spec(schema: dict[str, Any]) -> CompiledSchema:
    return CompiledSchema.compile({"type": "object", "properties": {"spec": schema}})


def errors_of(schema: dict[str, Any], value: Any) -> list[str]:
    return [str(error) for error in spec(schema).validate({"spec": value})]


INT_OR_STRING = {"x-kubernetes-int-or-string": True}

REFUSED: list[tuple[dict[str, Any], Any, list[str]]] = [
    (
        {"type": "integer"},
        "three",
        ['spec: Invalid value: "string": spec in body must be of type integer: "string"'],
    ),
    ({"type": "string"}, 3, ['spec: Invalid value: "integer": spec in body must be of type string: "integer"']),
    ({"type": "string"}, None, ['spec: Invalid value: "null": spec in body must be of type string: "null"']),
    ({"type": "integer"}, True, ['spec: Invalid value: "boolean": spec in body must be of type integer: "boolean"']),
    ({"type": "integer"}, 1.5, ['spec: Invalid value: "number": spec in body must be of type integer: "number"']),
    ({"type": "object"}, [], ['spec: Invalid value: "array": spec in body must be of type object: "array"']),
    (INT_OR_STRING, True, ['spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"']),
    (
        {"type": "integer", "format": "int32"},
        1.5,
        ['spec: Invalid value: "float64": spec in body must be of type int32: "float64"'],
    ),
    (
        {"type": "integer", "format": "int32"},
        2**31,
        ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec'],
    ),
    (
        {"type": "integer"},
        2**63,
        ['<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec'],
    ),
    (
        {"type": "number", "format": "float"},
        1e300,
        ['<nil>: Invalid value: "": Checked value must be of type number with format float in spec'],
    ),
    ({"type": "object", "required": ["a"]}, {}, ["spec.a: Required value"]),
    ({"type": "string", "enum": ["a", "b"]}, "c", ['spec: Unsupported value: "c": supported values: "a", "b"']),
    ({"type": "integer", "enum": [1, 2]}, 3, ['spec: Unsupported value: 3: supported values: "1", "2"']),
    (
        {"type": "string", "nullable": True, "enum": ["a"]},
        None,
        ['spec: Unsupported value: null: supported values: "a"'],
    ),
    (
        {"type": "integer", "minimum": 0},
        -1,
        ["spec: Invalid value: -1: spec in body should be greater than or equal to 0"],
    ),
    (
        {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        0,
        ["spec: Invalid value: 0: spec in body should be greater than 0"],
    ),
    (
        {"type": "number", "maximum": 1.5},
        2,
        ["spec: Invalid value: 2: spec in body should be less than or equal to 1.5"],
    ),
    (
        {"type": "integer", "maximum": 5, "exclusiveMaximum": True},
        5,
        ["spec: Invalid value: 5: spec in body should be less than 5"],
    ),
    ({"type": "integer", "multipleOf": 3}, 4, ["spec: Invalid value: 4: spec in body should be a multiple of 3"]),
    ({"type": "string", "maxLength": 2}, "äöü", ["spec: Too long: may not be more than 2 bytes"]),
    (
        {"type": "string", "minLength": 2},
        "ä",
        ['spec: Invalid value: "ä": spec in body should be at least 2 chars long'],
    ),
    (
        {"type": "string", "pattern": "^[a-z]+$"},
        "A",
        ["spec: Invalid value: \"A\": spec in body should match '^[a-z]+$'"],
    ),
    (
        {"type": "string", "format": "date"},
        "x",
        ['spec: Invalid value: "x": spec in body must be of type date: "x"'],
    ),
    (
        {"type": "array", "items": {"type": "string"}, "maxItems": 1},
        ["a", "b"],
        ["spec: Too many: 2: must have at most 1 items"],
    ),
    (
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        [],
        ["spec: Invalid value: 0: spec in body should have at least 1 items"],
    ),
    (
        {"type": "array", "uniqueItems": True},
        [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
        ['spec: Invalid value: "": spec in body shouldn\'t contain duplicates'],
    ),
    (
        {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "string"}}}},
        [{"n": "a"}, {"n": 1}],
        ['spec[1].n: Invalid value: "integer": spec[1].n in body must be of type string: "integer"'],
    ),
    (
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"k": 1},
        ['spec.k: Invalid value: "integer": spec.k in body must be of type string: "integer"'],
    ),
    ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 2}, ["spec: Too many: 2: must have at most 1 items"]),
    (
        {"type": "object", "minProperties": 1},
        {},
        ["spec: Invalid value: 0: spec in body should have at least 1 properties"],
    ),
    (
        {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {},
        [
            '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
            "spec.a: Required value",
        ],
    ),
    (
        {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"a": 1, "b": 1},
        ['<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ),
    (
        {"type": "integer", "anyOf": [{"minimum": 10}, {"maximum": 0}]},
        5,
        [
            '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)',
            "spec: Invalid value: 5: spec in body should be greater than or equal to 10",
        ],
    ),
    (
        {"type": "integer", "allOf": [{"minimum": 10}]},
        5,
        [
            "spec: Invalid value: 5: spec in body should be greater than or equal to 10",
            '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
        ],
    ),
    (
        {"type": "integer", "not": {"maximum": 10}},
        5,
        ['<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
    ),
    (
        {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        ["a", "b", "a", "a"],
        ['spec[2]: Duplicate value: "a"'],
    ),
    (
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
        [{"name": "a"}, {"name": "b"}, {"name": "a"}],
        ['spec[2]: Duplicate value: {"name":"a"}'],
    ),
    (
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["port", "protocol"],
            "items": {"type": "object"},
        },
        [{"port": 1, "protocol": "TCP"}, {"port": 1, "protocol": "UDP"}, {"port": 1, "protocol": "TCP"}],
        ['spec[2]: Duplicate value: {"port":1,"protocol":"TCP"}'],
    ),
    (
        {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        {"kind": "a b"},
        [
            "spec.apiVersion: Required value",
            'spec.kind: Invalid value: "a b": may have mixed case, but should otherwise match:',
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected"), REFUSED)
def test_words(schema: dict[str, Any], value: Any, expected: list[str]) -> None:
    found = errors_of(schema, value)

    assert len(found) == len(expected), found
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True)), found


ACCEPTED: list[tuple[dict[str, Any], Any]] = [
    ({"type": "integer"}, 1.0),
    ({"type": "number"}, 1),
    ({"type": "string", "nullable": True}, None),
    (INT_OR_STRING, 1),
    (INT_OR_STRING, "50%"),
    ({"type": "string", "format": "int-or-string"}, 1),
    ({"type": "string", "format": "no-such-format"}, "x"),
    ({"type": "string", "maxLength": 3}, "äöü"),
    ({"type": "string", "pattern": "b"}, "abc"),
    ({"type": "number", "multipleOf": 0.1}, 0.3),
    ({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1}),
    ({"x-kubernetes-preserve-unknown-fields": True}, [1, "a", None]),
    ({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}, ["a", "b"]),
    ({"type": "array", "x-kubernetes-list-type": "set"}, [1, True, 1.0, [1], {}]),
    (
        {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]},
        [{"n": 1}, {"n": "1"}, {}],
    ),
    (
        {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        {"apiVersion": "apps/v1", "kind": "Deployment"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value"), ACCEPTED)
def test_accepted(schema: dict[str, Any], value: Any) -> None:
    assert errors_of(schema, value) == []


def test_root_type_error_has_no_field() -> None:
    found = CompiledSchema.compile({"type": "object"}).validate([])

    assert str(found[0]).startswith('<nil>: Invalid value: "array":  in body must be of type object')


def test_fields_are_put_under_a_given_path() -> None:
    schema = CompiledSchema.compile({"type": "object", "required": ["a"]})

    assert [error.field for error in schema.validate({}, "spec.default")] == ["spec.default.a"]


def test_errors_are_bounded_in_number_and_size() -> None:
    many = errors_of({"type": "array", "items": {"type": "string"}}, [1] * 100_000)
    long = errors_of({"type": "string", "pattern": "^a$"}, "b" * 1_000_000)

    assert len(many) == MAX_ERRORS
    assert len(long[0]) < 3000


def test_patterns_take_linear_time() -> None:
    assert errors_of({"type": "string", "pattern": "^(a+)+$"}, "a" * 50_000 + "!")


def test_a_schema_may_refer_to_itself() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "tree"}, "n": {"type": "integer"}}, "required": ["n"]}
    schema = CompiledSchema.compile({"$ref": "tree"}, lambda ref: tree)

    assert schema.validate({"n": 1, "left": {"n": 2, "left": {"n": 3}}}) == []
    assert [error.field for error in schema.validate({"n": 1, "left": {"n": 2, "left": {}}})] == ["left.left.n"]


def test_nesting_too_deep_is_400() -> None:
    tree = {"type": "array", "items": {"$ref": "tree"}}
    schema = CompiledSchema.compile({"$ref": "tree"}, lambda ref: tree)
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(ApiError) as caught:
        schema.validate(value)

    assert caught.value.code == 400


keys = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0]) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


def bounds(low: str, high: str, small: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={low: small, high: small})


sizes = st.integers(0, 2)
leaf_schemas = st.one_of(
    st.builds(lambda more: {"type": "integer"} | more, bounds("minimum", "maximum", st.integers(-2, 2))),
    st.builds(lambda more: {"type": "number"} | more, bounds("minimum", "multipleOf", st.sampled_from([0.5, 1, 2]))),
    st.builds(lambda more: {"type": "string"} | more, bounds("minLength", "maxLength", sizes)),
    st.just({"type": "string", "pattern": "^a"}),
    st.just({"type": "boolean"}),
    st.builds(lambda enum: {"enum": enum}, st.lists(values.filter(bool), min_size=1, max_size=3)),
)  # fmt: skip


def nested_schemas(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        st.builds(
            lambda properties, more: {"type": "object", "properties": properties} | more,
            st.dictionaries(keys, inner, max_size=2),
            st.fixed_dictionaries(
                {},
                optional={"required": st.lists(keys, max_size=2, unique=True), "minProperties": sizes,
                          "maxProperties": sizes, "additionalProperties": inner},
            ),
        ),
        st.builds(
            lambda items, more: {"type": "array", "items": items} | more, inner, bounds("minItems", "maxItems", sizes)
        ),
        st.builds(lambda one: {"type": "object", "additionalProperties": one}, inner),
        st.builds(lambda ones: {"anyOf": ones}, some),
        st.builds(lambda ones: {"oneOf": ones}, some),
        st.builds(lambda ones: {"allOf": ones}, some),
        st.builds(lambda one: {"not": one}, inner),
    )  # fmt: skip


schemas = st.recursive(leaf_schemas, nested_schemas, max_leaves=5)


def has_null(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(map(has_null, inner))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(schemas, values.filter(lambda one: not has_null(one)))
def test_verdict_agrees_with_another_validator(schema: dict[str, Any], value: Any) -> None:
    expected = jsonschema_rs.Draft6Validator(schema).is_valid(value)
    before = copy.deepcopy(value)

    assert (CompiledSchema.compile(schema).validate(value) == []) is expected
    assert value == before


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(schemas, values)
def test_the_fast_and_the_exact_answer_agree(schema: dict[str, Any], value: Any) -> None:
    compiled = CompiledSchema.compile(schema)

    assert bool(compiled.validate(value)) is bool(explain(compiled.node, value, "").errors)
