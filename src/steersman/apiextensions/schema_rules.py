"""What a schema in a CustomResourceDefinition may say, part by part (KEP-1693, "Structural schemas", and the API
reference of JSONSchemaProps). That it is structural as a whole is checked elsewhere; this is what each part must obey.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from steersman.apiextensions.field_path import resolve_field_path
from steersman.apimachinery.errors import (
    FieldError,
    field_forbidden,
    field_invalid,
    field_not_supported,
    field_required,
)

Schema = Mapping[str, Any]

TYPES = ("array", "boolean", "integer", "number", "object", "string")
RULE_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
META_FIELDS = ("metadata", "kind", "apiVersion")

_LISTS_OF_SCHEMAS = ("allOf", "oneOf", "anyOf")
_MAPS_OF_SCHEMAS = ("properties", "patternProperties", "definitions", "dependencies")
_SINGLE_SCHEMAS = ("items", "not", "additionalProperties", "additionalItems")

_UNSUPPORTED = (
    ("id", "id is not supported"),
    ("additionalItems", "additionalItems is not supported"),
    ("patternProperties", "patternProperties is not supported"),
    ("definitions", "definitions is not supported"),
    ("dependencies", "dependencies is not supported"),
    ("$ref", "$ref is not supported"),
)


@dataclass(frozen=True, slots=True)
class SchemaRules:
    """Rules that do not bind every definition: those stored before a rule came, or written as v1beta1, are let be."""

    defaults: bool = True
    no_defaults_because: str = ""
    valid_types: bool = True
    structural: bool = True
    pruned_defaults: bool = True
    atomic_sets: bool = True
    list_map_keys: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    rules: SchemaRules
    root: bool = False
    in_meta: bool = False

    def without_defaults(self, because: str) -> "_Place":
        return replace(self, rules=replace(self.rules, defaults=False, no_defaults_because=because))


def subschemas(schema: Schema) -> Iterator[Schema]:
    """The schema and every schema inside it."""
    yield schema
    for key, value in schema.items():
        if key in _LISTS_OF_SCHEMAS or (key == "items" and isinstance(value, list)):
            inner = value or ()
        elif key in _MAPS_OF_SCHEMAS:
            inner = (value or {}).values()
        else:
            inner = (value,) if key in _SINGLE_SCHEMAS else ()
        for one in inner:
            if isinstance(one, Mapping):
                yield from subschemas(one)


def has_schema(schema: Schema, holds: Callable[[Schema], bool]) -> bool:
    return any(holds(one) for one in subschemas(schema))


def has_default(schema: Schema) -> bool:
    return schema.get("default") is not None


def has_invalid_type(schema: Schema) -> bool:
    return bool(schema.get("type")) and schema["type"] not in TYPES


def has_extension(schema: Schema) -> bool:
    """Whether an extension is used that only structural schemas may have."""
    return bool(
        schema.get("x-kubernetes-embedded-resource")
        or schema.get("x-kubernetes-preserve-unknown-fields") is not None
        or schema.get("x-kubernetes-int-or-string")
        or schema.get("x-kubernetes-list-map-keys")
        or schema.get("x-kubernetes-list-type") is not None
        or schema.get("x-kubernetes-validations")
    )


def has_non_atomic_set(schema: Schema) -> bool:
    return bool(_check_set_items(schema, ""))


def has_loose_list_map(schema: Schema) -> bool:
    return bool(_check_list_map_items(schema, ""))


def check_schema(schema: Schema, path: str, rules: SchemaRules) -> list[FieldError]:
    """What is wrong with the parts of a root schema at ``path``."""
    return _check(schema, path, _Place(rules, root=True))


def _check(schema: Schema, path: str, at: _Place) -> list[FieldError]:
    errors = _check_support(schema, path, at)
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        errors.append(field_forbidden(f"{path}.uniqueItems", detail))
    errors += _check_inner(schema, path, at)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        where = f"{path}.x-kubernetes-preserve-unknown-fields"
        errors.append(field_invalid(where, False, "must be true or undefined"))
    errors += _check_map_type(schema, path)
    errors += _check_list_type(schema, path, at.rules)
    errors += _check_list_map(schema, path)
    if at.rules.list_map_keys:
        errors += _check_list_map_items(schema, path)
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        errors += _check_validation_rule(schema, rule, f"{path}.x-kubernetes-validations[{index}]")
    return errors


def _check_support(schema: Schema, path: str, at: _Place) -> list[FieldError]:
    errors = []
    rules, type_ = at.rules, schema.get("type")
    if rules.valid_types and has_invalid_type(schema):
        errors.append(field_not_supported(f"{path}.type", type_, TYPES))
    if has_default(schema) and not rules.defaults:
        errors.append(field_forbidden(f"{path}.default", f"must not be set {rules.no_defaults_because}".rstrip()))
    for field, detail in _UNSUPPORTED:
        value = schema.get(field)
        if value is not None and value != "" and (value != {} or field in ("additionalItems", "dependencies")):
            errors.append(field_forbidden(f"{path}.{field}", detail))
    if type_ == "null":
        errors.append(field_forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative"))
    if isinstance(schema.get("items"), list) and schema["items"]:
        errors.append(field_forbidden(f"{path}.items", "items must be a schema object and not an array"))
    if at.in_meta and schema.get("x-kubernetes-embedded-resource"):
        where = f"{path}.x-kubernetes-embedded-resource"
        errors.append(field_forbidden(where, "must not be used inside of resource meta"))
    return errors


def _check_inner(schema: Schema, path: str, at: _Place) -> list[FieldError]:
    errors: list[FieldError] = []
    inner = replace(at, root=False)
    additional, properties = schema.get("additionalProperties"), schema.get("properties") or {}
    if additional is not None and additional is not True and properties:
        detail = "additionalProperties and properties are mutual exclusive"
        errors.append(field_forbidden(f"{path}.additionalProperties", detail))
    if isinstance(additional, Mapping):
        because = "inside additionalProperties applying to object metadata"
        below = inner.without_defaults(because) if at.in_meta else inner
        errors += _check(additional, f"{path}.additionalProperties", below)
    embedded = at.root or schema.get("x-kubernetes-embedded-resource")
    for name, one in properties.items():
        below = inner
        if embedded and name in META_FIELDS:
            below = replace(inner, in_meta=True)
            if at.root:
                below = below.without_defaults(f"in top-level {name}")
        errors += _check(one, f"{path}.properties[{name}]", below)
    if isinstance(schema.get("not"), Mapping):
        errors += _check(schema["not"], f"{path}.not", inner)
    for field in _LISTS_OF_SCHEMAS:
        for index, one in enumerate(schema.get(field) or ()):
            errors += _check(one, f"{path}.{field}[{index}]", inner)
    items = schema.get("items")
    if isinstance(items, Mapping):
        errors += _check(items, f"{path}.items", inner)
    elif isinstance(items, list):
        for index, one in enumerate(items):
            errors += _check(one, f"{path}.items[{index}]", inner)
    return errors


def _check_map_type(schema: Schema, path: str) -> list[FieldError]:
    map_type = schema.get("x-kubernetes-map-type")
    if map_type is None:
        return []
    errors = _check_type(schema, path, "object", "must be object if x-kubernetes-map-type is specified")
    if map_type not in ("atomic", "granular"):
        errors.append(field_not_supported(f"{path}.x-kubernetes-map-type", map_type, ("atomic", "granular")))
    return errors


def _check_type(schema: Schema, path: str, wanted: str, detail: str) -> list[FieldError]:
    type_ = schema.get("type")
    if type_ == wanted:
        return []
    return [field_invalid(f"{path}.type", type_, detail) if type_ else field_required(f"{path}.type", detail)]


def _check_list_type(schema: Schema, path: str, rules: SchemaRules) -> list[FieldError]:
    list_type = schema.get("x-kubernetes-list-type")
    if list_type is None:
        return []
    errors = _check_type(schema, path, "array", "must be array if x-kubernetes-list-type is specified")
    if not errors and rules.atomic_sets:
        errors = _check_set_items(schema, path)
    if list_type not in ("atomic", "set", "map"):
        errors.append(field_not_supported(f"{path}.x-kubernetes-list-type", list_type, ("atomic", "set", "map")))
    return errors


def _check_set_items(schema: Schema, path: str) -> list[FieldError]:
    items = schema.get("items")
    if schema.get("x-kubernetes-list-type") != "set" or not isinstance(items, Mapping):
        return []
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    list_type, map_type = items.get("x-kubernetes-list-type"), items.get("x-kubernetes-map-type")
    if items.get("type") == "array" and list_type not in (None, "atomic"):
        return [field_invalid(f"{path}.items.x-kubernetes-list-type", list_type, detail)]
    if items.get("type") == "object" and map_type != "atomic":
        return [field_invalid(f"{path}.items.x-kubernetes-map-type", map_type, detail)]
    return []


def _check_list_map(schema: Schema, path: str) -> list[FieldError]:
    keys, list_type = schema.get("x-kubernetes-list-map-keys") or [], schema.get("x-kubernetes-list-type")
    errors = []
    if keys and list_type != "map":
        where, detail = f"{path}.x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty"
        errors.append(field_invalid(where, list_type, detail) if list_type else field_required(where, detail))
    if list_type != "map":
        return errors
    if not keys:
        detail = "must not be empty if x-kubernetes-list-type is map"
        errors.append(field_required(f"{path}.x-kubernetes-list-map-keys", detail))
    items = schema.get("items")
    if items is None:
        detail = "must have a schema if x-kubernetes-list-type is map"
        return [*errors, field_required(f"{path}.items", detail)]
    if not isinstance(items, Mapping):
        detail = "must only have a single schema if x-kubernetes-list-type is map"
        return [*errors, field_invalid(f"{path}.items", items, detail)]
    if items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        return [*errors, field_invalid(f"{path}.items.type", items.get("type", ""), detail)]
    return errors + _check_list_map_keys(items, keys, path)


def _check_list_map_keys(items: Schema, keys: list[str], path: str) -> list[FieldError]:
    errors = []
    properties = items.get("properties") or {}
    where = f"{path}.x-kubernetes-list-map-keys"
    for index, key in enumerate(keys):
        if key not in properties:
            errors.append(field_invalid(where, keys, "entries must all be names of item properties"))
        elif properties[key].get("type") in ("array", "object"):
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            errors.append(field_invalid(f"{path}.items.properties[{key}].type", items["type"], detail))
        if key in keys[:index]:
            errors.append(field_invalid(where, keys, "must not contain duplicate entries"))
    return errors


def _check_list_map_items(schema: Schema, path: str) -> list[FieldError]:
    items, list_type = schema.get("items"), schema.get("x-kubernetes-list-type")
    if list_type not in ("set", "map") or not isinstance(items, Mapping):
        return []
    errors = []
    if items.get("nullable"):
        detail = f"cannot be nullable when x-kubernetes-list-type is {list_type}"
        errors.append(field_forbidden(f"{path}.items.nullable", detail))
    keys = schema.get("x-kubernetes-list-map-keys") or () if list_type == "map" else ()
    why = "this property is in x-kubernetes-list-map-keys, so it"
    for key in keys:
        one = (items.get("properties") or {}).get(key)
        if one is None:
            continue
        where = f"{path}.items.properties[{key}]"
        if key not in (items.get("required") or ()) and not has_default(one):
            errors.append(field_required(f"{where}.default", f"{why} must have a default or be a required property"))
        if one.get("nullable"):
            errors.append(field_forbidden(f"{where}.nullable", f"{why} cannot be nullable"))
    return errors


def _check_validation_rule(schema: Schema, rule: Mapping[str, Any], path: str) -> list[FieldError]:
    text, message, field = rule.get("rule") or "", rule.get("message") or "", rule.get("fieldPath") or ""
    expression, reason = rule.get("messageExpression") or "", rule.get("reason")
    errors = []
    if not text.strip():
        errors.append(field_required(f"{path}.rule", "rule is not specified"))
    elif message and not message.strip():
        errors.append(field_invalid(f"{path}.message", message, "must be non-empty if specified"))
    elif _breaks_line(message.strip()):
        errors.append(field_invalid(f"{path}.message", message, "must not contain line breaks"))
    elif _breaks_line(text.strip()) and not message.strip():
        detail = "message must be specified if rule contains line breaks"
        errors.append(field_required(f"{path}.message", detail))
    if expression and not expression.strip():
        detail = "messageExpression must be non-empty if specified"
        errors.append(field_required(f"{path}.messageExpression", detail))
    if reason is not None and reason not in RULE_REASONS:
        errors.append(field_not_supported(f"{path}.reason", reason, RULE_REASONS))
    if field:
        where = f"{path}.fieldPath"
        if not field.strip():
            errors.append(field_invalid(where, field, "must be non-empty if specified"))
        if _breaks_line(field):
            errors.append(field_invalid(where, field, "must not contain line breaks"))
        try:
            resolve_field_path(field, schema)
        except ValueError:
            errors.append(field_invalid(where, field, "must be a valid path"))
    return errors


def _breaks_line(text: str) -> bool:
    return "\n" in text or "\r" in text
