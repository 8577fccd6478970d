"""Which rules bind a CustomResourceDefinition: new ones do not bind what was stored, or is written as v1beta1, without.

kube-apiserver calls this ratcheting: an update is never refused for what the stored definition already has.
"""

from typing import Any

from steersman.apiextensions.conditions import ESTABLISHED, is_condition_true
from steersman.apiextensions.conversion_strategy import check_ca_bundle, knows_review_version
from steersman.apiextensions.definition_schema import SELECTABLE_FIELDS, has_unpruned_default, schemas_of
from steersman.apiextensions.schema_rules import (
    SchemaRules,
    has_default,
    has_invalid_type,
    has_loose_list_map,
    has_non_atomic_set,
    has_schema,
)
from steersman.apiextensions.validation import Rules
from steersman.apimachinery.schema.structural import check_structural

Object = dict[str, Any]

_NO_DEFAULTS = "(cannot set default values in apiextensions.k8s.io/v1beta1 CRDs, must use apiextensions.k8s.io/v1)"


def rules_for_create(v1: bool) -> Rules:
    """The rules for a new definition, sent as v1 or as v1beta1."""
    if v1:
        return Rules()
    lenient = SchemaRules(defaults=False, no_defaults_because=_NO_DEFAULTS, valid_types=False, structural=False)
    return Rules(schema=lenient, schema_required=False, v1=False)


def rules_for_update(v1: bool, crd: Object, old: Object) -> Rules:
    """The rules for the step from ``old`` to ``crd``, both in the v1beta1 form, sent as v1 or as v1beta1."""
    spec = old["spec"]
    schemas = schemas_of(spec)
    defaults = v1 or any(has_schema(schema, has_default) for schema in schemas)
    return Rules(
        schema=SchemaRules(
            defaults=defaults,
            no_defaults_because="" if defaults else _NO_DEFAULTS,
            valid_types=v1 and not any(has_schema(schema, has_invalid_type) for schema in schemas),
            structural=v1 and not any(check_structural(schema, "") for schema in schemas),
            pruned_defaults=not any(has_unpruned_default(schema) for schema in schemas),
            atomic_sets=not any(has_schema(schema, has_non_atomic_set) for schema in schemas),
            list_map_keys=not any(has_schema(schema, has_loose_list_map) for schema in schemas),
        ),
        schema_required=v1 and _has_all_schemas(spec),
        known_review_version=_knows_review_version(spec),
        ca_bundle=_checks_ca_bundle(old),
        v1=v1,
        many_selectable_fields=_many_selectable_fields(crd["spec"], spec),
    )


def _has_all_schemas(spec: Object) -> bool:
    parts = (
        [spec["validation"]] if spec.get("validation") else [one.get("schema") for one in spec.get("versions") or ()]
    )
    return all((part or {}).get("openAPIV3Schema") is not None for part in parts)


def _knows_review_version(spec: Object) -> bool:
    reviews = (spec.get("conversion") or {}).get("conversionReviewVersions")
    return not reviews or knows_review_version(reviews)


def _checks_ca_bundle(old: Object) -> bool:
    if not is_condition_true(old, ESTABLISHED):
        return False
    config = (old["spec"].get("conversion") or {}).get("webhookClientConfig") or {}
    return check_ca_bundle(config.get("caBundle") or "") is None


def _many_selectable_fields(spec: Object, old: Object) -> frozenset[str]:
    before = {"": old, **{version.get("name"): version for version in old.get("versions") or ()}}
    now = {"": spec, **{version.get("name"): version for version in spec.get("versions") or ()}}
    return frozenset(
        name
        for name, part in now.items()
        if len(fields := part.get("selectableFields") or ()) > SELECTABLE_FIELDS
        and fields == (before.get(name) or {}).get("selectableFields")
    )
