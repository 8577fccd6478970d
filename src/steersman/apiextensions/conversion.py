"""CustomResourceDefinition between v1beta1 and v1, whole objects in both directions.

v1 says for each version what v1beta1 may also say once for all: schema, subresources, columns, selectable fields. The
v1beta1 form made here says it once wherever all versions agree, which is also the form that validation works on, for
kube-apiserver names fields by it (``spec.validation.openAPIV3Schema`` for the schema of a definition in v1).
"""

from collections.abc import Iterable
from typing import Any

import orjson

Object = dict[str, Any]

V1 = "apiextensions.k8s.io/v1"
V1BETA1 = "apiextensions.k8s.io/v1beta1"

# What all versions of a definition may share: the field in v1beta1's spec, and in a version of either form.
_SHARED = (
    ("validation", "schema"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
)


def to_v1(crd: Object) -> Object:
    """The v1 form of a v1beta1 definition. The input stays as it is; unchanged parts are shared with the result."""
    old = _spec(crd)
    spec = {key: value for key, value in old.items() if key not in ("version", *(top for top, _ in _SHARED))}
    versions = _objects(old.get("versions"))
    if not versions and old.get("version"):
        versions = [{"name": old["version"], "served": True, "storage": True}]
    shared = {field: value for top, field in _SHARED if (value := old.get(top)) is not None}
    spec["versions"] = [_rename_columns({**version, **shared}, "JSONPath", "jsonPath") for version in versions]
    if isinstance(conversion := old.get("conversion"), dict):
        spec["conversion"] = _conversion_to_v1(conversion)
    if not spec.get("preserveUnknownFields"):
        spec.pop("preserveUnknownFields", None)
    return {**crd, "apiVersion": V1, "spec": spec}


def to_v1beta1(crd: Object) -> Object:
    """The v1beta1 form of a v1 definition. The input stays as it is; unchanged parts are shared with the result."""
    spec = dict(_spec(crd))
    versions = [_rename_columns(version, "jsonPath", "JSONPath") for version in _objects(spec.get("versions"))]
    if versions:
        spec["version"] = versions[0].get("name", "")
        for top, field in _SHARED:
            first = versions[0].get(field)
            if _all_same(version.get(field) for version in versions):
                if first is not None:
                    spec[top] = first
                for version in versions:
                    version.pop(field, None)
        spec["versions"] = versions
    if isinstance(conversion := spec.get("conversion"), dict):
        spec["conversion"] = _conversion_to_v1beta1(conversion)
    spec["preserveUnknownFields"] = bool(spec.get("preserveUnknownFields"))
    return {**crd, "apiVersion": V1BETA1, "spec": spec}


def _spec(crd: Object) -> Object:
    spec = crd.get("spec")
    return spec if isinstance(spec, dict) else {}


def _objects(value: Any) -> list[Object]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _rename_columns(version: Object, old_name: str, new_name: str) -> Object:
    """A copy of the version whose columns call their path by the other form's name; empty lists are left out."""
    renamed = {key: value for key, value in version.items() if value != []}
    if "additionalPrinterColumns" in renamed:
        renamed["additionalPrinterColumns"] = [
            {new_name if key == old_name else key: value for key, value in column.items()}
            for column in _objects(renamed["additionalPrinterColumns"])
        ]
    return renamed


def _all_same(values: Iterable[Any]) -> bool:
    # Compared as JSON text: in Python 1 == 1.0 == True, in a schema's enum they are three values.
    return len({orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for value in values}) == 1


def _conversion_to_v1(conversion: Object) -> Object:
    webhook = {
        new: conversion[old]
        for old, new in (
            ("webhookClientConfig", "clientConfig"),
            ("conversionReviewVersions", "conversionReviewVersions"),
        )
        if conversion.get(old) is not None
    }
    strategy = {"strategy": conversion["strategy"]} if "strategy" in conversion else {}
    return {**strategy, "webhook": webhook} if webhook else strategy


def _conversion_to_v1beta1(conversion: Object) -> Object:
    converted = {key: value for key, value in conversion.items() if key != "webhook"}
    webhook = conversion.get("webhook")
    if isinstance(webhook, dict):
        if webhook.get("clientConfig") is not None:
            converted["webhookClientConfig"] = webhook["clientConfig"]
        if webhook.get("conversionReviewVersions") is not None:
            converted["conversionReviewVersions"] = webhook["conversionReviewVersions"]
    return converted
