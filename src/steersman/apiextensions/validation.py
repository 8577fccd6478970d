"""Whether a CustomResourceDefinition is valid, in the words of kube-apiserver (its apis/apiextensions validation).

Works on the v1beta1 form (:func:`steersman.apiextensions.conversion.to_v1beta1`), by whose fields kube-apiserver names
what is wrong whichever form was sent. Values have been checked for their types before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from steersman.apiextensions.approval import validate_approval
from steersman.apiextensions.conditions import ESTABLISHED, is_condition_true
from steersman.apiextensions.conversion_strategy import validate_conversion
from steersman.apiextensions.definition_schema import (
    schemas_of,
    validate_definition_schema,
    validate_selectable_fields,
)
from steersman.apiextensions.schema_rules import SchemaRules, has_default, has_extension, has_schema
from steersman.apimachinery.errors import (
    FieldError,
    field_forbidden,
    field_invalid,
    field_not_supported,
    field_required,
)
from steersman.apimachinery.names import check_dns1035_label, check_dns1123_subdomain

Object = dict[str, Any]

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_IMMUTABLE = "field is immutable"
_WARNING_LENGTH = 256
_ALL_SCHEMA_RULES = SchemaRules()

_PER_VERSION = (
    ("validation", "schema", "schemas"),
    ("subresources", "subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns", "additionalPrinterColumns"),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules that do not bind every definition, beside those on its schemas."""

    schema: SchemaRules = _ALL_SCHEMA_RULES
    schema_required: bool = True
    known_review_version: bool = True
    ca_bundle: bool = False
    v1: bool = True
    """Whether the definition was sent as v1, whose group approval and preserveUnknownFields rules v1beta1 lacks."""
    many_selectable_fields: frozenset[str] = frozenset()
    """The versions ("" for all) that may keep more selectable fields than are allowed."""


def validate_definition(crd: Object, rules: Rules) -> list[FieldError]:
    """What is wrong with a new definition, given with the defaults set and its status prepared."""
    spec = crd["spec"]
    names = spec.get("names") or {}
    errors = []
    if crd["metadata"].get("name") != f"{names.get('plural', '')}.{spec.get('group', '')}":
        detail = 'must be spec.names.plural+"."+spec.group'
        errors.append(field_invalid("metadata.name", crd["metadata"].get("name", ""), detail))
    return errors + _validate(crd, None, rules)


def validate_definition_update(crd: Object, old: Object, rules: Rules) -> list[FieldError]:
    """What is wrong with the step from ``old`` to ``crd``."""
    spec, old_spec = crd["spec"], old["spec"]
    errors = _validate(crd, old, rules)
    fixed = [("group", spec.get("group"), old_spec.get("group"))]
    names, old_names = spec.get("names") or {}, old_spec.get("names") or {}
    fixed.append(("names.plural", names.get("plural"), old_names.get("plural")))
    if is_condition_true(old, ESTABLISHED):
        # Scope and kind are in the keys and values of what is stored.
        fixed.append(("scope", spec.get("scope"), old_spec.get("scope")))
        fixed.append(("names.kind", names.get("kind"), old_names.get("kind")))
    errors += [field_invalid(f"spec.{field}", new, _IMMUTABLE) for field, new, before in fixed if new != before]
    return errors


def validate_definition_status(crd: Object) -> list[FieldError]:
    """What is wrong with the status, given a spec that is valid."""
    status = crd.get("status") or {}
    errors = _validate_names(status.get("acceptedNames") or {}, "status.acceptedNames")
    return errors + _validate_stored_versions(status.get("storedVersions") or [], _versions(crd["spec"]))


def _validate(crd: Object, old: Object | None, rules: Rules) -> list[FieldError]:
    spec = crd["spec"]
    errors = _validate_spec(spec, rules) + validate_definition_status(crd)
    if rules.v1:
        errors += validate_approval(crd, old)
        errors += _validate_preserve_unknown_fields(spec, old)
    return errors


def _versions(spec: Object) -> list[Object]:
    return spec.get("versions") or []


def _validate_spec(spec: Object, rules: Rules) -> list[FieldError]:
    errors = _validate_group(spec.get("group") or "")
    scope = spec.get("scope")
    if not scope:
        errors.append(field_required("spec.scope"))
    elif scope not in ("Cluster", "Namespaced"):
        errors.append(field_not_supported("spec.scope", scope, ("Cluster", "Namespaced")))
    rules, missing = _schema_presence(spec, rules)
    errors += missing
    for index, version in enumerate(_versions(spec)):
        errors += _validate_version(spec, version, f"spec.versions[{index}]", rules)
    errors += _validate_version_set(spec)
    names = spec.get("names") or {}
    required = ("plural", "singular", "kind", "listKind")
    errors += [field_required(f"spec.names.{field}") for field in required if not names.get(field)]
    errors += _validate_names(names, "spec.names")
    if spec.get("validation") is not None:
        status = any(_has_status(part) for part in (spec, *_versions(spec)))
        errors += validate_definition_schema(spec["validation"], status, rules.schema, "spec.validation")
    errors += _validate_subresources(spec.get("subresources"), "spec.subresources")
    errors += _validate_columns(spec, "spec")
    if spec.get("selectableFields"):
        schema = (spec.get("validation") or {}).get("openAPIV3Schema")
        if schema is None:
            detail = "may only be set when validations.schema is included"
            errors.append(field_invalid("spec.selectableFields", "", detail))
        else:
            many = "" in rules.many_selectable_fields
            errors += validate_selectable_fields(spec["selectableFields"], schema, "spec.selectableFields", many)
    return errors + validate_conversion(
        spec, known_review_version=rules.known_review_version, ca_bundle=rules.ca_bundle
    )


