"""Turn the definitions of the source packages back into what Kubernetes publishes, minor by minor.

kubernetes-validate rewrites Kubernetes' OpenAPI documents so that plain JSON Schema validators can use them. Here that
is undone (``null`` types, ``enum`` on apiVersion and kind, ``oneOf`` for IntOrString and Quantity, ``$defs``), no
descriptions are kept, names of 1.7 are written as in 1.8, and what early documents had wrong or lacked is repaired.
"""

from itertools import pairwise
from typing import Any

Schema = dict[str, Any]
Definitions = dict[str, Schema]

REF_PREFIX = "#/definitions/"
OLD_CORE = "io.k8s.kubernetes.pkg.api."
OLD_GROUPS = "io.k8s.kubernetes.pkg.apis."
CRD_PACKAGE = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1."
META_PACKAGE = "io.k8s.apimachinery.pkg.apis.meta.v1."

# Types with a JSON form of their own. Documents before 1.16 describe some of them by their Go fields, which is not
# what is sent; the rewriting made others unions.
OWN_JSON_FORM: dict[str, Schema] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
    "io.k8s.apimachinery.pkg.runtime.RawExtension": {"type": "object"},
    **{CRD_PACKAGE + name: {} for name in ("JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool")},
    CRD_PACKAGE + "JSONSchemaPropsOrStringArray": {},
}
ANY_JSON = ("JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray")

# Kinds whose tag is missing from early documents: definition name → group, version, kind.
UNTAGGED = {
    CRD_PACKAGE + "CustomResourceDefinition": ("apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition"),
    **{
        f"io.k8s.kube-aggregator.pkg.apis.apiregistration.{version}.APIService": (
            "apiregistration.k8s.io",
            version,
            "APIService",
        )
        for version in ("v1beta1", "v1")
    },
    "io.k8s.api.batch.v2alpha1.CronJob": ("batch", "v2alpha1", "CronJob"),
}
GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"
LIST_TYPE, LIST_MAP_KEYS = "x-kubernetes-list-type", "x-kubernetes-list-map-keys"


def restore(documents: dict[int, dict[str, Any]]) -> dict[int, Definitions]:
    """The definitions of every minor, from the parsed ``_definitions.json`` of every minor."""
    restored = {minor: _restore_minor(document) for minor, document in sorted(documents.items())}
    _add_crds_of_1_7(restored)
    _take_list_topology_from_newer(restored)
    return restored


def _restore_minor(document: dict[str, Any]) -> Definitions:
    definitions: Definitions = {}
    for name, schema in (document.get("definitions") or document["$defs"]).items():
        if set(schema) - {"description"} == {"$ref"}:
            continue  # an alias: 1.8 to 1.13 keep the names of 1.7 so
        new_name = _rename(name)
        own_form = OWN_JSON_FORM.get(new_name)
        definitions[new_name] = _restore_definition(new_name, schema) if own_form is None else own_form
    return dict(sorted(definitions.items()))


def _rename(name: str) -> str:
    if name.startswith(OLD_CORE):
        return "io.k8s.api.core." + name.removeprefix(OLD_CORE)
    if name.startswith(OLD_GROUPS):
        return "io.k8s.api." + name.removeprefix(OLD_GROUPS)
    return name


def _restore_definition(name: str, schema: Schema) -> Schema:
    if name.endswith(ANY_JSON) and "properties" not in schema:
        return {}
    restored = _restore_schema(schema)
    restored.setdefault("type", "object")
    if name in UNTAGGED:
        group, version, kind = UNTAGGED[name]
        restored[GROUP_VERSION_KIND] = [{"group": group, "kind": kind, "version": version}]
    return restored


def _restore_schema(schema: Schema) -> Schema:
    restored: Schema = {}
    for key, value in sorted(schema.items()):
        if key in ("description", "enum"):
            continue  # enums of values are in the document of 1.23 only; the others are put on apiVersion and kind
        restored[key] = _restore_keyword(key, value)
    if "properties" in restored:
        restored.setdefault("type", "object")
    return restored


def _restore_keyword(key: str, value: Any) -> Any:
    match key:
        case "properties":
            return {name: _restore_schema(field) for name, field in sorted(value.items())}
        case "items" | "additionalProperties" if isinstance(value, dict):
            return _restore_schema(value)
        case "type" if isinstance(value, list):
            (kept,) = (name for name in value if name != "null")
            return kept
        case "$ref":
            return REF_PREFIX + _rename(value.rpartition("/")[2])
        case "x-kubernetes-group-version-kind":
            return sorted(value, key=lambda tag: (tag["group"], tag["version"], tag["kind"]))
        case "required":
            return sorted(value)
    return value


def _add_crds_of_1_7(restored: dict[int, Definitions]) -> None:
    """1.7 serves CustomResourceDefinitions, but its document lacks them: they are those of 1.8 without validation."""
    for name, schema in restored[8].items():
        if name.startswith(CRD_PACKAGE):
            restored[7].setdefault(name, schema)
    spec = restored[8][CRD_PACKAGE + "CustomResourceDefinitionSpec"]
    fields = {name: field for name, field in spec["properties"].items() if name != "validation"}
    restored[7][CRD_PACKAGE + "CustomResourceDefinitionSpec"] = {**spec, "properties": fields}
    restored[7] = dict(sorted(restored[7].items()))


def _take_list_topology_from_newer(restored: dict[int, Definitions]) -> None:
    """Give lists without a list type that of the same field in the next newer minor (few have one before 1.25)."""
    minors = sorted(restored, reverse=True)
    for newer, older in pairwise(minors):
        for name, schema in restored[older].items():
            newer_fields = restored[newer].get(name, {}).get("properties", {})
            for field_name, field in schema.get("properties", {}).items():
                _take_list_topology(field, newer_fields.get(field_name, {}), restored[older])


def _take_list_topology(field: Schema, newer: Schema, definitions: Definitions) -> None:
    if field.get("type") != "array" or LIST_TYPE in field or LIST_TYPE not in newer:
        return
    if field["items"] != newer.get("items"):
        return
    keys = newer.get(LIST_MAP_KEYS, [])
    item = definitions.get(field["items"].get("$ref", "").removeprefix(REF_PREFIX), {})
    if not set(keys) <= set(item.get("properties", {})):
        return
    field[LIST_TYPE] = newer[LIST_TYPE]
    if keys:
        field[LIST_MAP_KEYS] = list(keys)
