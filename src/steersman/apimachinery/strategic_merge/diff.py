"""Making a strategic merge patch from two states of an object."""

from typing import Any

import msgspec

from steersman.apimachinery.json_patch import json_equal
from steersman.apimachinery.strategic_merge.directives import (
    DELETE_FROM_LIST,
    PATCH,
    RETAIN_KEYS,
    SET_ELEMENT_ORDER,
)
from steersman.apimachinery.strategic_merge.element_order import Identity, check_elements, identity_by
from steersman.apimachinery.strategic_merge.patch_meta import FieldMeta, PatchMeta

Object = dict[str, Any]


def create_two_way(old: Object, new: Object, meta: PatchMeta) -> Object:
    """A patch that makes ``new`` of ``old``, empty if they are equal.

    Members that are null in ``new`` come out absent. Raises ApiError for lists that cannot be merged (elements of
    several types, lists of lists, a merge key that is missing).
    """
    patch: Object = msgspec.to_builtins(_diff_objects(old, new, meta, retain_keys=False))
    return patch


def _diff_objects(old: Object, new: Object, meta: PatchMeta, *, retain_keys: bool) -> Object:
    patch: Object = {}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            field = meta.field(key)
            if field.strategy == "replace":
                if not json_equal(before, value):
                    patch[key] = value
            elif inner := _diff_objects(before, value, field.inner, retain_keys=field.retain_keys):
                patch[key] = inner
        elif isinstance(value, list) and isinstance(before, list) and meta.field(key).strategy == "merge":
            _diff_lists(key, before, value, meta.field(key), patch)
        elif key not in old or not json_equal(before, value):
            patch[key] = value
    gone = [key for key in old if key not in new]
    patch.update(dict.fromkeys(gone))
    retained = sorted(key for key, value in new.items() if value is not None)
    if retain_keys and retained and patch:
        patch[RETAIN_KEYS] = retained
    return patch


def _diff_lists(key: str, old: list[Any], new: list[Any], field: FieldMeta, patch: Object) -> None:
    if json_equal(old, new):
        return
    if not old:
        patch[key] = new
    elif check_elements(old, new):
        _diff_lists_of_objects(key, old, new, field, patch)
    else:
        identity = identity_by("")
        before, after = set(map(identity, old)), set(map(identity, new))
        _put(patch, key, [one for one in new if identity(one) not in before])
        _put(
            patch,
            DELETE_FROM_LIST + key,
            list({identity(one): one for one in old if identity(one) not in after}.values()),
        )
        _put(patch, SET_ELEMENT_ORDER + key, new)


def _put(patch: Object, key: str, elements: list[Any]) -> None:
    if elements:
        patch[key] = elements


def _has_twins(elements: list[Object], identity: Identity) -> bool:
    return len(set(map(identity, elements))) < len(elements)


def _diff_lists_of_objects(key: str, old: list[Object], new: list[Object], field: FieldMeta, patch: Object) -> None:
    merge_key, identity = field.merge_key, identity_by(field.merge_key)
    if _has_twins(old, identity) or _has_twins(new, identity):
        # A merge would fold elements with the same key into one.
        patch[key] = [*new, {PATCH: "replace"}]
        return
    before = {identity(element): element for element in old}
    changes = []
    for element in new:
        match = before.pop(identity(element), None)
        if match is None:
            changes.append(element)
        elif change := _diff_objects(match, element, field.inner, retain_keys=field.retain_keys):
            changes.append({**change, merge_key: element[merge_key]})
    changes += [{PATCH: "delete", merge_key: element[merge_key]} for element in before.values()]
    _put(patch, key, changes)
    _put(patch, SET_ELEMENT_ORDER + key, [{merge_key: element[merge_key]} for element in new])
