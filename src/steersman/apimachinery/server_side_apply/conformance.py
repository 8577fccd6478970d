"""Whether a value is of its schema's shape: what merging relies on, and a configuration must be."""

from collections.abc import Iterator
from typing import Any

from steersman.apimachinery.server_side_apply.list_items import item_element
from steersman.apimachinery.server_side_apply.merge_schema import BOOLEAN, MAP, NUMERIC, SET, STRING, MergeSchema
from steersman.apimachinery.server_side_apply.path_element import field_element, path_text
from steersman.apimachinery.strategic_merge.directives import go_value

_GO_TYPES = {str: "string", bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}
_SCALARS = (str, bool, int, float)
_TAKEN = {NUMERIC: (int, float), STRING: (str,), BOOLEAN: (bool,)}


def explain_shape(schema: MergeSchema, value: Any) -> str:
    """What is wrong with a configuration, one line for each fault; empty where nothing is."""
    lines = [f"{place}: {fault}" if place else fault for place, fault in _faults(schema, value, "")]
    return lines[0] if len(lines) == 1 else "\n".join(("errors:", *(f"  {line}" for line in lines))) if lines else ""


def _faults(schema: MergeSchema, value: Any, place: str) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if type(value) is dict and schema.map_type:
        yield from _member_faults(schema, value, place)
    elif type(value) is list and schema.list_type:
        yield from _item_faults(schema, value, place)
    elif schema.scalar and type(value) in _TAKEN.get(schema.scalar, _SCALARS):
        return
    else:
        yield place, _wrong_type(schema, value)


def _member_faults(schema: MergeSchema, value: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        inner = schema.field(name)
        where = place + path_text((field_element(name),))
        if inner is None:
            yield where, "field not declared in schema"
        else:
            yield from _faults(inner, item, where)


def _item_faults(schema: MergeSchema, value: list[Any], place: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for index, item in enumerate(value):
        where = f"{place}[{index}]"
        if schema.list_type in (SET, MAP):
            try:
                element = item_element(schema, item)
            except ValueError as error:
                yield place, f"element {index}: {error}"
                return
            if element in seen:
                yield place, f"duplicate entries for key {path_text((element,))}"
            seen.add(element)
            where = place + path_text((element,))
        yield from _faults(schema.items, item, where)


def _wrong_type(schema: MergeSchema, value: Any) -> str:
    if schema.map_type:
        return f"expected map, got &{{{go_value(value)}}}"
    if not schema.scalar:
        return f"expected list, got &{{{go_value(value)}}}"
    if schema.scalar == NUMERIC:
        return f"expected numeric (int or float), got {_GO_TYPES[type(value)]}"
    if schema.scalar == STRING:
        return f"expected string, got &value.valueUnstructured{{Value:{go_value(value)}}}"
    wanted = "boolean" if schema.scalar == BOOLEAN else "any scalar"
    return f"expected {wanted}, got &{{{go_value(value)}}}"
