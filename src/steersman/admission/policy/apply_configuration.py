"""Apply configurations of mutations: merged as server-side apply merges, but nobody becomes the fields' manager.

What is atomic may not be mutated at all: whoever means to change a part of it would take the rest away.
"""

from collections.abc import Iterator
from typing import Any

from steersman.apimachinery.server_side_apply import MergeSchema
from steersman.apimachinery.server_side_apply.conformance import explain_shape
from steersman.apimachinery.server_side_apply.merge_schema import ATOMIC
from steersman.apimachinery.server_side_apply.merging import merge


def apply_configuration(schema: MergeSchema, live: dict[str, Any], applied: dict[str, Any]) -> dict[str, Any]:
    """The merged object, which shares parts with both. Raises ValueError, worded as kube-apiserver does."""
    if fault := explain_shape(schema, applied):
        raise ValueError(f"failed to convert patch object to typed object: {fault}")
    if atomics := list(_atomics(schema, applied, "")):
        raise ValueError(
            f"invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {', '.join(atomics)}"
        )
    try:
        merged: dict[str, Any] = merge(schema, live, applied)
    except ValueError as error:
        raise ValueError(f"failed to merge patch: {error}") from None
    return merged


def _atomics(schema: MergeSchema, value: Any, path: str) -> Iterator[str]:
    """The paths of values that are atomic, those within others too."""
    if isinstance(value, dict) and schema.map_type:
        if schema.map_type == ATOMIC:
            yield path
        for name, item in value.items():
            inner = schema.field(name) if schema.declares(name) else None
            if inner is not None:
                yield from _atomics(inner, item, f"{path}.{name}")
    elif isinstance(value, list) and schema.list_type:
        if schema.list_type == ATOMIC:
            yield path
        for index, item in enumerate(value):
            yield from _atomics(schema.items, item, f"{path}[{index}]")
