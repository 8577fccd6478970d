"""Whether a CustomResourceDefinition's schema is structural (KEP-1111, "Specifying a structural schema").

A structural schema says the type of every field outside of allOf, anyOf, oneOf and not; these only restrict values
further, of fields that are specified outside. Absent, null, false, empty and "" are all the same here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

import re2

from steersman.apimachinery.errors import FieldError, field_forbidden, field_invalid, field_required
from steersman.apimachinery.schema.acceptance import pattern_problem, search_of
from steersman.apimachinery.schema.rendering import bounded

Schema = Mapping[str, Any]

PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"

_JUNCTORS = ("anyOf", "allOf", "oneOf")
_INT_OR_STRING_ANY_OF = [{"type": "integer"}, {"type": "string"}]
_TYPE_MISSING = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
# What a junctor may not say, and how that is put.
_FORBIDDEN_IN_JUNCTORS: tuple[tuple[str, str], ...] = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (PRESERVE, "must be false to be structural"),
    (EMBEDDED, "must be false to be structural"),
    (INT_OR_STRING, "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)


def check_structural(schema: Schema, path: str) -> list[FieldError]:
    """Why ``schema`` is not structural, sorted; ``path`` is that of the schema, such as
    ``spec.versions[0].schema.openAPIV3Schema``."""
    errors = [*_check_node(schema, "root", path), *_check_complete(schema, schema, path, path)]
    return sorted(errors, key=str)


def _is_schema(value: Any) -> TypeGuard[Schema]:
    return isinstance(value, Mapping)


def _says(schema: Schema, key: str) -> bool:
    """A default of false or "" is one; of anything else, what is empty is as good as absent."""
    value = schema.get(key)
    return value is not None if key == "default" else bool(value)


def _properties(schema: Schema) -> Mapping[str, Schema]:
    return {name: one for name, one in (schema.get("properties") or {}).items() if _is_schema(one)}


def _junctors(schema: Schema, path: str) -> Iterator[tuple[str, int, Schema, str]]:
    """Each alternative: the junctor, its place in it, the schema and its path."""
    for junctor in _JUNCTORS:
        for index, one in enumerate(schema.get(junctor) or ()):
            if _is_schema(one):
                yield junctor, index, one, f"{path}.{junctor}[{index}]"
    if _is_schema(negated := schema.get("not")):
        yield "not", 0, negated, f"{path}.not"


def _check_node(schema: Schema, level: str, path: str) -> Iterator[FieldError]:
    items = schema.get("items")
    if schema.get("type") == "array" and items is None:
        yield field_required(f"{path}.items", "must be specified")
    if _is_schema(items):
        yield from _check_node(items, "item", f"{path}.items")
    for name, one in _properties(schema).items():
        yield from _check_node(one, "field", f"{path}.properties[{name}]")
    additional = schema.get("additionalProperties")
    if additional is not None and level == "root":
        yield field_forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if _is_schema(additional):
        yield from _check_node(additional, "field", f"{path}.additionalProperties")
    yield from _check_extensions(schema, path)
    yield from _check_type(schema, level, path)
    yield from _check_metadata(schema, level, path)
    any_of, all_of = schema.get("anyOf"), schema.get("allOf") or [{}]
    first = all_of[0].get("anyOf") if _is_schema(all_of[0]) else None
    yield from _check_values(schema, path, any_of == _INT_OR_STRING_ANY_OF, first == _INT_OR_STRING_ANY_OF)


def _check_extensions(schema: Schema, path: str) -> Iterator[FieldError]:
    if _says(schema, INT_OR_STRING):
        for key in (PRESERVE, EMBEDDED):
            if _says(schema, key):
                yield field_invalid(f"{path}.{key}", True, f"must be false if {INT_OR_STRING} is true")
    if _says(schema, EMBEDDED):
        if schema.get("additionalProperties") is not None:
            detail = f"must not be used if {EMBEDDED} is set"
            yield field_forbidden(f"{path}.additionalProperties", detail)
        if not _says(schema, PRESERVE) and not _says(schema, "properties"):
            detail = f"must not be empty if {EMBEDDED} is true without {PRESERVE}"
            yield field_required(f"{path}.properties", detail)


def _check_type(schema: Schema, level: str, path: str) -> Iterator[FieldError]:
    declared, field = schema.get("type") or "", f"{path}.type"
    if _says(schema, EMBEDDED) and declared != "object":
        detail = f"must be object if {EMBEDDED} is true"
        yield field_invalid(field, declared, detail) if declared else field_required(field, detail)
    elif not declared and not _says(schema, INT_OR_STRING) and not _says(schema, PRESERVE):
        yield field_required(field, _TYPE_MISSING[level])
    if level == "root" and declared and declared != "object":
        yield field_invalid(field, declared, "must be object at the root")


def _check_metadata(schema: Schema, level: str, path: str) -> Iterator[FieldError]:
    """apiVersion, kind and metadata are the server's business; names may be restricted, at the root."""
    properties = _properties(schema)
    is_resource = level == "root" or _says(schema, EMBEDDED)
    for name in ("kind", "apiVersion"):
        if is_resource and name in properties and properties[name].get("type") != "string":
            declared = properties[name].get("type") or ""
            yield field_invalid(f"{path}.properties[{name}].type", declared, "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    if is_resource and metadata.get("type") != "object":
        field = f"{path}.properties[metadata].type"
        yield field_invalid(field, metadata.get("type") or "", "must be object")
    if level == "root" and not _restricts_names_only(metadata):
        yield field_forbidden(
            f"{path}.properties[metadata]",
            "must not specify anything other than name and generateName, but metadata is implicitly specified",
        )


def _restricts_names_only(metadata: Schema) -> bool:
    said = {key for key in metadata if _says(metadata, key)} - {"type", "default"}
    return said <= {"properties"} and _properties(metadata).keys() <= {"name", "generateName"}


def _check_values(schema: Schema, path: str, skip_any_of: bool, skip_first_any_of: bool) -> Iterator[FieldError]:
    """What restricts values. The skips are for the two ways that an int-or-string may repeat its types."""
    for junctor, index, one, where in _junctors(schema, path):
        if junctor == "anyOf" and skip_any_of:
            continue
        yield from _check_junctor(one, where, skip_first_any_of and junctor == "allOf" and index == 0)
    if isinstance(pattern := schema.get("pattern"), str) and pattern:
        try:
            search_of(pattern)
        except re2.error as error:
            reason = pattern_problem(error)
            detail = f"must be a valid regular expression, but isn't: error parsing regexp: {reason}"
            yield field_invalid(f"{path}.pattern", bounded(pattern), detail)


def _check_junctor(schema: Schema, path: str, skip_any_of: bool = False) -> Iterator[FieldError]:
    yield from _check_values(schema, path, skip_any_of, False)
    if _is_schema(items := schema.get("items")):
        yield from _check_junctor(items, f"{path}.items")
    for name, one in _properties(schema).items():
        yield from _check_junctor(one, f"{path}.properties[{name}]")
    for key, detail in _FORBIDDEN_IN_JUNCTORS:
        if _says(schema, key) or (key == "additionalProperties" and schema.get(key) == {}):
            yield field_forbidden(f"{path}.{key}", detail)
    if "metadata" in _properties(schema):
        yield field_forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _check_complete(values: Schema, structure: Schema, values_path: str, path: str) -> Iterator[FieldError]:
    """Whatever the junctors of ``values`` speak of must be specified by ``structure``."""
    for _, _, one, where in _junctors(values, values_path):
        yield from _check_specified(one, structure, where, path)


def _check_specified(values: Schema, structure: Schema, values_path: str, path: str) -> Iterator[FieldError]:
    yield from _check_complete(values, structure, values_path, path)
    if _is_schema(items := values.get("items")):
        yield from _check_counterpart(items, structure.get("items"), f"{values_path}.items", f"{path}.items")
    specified = _properties(structure)
    for name, one in _properties(values).items():
        step = f".properties[{name}]"
        yield from _check_counterpart(one, specified.get(name), values_path + step, path + step)


def _check_counterpart(values: Schema, structure: Any, values_path: str, path: str) -> Iterator[FieldError]:
    if not _is_schema(structure):
        yield field_required(path, f"because it is defined in {values_path}")
    else:
        yield from _check_specified(values, structure, values_path, path)
