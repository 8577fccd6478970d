"""Patches from three states: what was applied last, what is wanted now, and what there is.

What was applied and is not wanted any more goes; what is wanted comes; all else, which others have set, stays.
"""

from typing import Any, NamedTuple

from steersman.apimachinery import strategic_merge
from steersman.apimachinery.json_patch import json_equal
from steersman.apimachinery.merge_patch import apply_merge_patch, create_merge_patch
from steersman.apimachinery.strategic_merge import PatchMeta, create_two_way
from steersman.apimachinery.strategic_merge.directives import (
    DELETE_FROM_LIST,
    PATCH,
    RETAIN_KEYS,
    SET_ELEMENT_ORDER,
)
from steersman.client.patch_type import PatchType

Json = dict[str, Any]


class TypedPatch(NamedTuple):
    """A patch, empty if nothing changes, and what kind of patch it is."""

    body: Json
    type: PatchType


def patch_between(old: Json, new: Json, meta: PatchMeta | None) -> TypedPatch:
    """What makes ``new`` of ``old``. ``meta`` is None for kinds without merge strategies."""
    if meta is None:
        return TypedPatch(create_merge_patch(old, new), PatchType.MERGE)
    return TypedPatch(create_two_way(old, new, meta), PatchType.STRATEGIC_MERGE)


def three_way_patch(applied: Json, wanted: Json, live: Json, meta: PatchMeta | None) -> TypedPatch:
    """What makes ``live`` as ``wanted`` has it, without what only ``applied`` had. Raises ApiError for lists that
    cannot be merged.
    """
    if meta is None:
        gone = _deletions(create_merge_patch(applied, wanted))
        return patch_between(live, apply_merge_patch(apply_merge_patch(live, gone), wanted), None)
    gone = _deletions(create_two_way(applied, wanted, meta))
    cleared = strategic_merge.apply(live, gone, meta)
    return patch_between(live, strategic_merge.apply(cleared, _as_patch(wanted, cleared, meta), meta), meta)


def _deletions(patch: Json) -> Json:
    """The part of a patch that takes away."""
    kept: Json = {}
    for key, value in patch.items():
        match value:
            case None:
                kept[key] = None
            case dict() if inner := _deletions(value):
                kept[key] = inner
            case list() if key.startswith(DELETE_FROM_LIST):
                kept[key] = value
            case list() if not key.startswith("$") and (elements := _deleted_elements(value, patch, key)):
                kept[key] = elements
    return kept


def _deleted_elements(elements: list[Any], patch: Json, key: str) -> list[Json]:
    """Of a list that is merged: elements that go, and those of which something goes."""
    order = patch.get(SET_ELEMENT_ORDER + key) or [{}]
    identifying = set(order[0]) if isinstance(order[0], dict) else set()
    found = []
    for element in elements:
        if not isinstance(element, dict) or element == {PATCH: "replace"}:
            return []
        if element.get(PATCH) == "delete":
            found.append(element)
        elif inner := _deletions(element):
            found.append({**{one: element[one] for one in identifying if one in element}, **inner})
    return found


def _as_patch(wanted: Json, live: Json, meta: PatchMeta) -> Json:
    """A whole object as a patch: with the order of its lists, and keys that exclude others where they change."""
    patch: Json = {}
    for key, value in wanted.items():
        field, there = meta.field(key), live.get(key)
        match value:
            case dict() if field.strategy != "replace":
                inner = _as_patch(value, there if isinstance(there, dict) else {}, field.inner)
                if field.retain_keys and isinstance(there, dict) and not _is_within(value, there):
                    inner[RETAIN_KEYS] = sorted(value)
                patch[key] = inner
            case list() if field.strategy == "merge" and value and field.merge_key:
                before = {_identity(one, field.merge_key): one for one in there or () if isinstance(one, dict)}
                patch[key] = [
                    _as_patch(one, before.get(_identity(one, field.merge_key), {}), field.inner) for one in value
                ]
                patch[SET_ELEMENT_ORDER + key] = [{field.merge_key: one.get(field.merge_key)} for one in value]
            case list() if field.strategy == "merge" and value:
                patch[key] = value
                patch[SET_ELEMENT_ORDER + key] = value
            case _:
                patch[key] = value
    return patch


def _identity(element: Json, merge_key: str) -> str:
    return str(element.get(merge_key))


def _is_within(wanted: Json, live: Json) -> bool:
    """Whether ``live`` has all of ``wanted`` already."""
    return all(
        key in live
        and (
            _is_within(value, live[key])
            if isinstance(value, dict) and isinstance(live[key], dict)
            else json_equal(value, live[key])
        )
        for key, value in wanted.items()
    )
