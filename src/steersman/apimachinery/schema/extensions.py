"""What x-kubernetes-list-type and x-kubernetes-embedded-resource ask of a value beyond its schema.

List types: KEP-555, "topology" markers; a list of type ``set`` or ``map`` has no element or key twice.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from steersman.apimachinery.errors import FieldError, field_duplicate, field_invalid
from steersman.apimachinery.schema.embedded_resource import explain_embedded
from steersman.apimachinery.schema.node import SchemaNode
from steersman.apimachinery.schema.rendering import bounded


def explain_extensions(node: SchemaNode, value: Any, path: str) -> Iterator[FieldError]:
    """The errors of ``value`` (at ``path``, empty at the root) and of everything in it."""
    prefix = f"{path}." if path else ""
    if type(value) is dict:
        if node.embedded:
            yield from explain_embedded(value, prefix)
        for name, one in value.items():
            child = node.properties.get(name)
            if child is not None:
                yield from explain_extensions(child, one, prefix + name)
            elif isinstance(node.additional, SchemaNode):
                yield from explain_extensions(node.additional, one, f"{path}[{name}]")
    elif type(value) is list:
        if node.list_type == "set":
            yield from _duplicates(value, path)
        elif node.list_type == "map":
            yield from _explain_list_map(node, value, path)
        if node.items is not None:
            for index, one in enumerate(value):
                yield from explain_extensions(node.items, one, f"{path}[{index}]")


def _duplicates(values: list[Any], path: str) -> Iterator[FieldError]:
    """One error for each value that occurs again, at its second occurrence."""
    seen: dict[bytes, int] = {}
    for index, value in enumerate(values):
        key = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 2:
            yield field_duplicate(f"{path}[{index}]", bounded(value))


def _explain_list_map(node: SchemaNode, value: list[Any], path: str) -> Iterator[FieldError]:
    for index, one in enumerate(value):
        if one is not None and type(one) is not dict:
            yield field_invalid(f"{path}[{index}]", bounded(one), "must be an object for an array of list-type map")
            return
    keys = [{key: one[key] for key in node.list_map_keys if key in one} if one else {} for one in value]
    yield from _duplicates(keys, path)
