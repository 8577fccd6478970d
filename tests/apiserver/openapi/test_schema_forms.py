"""How schemas of the catalog and of CustomResourceDefinitions are published in v2 and v3."""

from typing import Any

import pytest

from steersman.apiserver.openapi.v2_schema import v2_definition
from steersman.apiserver.openapi.v3_schema import v3_definition

STRING = {"type": "string"}
META_REF = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def in_v2(field: dict[str, Any]) -> Any:
    return v2_definition({"type": "object", "properties": {"field": field}})["properties"]["field"]


def in_v3(field: dict[str, Any]) -> Any:
    return v3_definition("a.b.C", {"type": "object", "properties": {"field": field}})["properties"]["field"]


@pytest.mark.parametrize(
    ("schema", "published"),
    [
        ({"type": "integer", "format": "int32", "minimum": 1}, {"type": "integer", "format": "int32", "minimum": 1}),
        ({"type": "string", "default": "a"}, STRING),
        ({"type": "object", "nullable": True, "properties": {"a": STRING}}, {}),
        ({"type": "array", "nullable": True, "items": STRING}, {}),
        ({"type": "array"}, {}),
        ({"type": "string", "oneOf": [STRING], "anyOf": [STRING], "allOf": [STRING], "not": STRING}, STRING),
        (
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": STRING}},
            {"x-kubernetes-preserve-unknown-fields": True},
        ),
        (
            {"x-kubernetes-int-or-string": True, "anyOf": [STRING, {"type": "integer"}]},
            {"x-kubernetes-int-or-string": True},
        ),
        (
            {"type": "object", "required": ["a", "b"], "properties": {"a": {**STRING, "nullable": True}, "b": STRING}},
            {"type": "object", "required": ["b"], "properties": {"a": {}, "b": STRING}},
        ),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {**STRING, "nullable": True}}},
            {"type": "object", "properties": {"a": {}}},
        ),
        (
            {"type": "object", "required": ["a"], "additionalProperties": {**STRING, "nullable": True}},
            {"type": "object", "additionalProperties": {}},
        ),
        (
            {"$ref": "#/definitions/X", "type": "object", "default": {}, "x-kubernetes-patch-strategy": "retainKeys"},
            {"$ref": "#/definitions/X", "x-kubernetes-patch-strategy": "retainKeys"},
        ),
        (
            {"type": "object", "properties": {"$ref": STRING, "nullable": STRING}},
            {"type": "object", "properties": {"$ref": STRING, "nullable": STRING}},
        ),
    ],
)
def test_v2_leaves_out_what_kubectl_cannot_read(schema: dict[str, Any], published: dict[str, Any]) -> None:
    assert in_v2(schema) == published


def test_v2_of_a_kind_that_takes_anything() -> None:
    tags = [{"group": "g", "kind": "K", "version": "v1"}]
    schema = {
        "type": "object",
        "properties": {"a": STRING},
        "x-kubernetes-preserve-unknown-fields": True,
        "x-kubernetes-group-version-kind": tags,
    }

    published = v2_definition(schema)

    assert (published["type"], published["x-kubernetes-group-version-kind"]) == ("object", tags)
    assert "properties" not in published


@pytest.mark.parametrize("form", [in_v2, in_v3])
def test_an_embedded_object_has_the_fields_of_an_object(form: Any) -> None:
    published = form({"type": "object", "x-kubernetes-embedded-resource": True, "required": ["kind", "a"]})

    assert published["properties"]["apiVersion"] == published["properties"]["kind"] == STRING
    assert published["properties"]["metadata"]["$ref"].endswith("/" + META_REF)
    assert published["required"] == ["kind", "a", "apiVersion"]


@pytest.mark.parametrize(
    ("schema", "published"),
    [
        ({"type": "string", "nullable": True, "default": "a"}, {"type": "string", "nullable": True, "default": "a"}),
        ({"$ref": "#/definitions/a.b.X"}, {"$ref": "#/components/schemas/a.b.X"}),
        (
            {"$ref": "#/definitions/a.b.X", "default": {}},
            {"allOf": [{"$ref": "#/components/schemas/a.b.X"}], "default": {}},
        ),
        (
            {"anyOf": [{"items": {"$ref": "#/definitions/X"}}]},
            {"anyOf": [{"items": {"$ref": "#/components/schemas/X"}}]},
        ),
    ],
)
def test_v3_keeps_what_a_schema_says(schema: dict[str, Any], published: dict[str, Any]) -> None:
    assert in_v3(schema) == published


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", ["integer", "string"]),
        ("io.k8s.apimachinery.pkg.api.resource.Quantity", ["string", "number"]),
    ],
)
def test_v3_says_unions(name: str, kinds: list[str]) -> None:
    assert v3_definition(name, {"type": "string"})["oneOf"] == [{"type": kind} for kind in kinds]


def test_the_given_schema_is_not_changed() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"nullable": True}}}

    v2_definition(schema)
    v3_definition("a", schema)

    assert schema == {"type": "object", "required": ["a"], "properties": {"a": {"nullable": True}}}
