"""What each part of a definition's schema may say."""

from typing import Any

import pytest

from steersman.apiextensions.schema_rules import SchemaRules, check_schema, subschemas

LIST_KEY = "this property is in x-kubernetes-list-map-keys, so it"


def root(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def under_spec(field: str) -> str:
    return f"s.properties[spec].properties[{field}]"


def problems(schema: dict[str, Any], rules: SchemaRules | None = None) -> list[str]:
    return [str(error) for error in check_schema(schema, "s", rules or SchemaRules())]


def array(**fields: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, **fields}


def list_map(keys: list[str], **items: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": keys,
        "items": {"type": "object", "properties": {"k": {"type": "string"}}, **items},
    }


def test_a_plain_schema_is_fine() -> None:
    assert (
        problems(root(size={"type": "integer", "default": 1}, names=array(**{"x-kubernetes-list-type": "set"}))) == []
    )
    assert problems(root(ports=list_map(["k"], required=["k"]))) == []


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (
            {"type": "text"},
            '.type: Unsupported value: "text": '
            'supported values: "array", "boolean", "integer", "number", "object", "string"',
        ),
        ({"id": "x"}, ".id: Forbidden: id is not supported"),
        ({"$ref": "#/x"}, ".$ref: Forbidden: $ref is not supported"),
        ({"patternProperties": {"a": {}}}, ".patternProperties: Forbidden: patternProperties is not supported"),
        ({"definitions": {"a": {}}}, ".definitions: Forbidden: definitions is not supported"),
        ({"dependencies": {}}, ".dependencies: Forbidden: dependencies is not supported"),
        ({"additionalItems": {}}, ".additionalItems: Forbidden: additionalItems is not supported"),
        (
            {"type": "array", "items": [{"type": "string"}]},
            ".items: Forbidden: items must be a schema object and not an array",
        ),
        (
            array(uniqueItems=True),
            ".uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}},
            ".additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ),
        (
            {"type": "object", "x-kubernetes-preserve-unknown-fields": False},
            ".x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined",
        ),
        (
            {"type": "string", "x-kubernetes-map-type": "atomic"},
            '.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified',
        ),
        (
            {"type": "object", "x-kubernetes-map-type": "loose"},
            '.x-kubernetes-map-type: Unsupported value: "loose": supported values: "atomic", "granular"',
        ),
        (
            {"x-kubernetes-list-type": "atomic"},
            ".type: Required value: must be array if x-kubernetes-list-type is specified",
        ),
        (
            array(**{"x-kubernetes-list-type": "bag"}),
            '.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"',
        ),
        (
            array(**{"x-kubernetes-list-map-keys": ["a"]}),
            ".x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty",
        ),
        (
            {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}},
            ".items.x-kubernetes-map-type: Invalid value: null: "
            "must be atomic as item of a list with x-kubernetes-list-type=set",
        ),
        (
            {"type": "array", "x-kubernetes-list-type": "set", "items": array(**{"x-kubernetes-list-type": "set"})},
            '.items.x-kubernetes-list-type: Invalid value: "set": '
            "must be atomic as item of a list with x-kubernetes-list-type=set",
        ),
        (
            list_map([]),
            ".x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
        ),
        (
            list_map(["x"]),
            '.x-kubernetes-list-map-keys: Invalid value: ["x"]: entries must all be names of item properties',
        ),
        (
            list_map(["k", "k"], required=["k"]),
            '.x-kubernetes-list-map-keys: Invalid value: ["k","k"]: must not contain duplicate entries',
        ),
        (
            list_map(["k"]),
            f".items.properties[k].default: Required value: {LIST_KEY} must have a default or be a required property",
        ),
        (
            list_map(["k"], required=["k"], nullable=True),
            ".items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is map",
        ),
        (
            list_map(["k"], required=["k"], properties={"k": {"type": "string", "nullable": True}}),
            f".items.properties[k].nullable: Forbidden: {LIST_KEY} cannot be nullable",
        ),
        (
            list_map(["k"], required=["k"], properties={"k": {"type": "object"}}),
            '.items.properties[k].type: Invalid value: "object": '
            "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
    ],
)
def test_what_a_part_may_not_say(schema: dict[str, Any], problem: str) -> None:
    assert problems(root(field=schema)) == [under_spec("field") + problem]


