"""Definitions that every document needs, whatever is served: those of meta/v1, and Scale of autoscaling/v1.

The catalog of built-in kinds has them too, as they were in each minor version, and goes first. These serve where there
is no catalog. References are ``#/definitions/NAME``, as in the catalog.
"""

from collections.abc import Mapping
from typing import Any

from steersman.apiserver.openapi.schema_tree import Schema

REFERENCE = "#/definitions/"
GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
OBJECT_META = _META + "ObjectMeta"
LIST_META = _META + "ListMeta"
STATUS = _META + "Status"
DELETE_OPTIONS = _META + "DeleteOptions"
PATCH = _META + "Patch"
WATCH_EVENT = _META + "WatchEvent"
API_RESOURCE_LIST = _META + "APIResourceList"

_TIME = _META + "Time"
_RAW_EXTENSION = "io.k8s.apimachinery.pkg.runtime.RawExtension"
_AUTOSCALING = "io.k8s.api.autoscaling.v1."

ALWAYS = (OBJECT_META, LIST_META, STATUS, DELETE_OPTIONS, PATCH, WATCH_EVENT, API_RESOURCE_LIST)
"""What every document has, referenced or not."""


def reference(name: str) -> Schema:
    return {"$ref": REFERENCE + name}


def string() -> Schema:
    return {"type": "string"}


def type_meta() -> Schema:
    """The fields that name an object's type."""
    return {"apiVersion": string(), "kind": string()}


def kind_tag(group: str, version: str, kind: str) -> dict[str, str]:
    """One entry of ``x-kubernetes-group-version-kind``."""
    return {"group": group, "kind": kind, "version": version}


def _array(items: Schema, **extensions: str | list[str]) -> Schema:
    return {"type": "array", "items": items} | {
        f"x-kubernetes-{name.replace('_', '-')}": value for name, value in extensions.items()
    }


def _object(properties: Schema, required: tuple[str, ...] = (), kind: str = "") -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if kind:
        schema[GROUP_VERSION_KIND] = [kind_tag("", "v1", kind)]
    return schema


def _integer(bits: int) -> Schema:
    return {"type": "integer", "format": f"int{bits}"}


_BOOLEAN: Schema = {"type": "boolean"}
_STRINGS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_DATE: Schema = {"type": "string", "format": "date-time"}

META_DEFINITIONS: Mapping[str, Mapping[str, Any]] = {
    _TIME: _DATE,
    _META + "MicroTime": _DATE,
    _META + "FieldsV1": {"type": "object"},
    PATCH: {"type": "object"},
    _RAW_EXTENSION: {"type": "object"},
    LIST_META: _object(
        {
            "continue": string(),
            "remainingItemCount": _integer(64),
            "resourceVersion": string(),
            "selfLink": string(),
        }
    ),
    OBJECT_META: _object(
        {
            "annotations": _STRINGS,
            "creationTimestamp": reference(_TIME),
            "deletionGracePeriodSeconds": _integer(64),
            "deletionTimestamp": reference(_TIME),
            "finalizers": _array(string(), list_type="set", patch_strategy="merge"),
            "generateName": string(),
            "generation": _integer(64),
            "labels": _STRINGS,
            "managedFields": _array(reference(_META + "ManagedFieldsEntry"), list_type="atomic"),
            "name": string(),
            "namespace": string(),
            "ownerReferences": _array(
                reference(_META + "OwnerReference"),
                list_map_keys=["uid"],
                list_type="map",
                patch_merge_key="uid",
                patch_strategy="merge",
            ),
            "resourceVersion": string(),
            "selfLink": string(),
            "uid": string(),
        }
    ),
    _META + "OwnerReference": {
        **_object(
            {
                **type_meta(),
                "blockOwnerDeletion": _BOOLEAN,
                "controller": _BOOLEAN,
                "name": string(),
                "uid": string(),
            },
            required=("apiVersion", "kind", "name", "uid"),
        ),
        "x-kubernetes-map-type": "atomic",
    },
    _META + "ManagedFieldsEntry": _object(
        {
            "apiVersion": string(),
            "fieldsType": string(),
            "fieldsV1": reference(_META + "FieldsV1"),
            "manager": string(),
            "operation": string(),
            "subresource": string(),
            "time": reference(_TIME),
        }
    ),
    STATUS: _object(
        {
            **type_meta(),
            "code": _integer(32),
            "details": {**reference(_META + "StatusDetails"), "x-kubernetes-list-type": "atomic"},
            "message": string(),
            "metadata": reference(LIST_META),
            "reason": string(),
            "status": string(),
        },
        kind="Status",
    ),
    _META + "StatusDetails": _object(
        {
            "causes": _array(reference(_META + "StatusCause"), list_type="atomic"),
            "group": string(),
            "kind": string(),
            "name": string(),
            "retryAfterSeconds": _integer(32),
            "uid": string(),
        }
    ),
    _META + "StatusCause": _object({"field": string(), "message": string(), "reason": string()}),
    DELETE_OPTIONS: _object(
        {
            **type_meta(),
            "dryRun": _array(string(), list_type="atomic"),
            "gracePeriodSeconds": _integer(64),
            "orphanDependents": _BOOLEAN,
            "preconditions": reference(_META + "Preconditions"),
            "propagationPolicy": string(),
        },
        kind="DeleteOptions",
    ),
    _META + "Preconditions": _object({"resourceVersion": string(), "uid": string()}),
    WATCH_EVENT: _object(
        {"object": reference(_RAW_EXTENSION), "type": string()}, required=("type", "object"), kind="WatchEvent"
    ),
    API_RESOURCE_LIST: _object(
        {
            **type_meta(),
            "groupVersion": string(),
            "resources": _array(reference(_META + "APIResource"), list_type="atomic"),
        },
        required=("groupVersion", "resources"),
        kind="APIResourceList",
    ),
    _META + "APIResource": _object(
        {
            "categories": _array(string(), list_type="atomic"),
            "group": string(),
            "kind": string(),
            "name": string(),
            "namespaced": _BOOLEAN,
            "shortNames": _array(string(), list_type="atomic"),
            "singularName": string(),
            "storageVersionHash": string(),
            "verbs": _array(string()),
            "version": string(),
        },
        required=("name", "singularName", "namespaced", "kind", "verbs"),
    ),
    _AUTOSCALING + "Scale": {
        **_object(
            {
                **type_meta(),
                "metadata": reference(OBJECT_META),
                "spec": reference(_AUTOSCALING + "ScaleSpec"),
                "status": reference(_AUTOSCALING + "ScaleStatus"),
            }
        ),
        GROUP_VERSION_KIND: [kind_tag("autoscaling", "v1", "Scale")],
    },
    _AUTOSCALING + "ScaleSpec": _object({"replicas": _integer(32)}),
    _AUTOSCALING + "ScaleStatus": _object({"replicas": _integer(32), "selector": string()}, required=("replicas",)),
}
