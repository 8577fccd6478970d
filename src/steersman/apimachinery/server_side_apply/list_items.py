"""The items of a list that merges: which step of a path each is."""

from collections.abc import Sequence
from typing import Any

from steersman.apimachinery.errors import render_value
from steersman.apimachinery.schema.node import MISSING
from steersman.apimachinery.server_side_apply.merge_schema import MAP, MergeSchema
from steersman.apimachinery.server_side_apply.path_element import key_element, value_element


def item_element(schema: MergeSchema, item: Any) -> str:
    """The step to an item of a list with this schema: its key fields (their defaults count), or the value itself.

    Raises ValueError for an item that has none.
    """
    if schema.list_type == MAP:
        return key_element(_keys(schema, item))
    if type(item) is dict:
        raise ValueError("associative list without keys has an element that's a map type")
    if type(item) is list:
        raise ValueError("not supported: associative list with lists as elements")
    if item is None:
        raise ValueError("associative list without keys has an element that's an explicit null")
    return value_element(item)


def _keys(schema: MergeSchema, item: Any) -> dict[str, Any]:
    if item is None:
        raise ValueError("associative list with keys may not have a null element")
    if type(item) is not dict:
        raise ValueError("associative list with keys may not have non-map elements")
    keys = {}
    for name in schema.list_keys:
        value = item[name] if name in item else schema.items.key_default(name)
        if value is not MISSING:
            keys[name] = value
    if not keys:
        names = "[" + " ".join(map(render_value, schema.list_keys)) + "]"
        raise ValueError(
            f"associative list with keys has an element that omits all key fields {names} "
            "(and doesn't have default values for any key fields)"
        )
    return keys


def items_by_element(schema: MergeSchema, items: Sequence[Any]) -> dict[str, list[Any]]:
    """The items of a list by their step, of which a list that nobody applied may have several. Raises ValueError."""
    found: dict[str, list[Any]] = {}
    for index, item in enumerate(items):
        try:
            element = item_element(schema, item)
        except ValueError as error:
            raise ValueError(f"element {index}: {error}") from None
        found.setdefault(element, []).append(item)
    return found
