"""Structural schemas: each rule broken once, in kube-apiserver's words, and schemas that obey them all."""

from typing import Any

import pytest

from steersman.apimachinery.schema.structural import check_structural

STRING: dict[str, Any] = {"type": "string"}
ANY_OF = [{"type": "integer"}, {"type": "string"}]
PRESERVE, EMBEDDED = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"


def root(**more: Any) -> dict[str, Any]:
    return {"type": "object", **more}


def of(**properties: Any) -> dict[str, Any]:
    return root(properties=properties)


STRUCTURAL: list[dict[str, Any]] = [
    root(),
    of(spec=of(name=STRING, ports={"type": "array", "items": {"type": "integer"}})),
    of(metadata=root(properties={"name": {**STRING, "pattern": "^a"}, "generateName": STRING}), kind=STRING),
    of(metadata=root()),
    of(any={PRESERVE: True}),
    of(port={INT_OR_STRING: True}),
    of(port={INT_OR_STRING: True, "anyOf": ANY_OF}),
    of(port={INT_OR_STRING: True, "allOf": [{"anyOf": ANY_OF}, {"maximum": 5}]}),
    of(labels=root(additionalProperties=STRING)),
    of(template={"type": "object", EMBEDDED: True, PRESERVE: True}),
    of(template={"type": "object", EMBEDDED: True, "properties": {"spec": root()}}),
    root(properties={"a": STRING, "b": STRING}, oneOf=[{"required": ["a"]}, {"properties": {"b": {"minLength": 1}}}]),
    of(list={"type": "array", "items": STRING, "not": {"items": {"enum": ["a"]}}}),
    of(a={**STRING, "description": "", "nullable": False, "default": None}),
]


@pytest.mark.parametrize("schema", STRUCTURAL)
def test_structural(schema: dict[str, Any]) -> None:
    assert check_structural(schema, "s") == []


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["s.type: Required value: must not be empty at the root"]),
    ({"type": "string"}, ['s.type: Invalid value: "string": must be object at the root']),
    (of(a={}), ["s.properties[a].type: Required value: must not be empty for specified object fields"]),
    (
        of(a={"type": "array", "items": {}}),
        ["s.properties[a].items.type: Required value: must not be empty for specified array items"],
    ),
    (of(a={"type": "array"}), ["s.properties[a].items: Required value: must be specified"]),
    (
        of(a=root(additionalProperties={})),
        ["s.properties[a].additionalProperties.type: Required value: must not be empty for specified object fields"],
    ),
    (root(additionalProperties=STRING), ["s.additionalProperties: Forbidden: must not be used at the root"]),
    (root(additionalProperties=False), ["s.additionalProperties: Forbidden: must not be used at the root"]),
    (
        of(a={INT_OR_STRING: True, PRESERVE: True}),
        [f"s.properties[a].{PRESERVE}: Invalid value: true: must be false if {INT_OR_STRING} is true"],
    ),
    (
        of(a={EMBEDDED: True, PRESERVE: True}),
        [f"s.properties[a].type: Required value: must be object if {EMBEDDED} is true"],
    ),
    (
        of(a={"type": "object", EMBEDDED: True}),
        [f"s.properties[a].properties: Required value: must not be empty if {EMBEDDED} is true without {PRESERVE}"],
    ),
    (
        of(a={"type": "object", EMBEDDED: True, PRESERVE: True, "additionalProperties": STRING}),
        [f"s.properties[a].additionalProperties: Forbidden: must not be used if {EMBEDDED} is set"],
    ),
    (of(kind={"type": "integer"}), ['s.properties[kind].type: Invalid value: "integer": must be string']),
    (
        of(metadata=root(properties={"labels": root(additionalProperties=STRING)})),
        [
            "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, "
            "but metadata is implicitly specified"
        ],
    ),
    (
        of(metadata=root(required=["name"])),
        [
            "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, "
            "but metadata is implicitly specified"
        ],
    ),
    (
        root(properties={"a": STRING}, anyOf=[{"properties": {"a": STRING}}]),
        ["s.anyOf[0].properties[a].type: Forbidden: must be empty to be structural"],
    ),
    (
        of(a={**STRING, "allOf": [{"default": "", "nullable": True, "description": "x"}]}),
        [
            "s.properties[a].allOf[0].default: Forbidden: must be undefined to be structural",
            "s.properties[a].allOf[0].description: Forbidden: must be empty to be structural",
            "s.properties[a].allOf[0].nullable: Forbidden: must be false to be structural",
        ],
    ),
    (
        of(a=root(properties={"b": STRING}, **{"not": {"additionalProperties": {}, PRESERVE: True}})),
        [
            "s.properties[a].not.additionalProperties: Forbidden: must be undefined to be structural",
            f"s.properties[a].not.{PRESERVE}: Forbidden: must be false to be structural",
        ],
    ),
    (
        root(oneOf=[{"properties": {"a": {"minLength": 1}}}]),
        ["s.properties[a]: Required value: because it is defined in s.oneOf[0].properties[a]"],
    ),
    (
        root(properties={"a": root()}, allOf=[{"properties": {"a": {"not": {"items": {"maximum": 1}}}}}]),
        ["s.properties[a].items: Required value: because it is defined in s.allOf[0].properties[a].not.items"],
    ),
    (
        root(properties={"metadata": root()}, anyOf=[{"properties": {"metadata": {"required": ["name"]}}}]),
        ["s.anyOf[0].properties[metadata]: Forbidden: must not be specified in a nested context"],
    ),
    (
        of(a={**STRING, "pattern": "(a"}),
        ['s.properties[a].pattern: Invalid value: "(a": must be a valid regular expression, but isn\'t: '],
    ),
    (
        of(a={INT_OR_STRING: True, "anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 5}]}),
        [
            "s.properties[a].anyOf[0].type: Forbidden: must be empty to be structural",
            "s.properties[a].anyOf[1].type: Forbidden: must be empty to be structural",
        ],
    ),
]


@pytest.mark.parametrize(("schema", "expected"), REFUSED)
def test_not_structural(schema: dict[str, Any], expected: list[str]) -> None:
    found = [str(error) for error in check_structural(schema, "s")]

    assert len(found) == len(expected), found
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    "schema",
    [of(a="text"), root(items=[{}]), root(allOf=[1], anyOf=None), root(properties=None, additionalProperties=None)],
)
def test_odd_parts_are_left_to_other_checks(schema: dict[str, Any]) -> None:
    assert check_structural(schema, "s") == []
