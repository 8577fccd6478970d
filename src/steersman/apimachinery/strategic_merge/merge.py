"""Applying a strategic merge patch."""

from typing import Any

import msgspec

from steersman.apimachinery.errors import bad_request
from steersman.apimachinery.strategic_merge.directives import (
    DELETE_FROM_LIST,
    PATCH,
    RETAIN_KEYS,
    SET_ELEMENT_ORDER,
    bad_list_format,
    go_value,
    list_of,
    unknown_directive,
    without_directives,
    without_nulls,
)
from steersman.apimachinery.strategic_merge.element_order import check_elements, identity_by, in_order
from steersman.apimachinery.strategic_merge.patch_meta import FieldMeta, PatchMeta

Object = dict[str, Any]


def apply(document: Object, patch: Object, meta: PatchMeta) -> Object:
    """The patched copy of ``document``, sharing nothing with it or with ``patch``.

    Raises :class:`~steersman.apimachinery.errors.ApiError`: 400 for a patch that contradicts itself or the schema, 422
    for a list of lists where lists are merged.
    """
    return _merge_object(msgspec.to_builtins(document), msgspec.to_builtins(patch), meta)


def _merge_object(live: Object, patch: Object, meta: PatchMeta) -> Object:
    """``live`` and ``patch`` are ours to change."""
    if PATCH in patch:
        directive = patch.pop(PATCH)
        if directive == "replace":
            return patch
        if directive == "delete":
            return {}
        raise unknown_directive(directive, {PATCH: directive, **patch})
    if RETAIN_KEYS in patch:
        _retain(live, patch, patch.pop(RETAIN_KEYS))
    for directive in [key for key in patch if key.startswith(SET_ELEMENT_ORDER)]:
        _set_order(live, patch, directive, meta)
    for key, value in patch.items():
        if key.startswith(DELETE_FROM_LIST):
            _delete_from_list(live, key.removeprefix(DELETE_FROM_LIST), value)
        else:
            _merge_field(live, key, value, meta)
    return live


def _merge_field(live: Object, key: str, value: Any, meta: PatchMeta) -> None:
    if value is None:
        live.pop(key, None)
        return
    old = live.get(key)
    if isinstance(value, dict) and isinstance(old, dict):
        field = meta.field(key)
        live[key] = value if field.strategy == "replace" else _merge_object(old, value, field.inner)
    elif isinstance(value, list) and isinstance(old, list):
        live[key] = _merge_list(old, value, meta.field(key), key)
    elif isinstance(value, dict) and PATCH in value:
        live.pop(key, None)
    else:
        live[key] = without_directives(without_nulls(value))


def _retain(live: Object, patch: Object, keys: Any) -> None:
    """Only ``keys`` may stay in ``live``, and the patch may set no others."""
    if not isinstance(keys, list):
        raise bad_list_format("retainKeys")
    for key, value in patch.items():
        if value is not None and key not in keys and not key.startswith((SET_ELEMENT_ORDER, DELETE_FROM_LIST)):
            raise bad_list_format("retainKeys")
    for key in live.keys() - set(map(str, keys)):
        del live[key]


def _delete_from_list(live: Object, key: str, values: Any) -> None:
    old = live.get(key)
    if values is None:
        live.pop(key, None)
    elif isinstance(old, list) and isinstance(values, list):
        if old and values and check_elements(old, values):
            raise bad_list_format("primitive list")
        identity = identity_by("")
        gone = set(map(identity, values))
        live[key] = [one for one in old if identity(one) not in gone]


def _set_order(live: Object, patch: Object, directive: str, meta: PatchMeta) -> None:
    """Merge the list that ``directive`` orders, and take both out of the patch."""
    order = list_of(patch.pop(directive))
    key = directive.removeprefix(SET_ELEMENT_ORDER)
    # A null list is deleted by the patch itself, in which case there is nothing to order.
    if (key not in live and key not in patch) or (key in patch and patch[key] is None):
        return
    field = meta.field(key)
    old, added = list_of(live.get(key, [])), list_of(patch.pop(key, []))
    _check_order(added, order, field.merge_key)
    places = old
    if key not in live:
        merged = without_directives(added)
    elif added:
        merged = _merge_list(old, added, field, key)
        places = _places(old, added, field)
    else:
        merged = old
    check_elements(merged, order)
    live[key] = in_order(merged, order, places, identity_by(field.merge_key))


def _places(old: list[Any], added: list[Any], field: FieldMeta) -> list[Any]:
    """The live order that new elements are compared by: they take the places that deletions leave at the end."""
    if not field.merge_key:
        return old
    identity = identity_by(field.merge_key)
    deleted = {identity(element) for element in added if element.get(PATCH) == "delete"}
    kept = {identity(element): element for element in old if identity(element) not in deleted}
    new = [element for element in added if PATCH not in element and identity(element) not in kept]
    return [*kept.values(), *new][: len(old)]


def _check_order(added: list[Any], order: list[Any], merge_key: str) -> None:
    """Elements of the patch must come in the order that the patch asks for."""
    identity = identity_by(merge_key)
    if not added or not order:
        return
    left = iter(map(identity, order))
    for element in added:
        if not (isinstance(element, dict) and PATCH in element) and identity(element) not in left:
            raise bad_request(
                f"The order in patch list:\n{go_value(added)}\n doesn't match {SET_ELEMENT_ORDER[:-1]} list:\n"
                f"{go_value(order)}\n"
            )


def _merge_list(old: list[Any], patch: list[Any], field: FieldMeta, key: str) -> list[Any]:
    if field.strategy != "merge":
        return patch
    if not check_elements(old, patch):
        identity = identity_by("")
        unique = {identity(one): one for one in [*old, *patch]}
        return in_order(list(unique.values()), patch, old, identity)
    if not field.merge_key:
        raise bad_request(f"cannot merge lists without merge key for {key}")
    return _merge_objects(old, patch, field)


def _merge_objects(old: list[Object], patch: list[Object], field: FieldMeta) -> list[Object]:
    identity = identity_by(field.merge_key)
    changes: list[Object] = []
    deleted = set()
    replace = False
    for element in patch:
        directive = element.get(PATCH)
        if PATCH not in element:
            changes.append(element)
        elif directive == "delete":
            deleted.add(identity(element))
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise bad_request("merging lists cannot yet be specified in the patch")
        else:
            raise unknown_directive(directive, element)
    if replace:
        return changes
    live = [element for element in old if identity(element) not in deleted] if deleted else old
    merged = list(live)
    places: dict[Any, int] = {}
    for index, element in enumerate(live):
        places.setdefault(identity(element), index)
    for change in changes:
        place = places.setdefault(identity(change), len(merged))
        if place < len(merged):
            merged[place] = _merge_object(merged[place], change, field.inner)
        else:
            merged.append(without_directives(change))
    return in_order(merged, changes, live, identity)
