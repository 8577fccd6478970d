"""The fields that a value mentions, and what a schema makes of a set of fields."""

from typing import Any

from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.list_items import items_by_element
from steersman.apimachinery.server_side_apply.merge_schema import ATOMIC, DEDUCED, MEMBERS, MergeSchema
from steersman.apimachinery.server_side_apply.path_element import Path, field_element


def fields_of(schema: MergeSchema, value: Any) -> FieldSet:
    """Every leaf and item that a value mentions. Raises ValueError for an item of a list without its key."""
    found = FieldSet()
    _mention(schema, value, (), found)
    return found


def with_structs(schema: MergeSchema | None, fields: FieldSet) -> FieldSet:
    """The set with every field that the schema names and something in the set is below of."""
    members = set(fields.members)
    children = {}
    for element, below in fields.children.items():
        inner = _inner(schema, element) if schema else None
        if schema and schema.map_type and element.startswith("f:") and schema.declares(element[2:]):
            members.add(element)
        children[element] = with_structs(inner, below)
    return FieldSet(members, children)


def reconcile(schema: MergeSchema, fields: FieldSet) -> FieldSet:
    """A set that may be older than the schema: what has become atomic since belongs whole to who had a part of it."""
    members, children = set(fields.members), {}
    for element, below in fields.children.items():
        inner = _inner(schema, element)
        if inner is None or (inner.map_type and inner.deduced and inner.map_type != ATOMIC):
            children[element] = below
        elif _is_atomic(inner):
            members.add(element)
        else:
            children[element] = reconcile(inner, below)
    return FieldSet(members, children)


def _mention(schema: MergeSchema, value: Any, path: Path, found: FieldSet) -> None:
    parts = schema.parts(value)
    if not parts:
        found.insert(path)
        return
    if parts == MEMBERS:
        for name, item in value.items():
            place = (*path, field_element(name))
            _mention(schema.field(name) or DEDUCED, item, place, found)
            # What is empty is mentioned itself: there is nothing in it to tell of it.
            if not item or not schema.declares(name):
                found.insert(place)
        return
    for element, items in items_by_element(schema, value).items():
        place = (*path, element)
        if len(items) == 1:
            _mention(schema.items, items[0], place, found)
        found.insert(place)


def _inner(schema: MergeSchema, element: str) -> MergeSchema | None:
    if element.startswith("f:"):
        return schema.field(element[2:]) if schema.map_type else None
    return schema.items if schema.list_type else None


def _is_atomic(schema: MergeSchema) -> bool:
    return schema.map_type == ATOMIC if schema.map_type else not schema.scalar and schema.list_type == ATOMIC
