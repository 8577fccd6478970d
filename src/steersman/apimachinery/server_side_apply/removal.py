"""A value without some of its fields."""

from typing import Any

from steersman.apimachinery.schema.node import MISSING
from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.list_items import item_element
from steersman.apimachinery.server_side_apply.merge_schema import DEDUCED, ITEMS, MEMBERS, MergeSchema
from steersman.apimachinery.server_side_apply.path_element import field_element


def remove(schema: MergeSchema, value: Any, fields: FieldSet) -> Any:
    """The value without ``fields``, sharing the rest; MISSING where they are a part of what is one whole.

    Raises ValueError for an item of a list without its key.
    """
    parts = schema.parts(value)
    if not fields or not value:
        return value
    if parts == MEMBERS:
        return _without_members(schema, value, fields)
    if parts == ITEMS:
        return _without_items(schema, value, fields)
    return MISSING if type(value) in (dict, list) else value


def _without_members(schema: MergeSchema, value: dict[str, Any], fields: FieldSet) -> dict[str, Any]:
    left = {}
    for name, item in value.items():
        element = field_element(name)
        if element in fields.members:
            continue
        kept = remove(schema.field(name) or DEDUCED, item, fields.under(element))
        if kept is not MISSING:
            left[name] = kept
    return left


def _without_items(schema: MergeSchema, value: list[Any], fields: FieldSet) -> list[Any]:
    left = []
    for item in value:
        element = item_element(schema, item)
        if element in fields.members:
            continue
        kept = remove(schema.items, item, fields.under(element))
        if kept is not MISSING:
            left.append(kept)
    return left
