"""Configurations that are not of their schema's shape."""

from typing import Any

import pytest
from tests.apimachinery.server_side_apply.schemas import SPEC, schema, thing

from steersman.apimachinery.server_side_apply.conformance import explain_shape


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"replicas": "3"}, ".spec.replicas: expected numeric (int or float), got string"),
        ({"replicas": True}, ".spec.replicas: expected numeric (int or float), got bool"),
        ({"image": 3}, ".spec.image: expected string, got &value.valueUnstructured{Value:3}"),
        ({"paused": "yes"}, ".spec.paused: expected boolean, got &{yes}"),
        ({"selector": ["a"]}, ".spec.selector: expected map, got &{[a]}"),
        ({"args": {"a": 1}}, ".spec.args: expected list, got &{map[a:1]}"),
        ({"args": ["a", 1]}, ".spec.args[1]: expected string, got &value.valueUnstructured{Value:1}"),
        ({"none": 1}, ".spec.none: field not declared in schema"),
        ({"tags": ["a", "b", "a"]}, '.spec.tags: duplicate entries for key [="a"]'),
        ({"tags": [{}]}, ".spec.tags: element 0: associative list without keys has an element that's a map type"),
        ({"tags": [[]]}, ".spec.tags: element 0: not supported: associative list with lists as elements"),
        (
            {"tags": [None]},
            ".spec.tags: element 0: associative list without keys has an element that's an explicit null",
        ),
        ({"ports": [None]}, ".spec.ports: element 0: associative list with keys may not have a null element"),
        ({"ports": [1]}, ".spec.ports: element 0: associative list with keys may not have non-map elements"),
        (
            {"ports": [{"port": 1}, {"port": 1, "protocol": "TCP"}]},
            '.spec.ports: duplicate entries for key [port=1,protocol="TCP"]',
        ),
        ({"ports": [{"port": 1, "x": 1}]}, '.spec.ports[port=1,protocol="TCP"].x: field not declared in schema'),
        (
            {"replicas": "3", "none": 1},
            "errors:\n  .spec.replicas: expected numeric (int or float), got string\n"
            "  .spec.none: field not declared in schema",
        ),
    ],
)
def test_faults(spec: dict[str, Any], fault: str) -> None:
    assert explain_shape(schema(), thing(**spec)) == fault


@pytest.mark.parametrize(
    "spec",
    [
        {"replicas": None},
        {"ratio": 1},
        {"target": "50%"},
        {"target": 5},
        {"any": {"of": [{"them": None}]}},
        {"args": ["a", "a"]},
        {"tags": ["1", "true"]},
        {"ports": [{"port": 1}, {"port": 1, "protocol": "UDP"}, {"protocol": "UDP"}]},
    ],
)
def test_good_shapes(spec: dict[str, Any]) -> None:
    assert explain_shape(schema(), thing(**spec)) == ""


def test_an_item_needs_one_of_its_keys() -> None:
    key = {"type": "object", "properties": {"name": {"type": "string"}}}
    named = {"type": "array", "items": key, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    definition = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"named": named}}}}

    assert explain_shape(schema(definition), thing(named=[{}])) == (
        '.spec.named: element 0: associative list with keys has an element that omits all key fields ["name"] '
        "(and doesn't have default values for any key fields)"
    )


def test_metadata_has_the_shape_of_every_object() -> None:
    assert explain_shape(schema(), thing(metadata={"labels": {"a": 1}})) == (
        ".metadata.labels.a: expected string, got &value.valueUnstructured{Value:1}"
    )
    assert explain_shape(schema(), thing(metadata={"none": 1})) == ".metadata.none: field not declared in schema"


@pytest.mark.parametrize(
    "definition",
    [
        {"type": "object"},
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"spec": SPEC}},
        {"type": "object", "additionalProperties": True},
    ],
)
def test_a_schema_may_take_whatever_comes(definition: dict[str, Any]) -> None:
    assert explain_shape(schema(definition), {**thing(), "more": {"of": ["it"]}}) == ""
