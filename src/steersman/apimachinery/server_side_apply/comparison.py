"""What changed from one value to another, as sets of fields."""

from dataclasses import dataclass, field
from typing import Any

from steersman.apimachinery.schema.node import MISSING
from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.list_items import items_by_element
from steersman.apimachinery.server_side_apply.merge_schema import DEDUCED, ITEMS, MEMBERS, MergeSchema
from steersman.apimachinery.server_side_apply.path_element import Path, field_element


@dataclass(slots=True)
class Comparison:
    """No field is in more than one of the sets."""

    removed: FieldSet = field(default_factory=FieldSet)
    modified: FieldSet = field(default_factory=FieldSet)
    added: FieldSet = field(default_factory=FieldSet)


def compare(schema: MergeSchema, old: Any, new: Any) -> Comparison:
    """How ``new`` differs from ``old``. Raises ValueError where an item of a list cannot be told from the others."""
    found = Comparison()
    _compare(schema, old, new, (), found)
    return found


def same_value(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if type(one) is dict and type(other) is dict:
        return one.keys() == other.keys() and all(same_value(value, other[key]) for key, value in one.items())
    if type(one) is list and type(other) is list:
        return len(one) == len(other) and all(map(same_value, one, other))
    return bool(one == other) and (type(one) is bool) == (type(other) is bool)


def _compare(schema: MergeSchema, old: Any, new: Any, path: Path, found: Comparison) -> None:
    parts_old, parts_new = schema.parts(old), schema.parts(new)
    if not (parts_old and old) and not (parts_new and new):
        _compare_whole(old, new, path, found)
        return
    if old == new and same_value(old, new):
        return
    if parts_old != parts_new and not _is_absent(old) and not _is_absent(new):
        found.modified.insert(path)
    if MEMBERS in (parts_old, parts_new):
        _compare_members(schema, old if parts_old == MEMBERS else {}, new if parts_new == MEMBERS else {}, path, found)
    if ITEMS in (parts_old, parts_new):
        _compare_items(schema, old if parts_old == ITEMS else [], new if parts_new == ITEMS else [], path, found)
    if old is MISSING:
        found.added.insert(path)
    elif new is MISSING:
        found.removed.insert(path)


def _is_absent(value: Any) -> bool:
    return value is MISSING or value is None


def _compare_whole(old: Any, new: Any, path: Path, found: Comparison) -> None:
    if _is_absent(old) and _is_absent(new):
        # Manifests are full of nulls (creationTimestamp) that no stored object has: nothing to fall out over.
        return
    if old is MISSING:
        found.added.insert(path)
    elif new is MISSING:
        found.removed.insert(path)
    elif not same_value(old, new):
        found.modified.insert(path)


def _compare_members(
    schema: MergeSchema, old: dict[str, Any], new: dict[str, Any], path: Path, found: Comparison
) -> None:
    for name in old.keys() | new.keys():
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        # Most members of most objects: their paths need not be made.
        if before == after and same_value(before, after):
            continue
        inner = schema.field(name) or DEDUCED
        _compare(inner, before, after, (*path, field_element(name)), found)


def _compare_items(schema: MergeSchema, old: list[Any], new: list[Any], path: Path, found: Comparison) -> None:
    before, after = items_by_element(schema, old), items_by_element(schema, new)
    for element in before.keys() | after.keys():
        ours, theirs = before.get(element, []), after.get(element, [])
        place = (*path, element)
        if len(ours) > 1 and len(theirs) > 1:
            # Items that cannot be told apart are one whole.
            if not same_value(ours, theirs):
                found.modified.insert(place)
        elif len(ours) > 1:
            if theirs:
                _compare(schema.items, MISSING, theirs[0], place, found)
            found.removed.insert(place)
        elif len(theirs) > 1:
            if ours:
                _compare(schema.items, ours[0], MISSING, place, found)
            found.added.insert(place)
        else:
            _compare(schema.items, ours[0] if ours else MISSING, theirs[0] if theirs else MISSING, place, found)