def test_what_stands_in_junctors_is_looked_at() -> None:
    bad = {"id": "x"}
    schema = {"type": "object", "allOf": [bad], "anyOf": [{}, bad], "not": bad, "additionalProperties": bad}
    assert problems(schema) == [
        "s.additionalProperties.id: Forbidden: id is not supported",
        "s.not.id: Forbidden: id is not supported",
        "s.allOf[0].id: Forbidden: id is not supported",
        "s.anyOf[1].id: Forbidden: id is not supported",
    ]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (
            {"properties": {"metadata": {"default": {}}}},
            "s.properties[metadata].default: Forbidden: must not be set in top-level metadata",
        ),
        (
            {
                "properties": {
                    "spec": {
                        "x-kubernetes-embedded-resource": True,
                        "properties": {"metadata": {"additionalProperties": {"default": {}}}},
                    }
                }
            },
            "s.properties[spec].properties[metadata].additionalProperties.default: "
            "Forbidden: must not be set inside additionalProperties applying to object metadata",
        ),
        (
            {"properties": {"metadata": {"x-kubernetes-embedded-resource": True}}},
            "s.properties[metadata].x-kubernetes-embedded-resource: "
            "Forbidden: must not be used inside of resource meta",
        ),
    ],
)
def test_metadata(schema: dict[str, Any], problem: str) -> None:
    assert problems(schema) == [problem]


def test_defaults_can_be_forbidden_with_a_reason() -> None:
    rules = SchemaRules(defaults=False, no_defaults_because="(because)")
    assert problems(root(a={"type": "string", "default": ""}), rules) == [
        f"{under_spec('a')}.default: Forbidden: must not be set (because)"
    ]


@pytest.mark.parametrize(
    ("rules", "schema"),
    [
        (SchemaRules(valid_types=False), {"type": "text"}),
        (
            SchemaRules(atomic_sets=False),
            {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object"}},
        ),
        (SchemaRules(list_map_keys=False), list_map(["k"])),
    ],
)
def test_a_rule_can_be_off(rules: SchemaRules, schema: dict[str, Any]) -> None:
    assert problems(root(a=schema), rules) == []
    assert problems(root(a=schema)) != []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"rule": "self.size > 1"}, None),
        ({"rule": "a &&\nb", "message": "m"}, None),
        ({"rule": "true", "fieldPath": ".size"}, None),
        ({"rule": " "}, ".rule: Required value: rule is not specified"),
        ({"rule": "true", "message": " "}, '.message: Invalid value: " ": must be non-empty if specified'),
        ({"rule": "true", "message": "a\nb"}, r'.message: Invalid value: "a\nb": must not contain line breaks'),
        ({"rule": "a\nb"}, ".message: Required value: message must be specified if rule contains line breaks"),
        (
            {"rule": "true", "messageExpression": " "},
            ".messageExpression: Required value: messageExpression must be non-empty if specified",
        ),
        (
            {"rule": "true", "reason": "Bad"},
            '.reason: Unsupported value: "Bad": supported values: "FieldValueDuplicate", "FieldValueForbidden", '
            '"FieldValueInvalid", "FieldValueRequired"',
        ),
        ({"rule": "true", "fieldPath": ".other"}, '.fieldPath: Invalid value: ".other": must be a valid path'),
    ],
)
def test_validation_rules(rule: dict[str, Any], problem: str | None) -> None:
    schema = {
        "type": "object",
        "properties": {"size": {"type": "integer"}},
        "x-kubernetes-validations": [rule],
    }
    expected = [] if problem is None else [f"s.x-kubernetes-validations[0]{problem}"]
    assert problems(schema) == expected


def test_subschemas_finds_them_all() -> None:
    leaf = {"title": "leaf"}
    schema = {
        "properties": {"a": leaf},
        "items": [leaf],
        "not": {"items": leaf},
        "allOf": [leaf],
        "additionalProperties": leaf,
        "dependencies": {"a": leaf, "b": ["c"]},
    }
    assert sum(one.get("title") == "leaf" for one in subschemas(schema)) == 6