def _validate_group(group: str) -> list[FieldError]:
    if not group:
        return [field_required("spec.group")]
    if problems := check_dns1123_subdomain(group):
        return [field_invalid("spec.group", group, ",".join(problems))]
    if "." not in group:
        return [field_invalid("spec.group", group, "should be a domain with at least one dot")]
    return []


def _schema_presence(spec: Object, rules: Rules) -> tuple[Rules, list[FieldError]]:
    """Where a schema is missing, and the rules that hold given what the schemas use."""
    errors: list[FieldError] = []
    preserves = bool(spec.get("preserveUnknownFields"))
    if (spec.get("validation") or {}).get("openAPIV3Schema") is None:
        for index, version in enumerate(_versions(spec)):
            if (version.get("schema") or {}).get("openAPIV3Schema") is not None:
                continue
            where = f"spec.versions[{index}].schema.openAPIV3Schema"
            if rules.schema_required:
                errors.append(field_required(where))
            elif not preserves and version.get("served"):
                errors.append(field_required(where, "because otherwise all fields are pruned"))
    schemas = schemas_of(spec)
    uses_defaults = rules.schema.defaults and any(has_schema(schema, has_default) for schema in schemas)
    if uses_defaults and preserves:
        detail = "must be false in order to use defaults in the schema"
        errors.append(field_invalid("spec.preserveUnknownFields", True, detail))
    if not preserves or uses_defaults or any(has_schema(schema, has_extension) for schema in schemas):
        rules = replace(rules, schema=replace(rules.schema, structural=True))
    return rules, errors


def _validate_version(spec: Object, version: Object, path: str, rules: Rules) -> list[FieldError]:
    errors = []
    name = version.get("name") or ""
    if problems := check_dns1035_label(name):
        errors.append(field_invalid(f"{path}.name", name, ",".join(problems)))
    warning = version.get("deprecationWarning")
    for problem in _deprecation_problems(bool(version.get("deprecated")), warning):
        errors.append(field_invalid(f"{path}.deprecationWarning", warning, problem))
    per_version = any(one.get("subresources") is not None for one in _versions(spec))
    if version.get("schema") is not None:
        status = _has_status(version if per_version else spec)
        errors += validate_definition_schema(version["schema"], status, rules.schema, f"{path}.schema")
    errors += _validate_subresources(version.get("subresources"), f"{path}.subresources")
    errors += _validate_columns(version, path)
    if version.get("selectableFields"):
        where = f"{path}.selectableFields"
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            detail = "may only be set when `version.schema.openAPIV3Schema` is not included"
            errors.append(field_invalid(where, "", detail))
        else:
            many = name in rules.many_selectable_fields
            errors += validate_selectable_fields(version["selectableFields"], schema, where, many)
    return errors


def _deprecation_problems(deprecated: bool, warning: str | None) -> list[str]:
    if warning is None:
        return []
    if not deprecated:
        return ["can only be set for deprecated versions"]
    problems = []
    if len(warning.encode()) > _WARNING_LENGTH:
        problems.append(f"must be <= {_WARNING_LENGTH} characters long")
    if not warning:
        problems.append("must not be an empty string")
    unprintable = next((index for index, mark in enumerate(warning) if not mark.isprintable()), None)
    if unprintable is not None:
        at = len(warning[:unprintable].encode())
        problems.append(f"must only contain printable UTF-8 characters; non-printable character found at index {at}")
    return problems


def _validate_version_set(spec: Object) -> list[FieldError]:
    """Rules on all versions together, and on what is said both for all and for one."""
    errors = []
    versions = _versions(spec)
    for top, field, plural in _PER_VERSION:
        own = [_said(version.get(field)) for version in versions]
        if _said(spec.get(top)) is not None and any(one is not None for one in own):
            detail = f"top-level and per-version {plural} are mutually exclusive"
            errors.append(field_forbidden(f"spec.{top}", detail))
        if own and own[0] is not None and all(one == own[0] for one in own):
            detail = (
                f"per-version {plural} may not all be set to identical values (top-level {top} should be used instead)"
            )
            errors.append(field_invalid("spec.versions", versions, detail))
    names = [version.get("name") for version in versions]
    if len(set(names)) != len(names):
        errors.append(field_invalid("spec.versions", versions, "must contain unique version names"))
    if sum(1 for version in versions if version.get("storage")) != 1:
        detail = "must have exactly one version marked as storage version"
        errors.append(field_invalid("spec.versions", versions, detail))
    if version := spec.get("version"):
        if problems := check_dns1035_label(version):
            errors.append(field_invalid("spec.version", version, ",".join(problems)))
        if versions and names[0] != version:
            errors.append(field_invalid("spec.version", version, "must match the first version in spec.versions"))
    return errors


