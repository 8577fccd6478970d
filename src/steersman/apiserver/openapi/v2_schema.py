"""Schemas as OpenAPI v2 can say them, and as kubectl's reader of v2 can bear them.

That reader knows neither unions nor nullable values, refuses arrays without items, and takes the properties of an
object as all that it may have. What cannot be said is left out: a document may allow more than the server, never less
(apiextensions-apiserver does the same for custom resources).
"""

from collections.abc import Mapping
from typing import Any

from steersman.apiserver.openapi.meta_definitions import OBJECT_META, reference, type_meta
from steersman.apiserver.openapi.schema_tree import Schema, rewrite

_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"

_KEYWORDS = frozenset(
    (
        *("description", "enum", "example", "exclusiveMaximum", "exclusiveMinimum", "externalDocs", "format"),
        *("maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum"),
        *("multipleOf", "pattern", "readOnly", "required", "title", "type", "uniqueItems"),
        *("additionalProperties", "items", "properties"),
    )
)
"""Keywords that are published; ``default`` is not, older kubectl sends it back."""


def v2_definition(schema: Mapping[str, Any]) -> Schema:
    """A definition in its v2 form; ``schema`` is in the catalog's form."""
    if schema.get(_PRESERVE) is True:
        return {"type": "object", **{key: value for key, value in schema.items() if key.startswith("x-")}}
    return rewrite(schema, _v2)


def _v2(schema: Mapping[str, Any]) -> Schema:
    if "$ref" in schema:
        kept = {key: value for key, value in schema.items() if key.startswith("x-") or key == "description"}
        return {"$ref": schema["$ref"], **kept}
    written = {key: value for key, value in schema.items() if key in _KEYWORDS or key.startswith("x-")}
    preserve = schema.get(_PRESERVE) is True
    if schema.get("nullable"):
        _drop(written, "type", "items", "properties")
    if preserve:
        _drop(written, "items", "properties")
    elif schema.get(_EMBEDDED) is True:
        _embed(written)
    if (written.get("type") == "array" and "items" not in written) or (preserve and written.get("type") == "object"):
        _drop(written, "type")
    if "required" in written:
        _require_what_is_not_null(written)
    return written


def _drop(schema: Schema, *keys: str) -> None:
    for key in keys:
        schema.pop(key, None)


def _embed(schema: Schema) -> None:
    """An object of the API within another."""
    fields = {**schema.get("properties", {}), **type_meta(), "metadata": reference(OBJECT_META)}
    required = schema.get("required", ())
    schema["properties"] = fields
    schema["required"] = [*required, *(name for name in ("kind", "apiVersion") if name not in required)]


def _require_what_is_not_null(schema: Schema) -> None:
    values, fields = schema.get("additionalProperties"), schema.get("properties", {})
    if isinstance(values, Mapping) and values.get("nullable"):
        required = []
    else:
        required = [name for name in schema["required"] if not fields.get(name, {}).get("nullable")]
    if required:
        schema["required"] = required
    else:
        del schema["required"]
