"""The schemas of a CustomResourceDefinition: each one whole, with its defaults and the fields selected from it."""

from collections.abc import Iterator, Mapping
from typing import Any

from steersman.apiextensions.field_path import resolve_field_path
from steersman.apiextensions.schema_rules import META_FIELDS, SchemaRules, check_schema
from steersman.apimachinery.errors import (
    FieldError,
    field_duplicate,
    field_forbidden,
    field_invalid,
    field_required,
    field_too_many,
)
from steersman.apimachinery.schema import CompiledSchema
from steersman.apimachinery.schema.structural import check_structural

Object = dict[str, Any]
Schema = Mapping[str, Any]

SELECTABLE_FIELDS = 8
"""How many selectable fields a version may have."""

# What a root schema may say beside its type when status is a subresource: the field, and its name in the message.
_AT_ROOT = (
    ("description", "Description"),
    ("type", "Type"),
    ("format", "Format"),
    ("title", "Title"),
    ("maximum", "Maximum"),
    ("exclusiveMaximum", "ExclusiveMaximum"),
    ("minimum", "Minimum"),
    ("exclusiveMinimum", "ExclusiveMinimum"),
    ("maxLength", "MaxLength"),
    ("minLength", "MinLength"),
    ("pattern", "Pattern"),
    ("maxItems", "MaxItems"),
    ("minItems", "MinItems"),
    ("uniqueItems", "UniqueItems"),
    ("multipleOf", "MultipleOf"),
    ("required", "Required"),
    ("items", "Items"),
    ("properties", "Properties"),
    ("externalDocs", "ExternalDocs"),
    ("example", "Example"),
    ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"),
    ("x-kubernetes-validations", "XValidations"),
)
_AT_ROOT_FIELDS = frozenset(field for field, _ in _AT_ROOT)
_AT_ROOT_NAMES = " ".join(name for _, name in _AT_ROOT)
_ZERO = (None, False, "")


def schemas_of(spec: Object) -> list[Schema]:
    """All schemas of a definition's spec, in the v1beta1 form."""
    parts = [spec.get("validation"), *(version.get("schema") for version in spec.get("versions") or ())]
    return [schema for part in parts if (schema := (part or {}).get("openAPIV3Schema")) is not None]


def validate_definition_schema(validation: Object, status: bool, rules: SchemaRules, path: str) -> list[FieldError]:
    """What is wrong with ``validation`` (which holds openAPIV3Schema); ``status``: the status subresource is on."""
    schema = validation.get("openAPIV3Schema")
    if schema is None:
        return []
    path = f"{path}.openAPIV3Schema"
    errors = _check_root(schema, path) if status else []
    if schema.get("nullable"):
        errors.append(field_forbidden(f"{path}.nullable", "nullable cannot be true at the root"))
    if rules.structural:
        errors += check_structural(schema, path) or _check_defaults(schema, path, rules)
    return errors + check_schema(schema, path, rules)


def _check_root(schema: Schema, path: str) -> list[FieldError]:
    """Status is validated by ``properties.status`` alone, so the root may say nothing that reaches into it."""
    said = [field for field, value in schema.items() if not any(value is zero for zero in _ZERO)]
    before_type = [field for field in said if field in ("id", "$schema", "$ref")]
    if not before_type and schema.get("type") not in (None, "", "object"):
        detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        return [field_invalid(f"{path}.type", schema["type"], detail)]
    if any(field not in _AT_ROOT_FIELDS for field in said):
        detail = (
            f"only [{_AT_ROOT_NAMES}] fields are allowed at the root of the schema if the status subresource is enabled"
        )
        return [field_invalid(path, schema, detail)]
    return []


def _check_defaults(schema: Schema, path: str, rules: SchemaRules) -> list[FieldError]:
    """Defaults must be valid, and have no field that pruning would take away."""
    errors: list[FieldError] = []
    for where, inner in _with_defaults(schema, path):
        default = inner["default"]
        if rules.pruned_defaults and _would_be_pruned(inner, default):
            errors.append(field_invalid(f"{where}.default", default, "must not have unknown fields"))
        errors += CompiledSchema.compile(inner).validate(default, f"{where}.default")
    return errors


def has_unpruned_default(schema: Schema) -> bool:
    return any(_would_be_pruned(inner, inner["default"]) for _, inner in _with_defaults(schema, ""))


def _would_be_pruned(schema: Schema, value: Any) -> bool:
    if not isinstance(value, dict | list):
        return False
    # As a field of an object, for at the root of one apiVersion, kind and metadata are never pruned.
    around = CompiledSchema.compile({"type": "object", "properties": {"value": schema}})
    return bool(around.prune({"value": _copy(value)}))


def _with_defaults(schema: Schema, path: str, root: bool = True) -> Iterator[tuple[str, Schema]]:
    if schema.get("default") is not None:
        yield path, schema
    if isinstance(items := schema.get("items"), Mapping):
        yield from _with_defaults(items, f"{path}.items", False)
    for name, one in (schema.get("properties") or {}).items():
        if not (root and name in META_FIELDS):
            yield from _with_defaults(one, f"{path}.properties[{name}]", False)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def validate_selectable_fields(
    fields: list[Object], schema: Schema, path: str, many_allowed: bool = False
) -> list[FieldError]:
    """What is wrong with ``selectableFields``, which point into ``schema`` (KEP-4358)."""
    errors = []
    seen = set()
    for index, field in enumerate(fields):
        where, json_path = f"{path}[{index}].jsonPath", field.get("jsonPath")
        if not json_path:
            errors.append(field_required(where))
            continue
        try:
            segments, found = resolve_field_path(json_path, schema, brackets=False)
        except ValueError as error:
            errors.append(field_invalid(where, json_path, f"is an invalid path: {error}"))
            continue
        if segments[0] == "metadata":
            errors.append(field_invalid(where, json_path, "must not point to fields in metadata"))
        if found.get("type") not in ("string", "boolean", "integer"):
            detail = (
                "must point to a field of type string, boolean or integer. "
                "Enum string fields and strings with formats are allowed."
            )
            errors.append(field_invalid(where, json_path, detail))
        if segments in seen:
            errors.append(field_duplicate(where, json_path))
        seen.add(segments)
    if len(seen) > SELECTABLE_FIELDS and not many_allowed:
        errors.append(field_too_many(path, len(seen), SELECTABLE_FIELDS))
    return errors