def _said(value: Any) -> Any:
    return None if value == [] else value


def _validate_names(names: Object, path: str) -> list[FieldError]:
    errors = []
    for field in ("plural", "singular"):
        if (name := names.get(field)) and (problems := check_dns1035_label(name)):
            errors.append(field_invalid(f"{path}.{field}", name, ",".join(problems)))
    for field in ("kind", "listKind"):
        if (name := names.get(field)) and (problems := check_dns1035_label(name.lower())):
            detail = "may have mixed case, but should otherwise match: " + ",".join(problems)
            errors.append(field_invalid(f"{path}.{field}", name, detail))
    errors += _validate_labels(names.get("shortNames") or (), f"{path}.shortNames")
    if names.get("kind") and names["kind"] == names.get("listKind"):
        errors.append(field_invalid(f"{path}.listKind", names["kind"], "kind and listKind may not be the same"))
    return errors + _validate_labels(names.get("categories") or (), f"{path}.categories")


def _validate_labels(labels: Iterable[str], path: str) -> list[FieldError]:
    return [
        field_invalid(f"{path}[{index}]", label, ",".join(problems))
        for index, label in enumerate(labels)
        if (problems := check_dns1035_label(label))
    ]


def _has_status(part: Object) -> bool:
    return (part.get("subresources") or {}).get("status") is not None


def _validate_subresources(subresources: Object | None, path: str) -> list[FieldError]:
    scale = (subresources or {}).get("scale")
    if scale is None:
        return []
    errors = []
    for field, roots, detail in (
        ("specReplicasPath", (".spec.",), "should be a json path under .spec"),
        ("statusReplicasPath", (".status.",), "should be a json path under .status"),
        ("labelSelectorPath", (".spec.", ".status."), "should be a json path under either .spec or .status"),
    ):
        where, json_path = f"{path}.scale.{field}", scale.get(field)
        if not json_path:
            if field != "labelSelectorPath":
                errors.append(field_required(where))
        elif not json_path.startswith("."):
            errors.append(field_invalid(where, json_path, "must be a simple json path starting with ."))
        elif not json_path.startswith(roots):
            errors.append(field_invalid(where, json_path, detail))
    return errors


def _validate_columns(part: Object, path: str) -> list[FieldError]:
    errors = []
    for index, column in enumerate(part.get("additionalPrinterColumns") or ()):
        where = f"{path}.additionalPrinterColumns[{index}]"
        if not column.get("name"):
            errors.append(field_required(f"{where}.name"))
        one_of = f"must be one of {','.join(_COLUMN_TYPES)}"
        if not (type_ := column.get("type")):
            errors.append(field_required(f"{where}.type", one_of))
        elif type_ not in _COLUMN_TYPES:
            errors.append(field_invalid(f"{where}.type", type_, one_of))
        if (format_ := column.get("format")) and format_ not in _COLUMN_FORMATS:
            detail = f"must be one of {','.join(_COLUMN_FORMATS)}"
            errors.append(field_invalid(f"{where}.format", format_, detail))
        if not (json_path := column.get("JSONPath")):
            errors.append(field_required(f"{where}.JSONPath"))
        elif not json_path.startswith("."):
            errors.append(field_invalid(f"{where}.JSONPath", json_path, "must be a simple json path starting with ."))
    return errors


def _validate_stored_versions(stored: list[str], versions: list[Object]) -> list[FieldError]:
    """``status.storedVersions``: a version of which objects may be stored must stay among the versions."""
    path = "status.storedVersions"
    if not stored:
        return [field_invalid(path, stored, "must have at least one stored version")]
    errors = [
        field_invalid(path, stored, f"must have the storage version {version.get('name', '')}")
        for version in versions
        if version.get("storage") and version.get("name") not in stored
    ]
    names = [version.get("name") for version in versions]
    for index, version in enumerate(stored):
        if version not in names:
            detail = (
                f"missing from spec.versions; {version} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {version} and removes "
                f"{version} from status.storedVersions"
            )
            errors.append(field_invalid(f"{path}[{index}]", version, detail))
    return errors


def _validate_preserve_unknown_fields(spec: Object, old: Object | None) -> list[FieldError]:
    if not spec.get("preserveUnknownFields") or (old is not None and old["spec"].get("preserveUnknownFields")):
        return []
    detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
    return [field_invalid("spec.preserveUnknownFields", True, detail)]
