"""Schemas in OpenAPI v3: references to components, alone as v3.0 wants them, and the unions that v2 cannot say."""

from collections.abc import Mapping
from typing import Any

from steersman.apiserver.openapi.definitions import definition_name
from steersman.apiserver.openapi.meta_definitions import OBJECT_META, reference, type_meta
from steersman.apiserver.openapi.schema_tree import Schema, rewrite

COMPONENT = "#/components/schemas/"

_EMBEDDED = "x-kubernetes-embedded-resource"

_UNIONS: Mapping[str, Schema] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "format": "int-or-string",
        "oneOf": [{"type": "integer"}, {"type": "string"}],
    },
}


def v3_definition(name: str, schema: Mapping[str, Any]) -> Schema:
    """A definition in its v3 form; ``schema`` is in the catalog's form."""
    union = _UNIONS.get(name)
    if union is not None:
        return {**union, **{key: value for key, value in schema.items() if key == "description"}}
    return rewrite(schema, _v3)


def component(name: str) -> Schema:
    return {"$ref": COMPONENT + name}


def _v3(schema: Mapping[str, Any]) -> Schema:
    if "$ref" in schema:
        target = component(definition_name(schema["$ref"]))
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        # In OpenAPI v3.0 nothing beside a reference counts. The union is rewritten in turn, to the same reference.
        return {"allOf": [target], **beside} if beside else target
    if schema.get(_EMBEDDED) is True:
        fields = {**schema.get("properties", {}), **type_meta(), "metadata": reference(OBJECT_META)}
        required = schema.get("required", ())
        named = [*required, *(name for name in ("kind", "apiVersion") if name not in required)]
        return {**schema, "properties": fields, "required": named}
    return dict(schema)
