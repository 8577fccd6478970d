"""What kubectl's client-side apply left in an object: an annotation with the configuration that was applied last.

Server-side apply takes over from it (KEP-555, "Upgrade from client-side apply"), and keeps it up to date for those who
go back.
"""

from typing import Any

import orjson

from steersman.apimachinery.object_meta import ANNOTATIONS_SIZE
from steersman.apimachinery.server_side_apply.comparison import compare
from steersman.apimachinery.server_side_apply.conformance import explain_shape
from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.merge_schema import MergeSchema

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LAST_APPLIED_PATH = ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}")
KUBECTL = "kubectl"
"""The manager whose server-side apply takes over from client-side apply."""
CLIENT_SIDE_APPLY = "kubectl-client-side-apply"


def last_applied_fields(schema: MergeSchema, live: dict[str, Any], api_version: str) -> FieldSet:
    """The fields that client-side apply set and nobody has changed since; none where the annotation does not tell."""
    try:
        applied = orjson.loads(_annotations(live).get(LAST_APPLIED) or "null")
    except orjson.JSONDecodeError:
        return FieldSet()
    if not isinstance(applied, dict) or applied.get("apiVersion") != api_version or explain_shape(schema, applied):
        return FieldSet()
    try:
        changed = compare(schema, applied, live)
        return compare(schema, {}, applied).added - changed.modified - changed.added - changed.removed
    except ValueError:
        return FieldSet()


def renew_last_applied(obj: dict[str, Any], applied: dict[str, Any]) -> None:
    """Put a configuration into the annotation of ``obj``, in place, where it has one.

    One that is too large for the annotation takes it away: better none than one that is not true.
    """
    annotations = _annotations(obj)
    if not annotations.get(LAST_APPLIED):
        return
    text = orjson.dumps(_without_annotation(applied), option=orjson.OPT_SORT_KEYS).decode() + "\n"
    renewed = {**annotations, LAST_APPLIED: text}
    if sum(len(key.encode()) + len((value or "").encode()) for key, value in renewed.items()) > ANNOTATIONS_SIZE:
        del renewed[LAST_APPLIED]
    obj["metadata"] = {**obj["metadata"], "annotations": renewed}


def _without_annotation(applied: dict[str, Any]) -> dict[str, Any]:
    annotations = _annotations(applied)
    if LAST_APPLIED not in annotations:
        return applied
    rest = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
    return {**applied, "metadata": {**applied["metadata"], "annotations": rest}}


def _annotations(obj: dict[str, Any]) -> dict[str, Any]:
    return (obj.get("metadata") or {}).get("annotations") or {}
