"""How the fields of a schema are merged: a view of its patch strategies and merge keys, resolved field by field."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from steersman.apimachinery.schema.node import Resolve, reference

STRATEGY = "x-kubernetes-patch-strategy"
MERGE_KEY = "x-kubernetes-patch-merge-key"


class FieldMeta(Struct, frozen=True):
    """Of one field: ``strategy`` is "merge", "replace" or "" (objects merge, lists are replaced).

    ``inner`` is the view of the field's own fields; where the field is a list, of its items' fields.
    """

    strategy: str
    retain_keys: bool
    merge_key: str
    inner: "PatchMeta"


class PatchMeta:
    """The fields of an object with the schema ``definition``; ``resolve`` gives what a ``$ref`` names.

    Each field is looked up once. A field the schema does not know merges by the default strategies.
    """

    __slots__ = ("_definition", "_fields", "_resolve")

    def __init__(self, definition: Mapping[str, Any], resolve: Resolve) -> None:
        self._definition = definition
        self._resolve = resolve
        self._fields: dict[str, FieldMeta] = {}

    def field(self, name: str) -> FieldMeta:
        known = self._fields.get(name)
        if known is None:
            known = self._look_up(name)
            if name in (self._definition.get("properties") or {}):
                self._fields[name] = known
        return known

    def _look_up(self, name: str) -> FieldMeta:
        definition = (self._definition.get("properties") or {}).get(name)
        if definition is None:
            additional = self._definition.get("additionalProperties")
            definition = additional if isinstance(additional, Mapping) else {}
        strategies = (definition.get(STRATEGY) or "").split(",")
        inner = self._resolved(definition)
        items = inner.get("items")
        if isinstance(items, Mapping):
            inner = self._resolved(items)
        return FieldMeta(
            strategy=next((one for one in ("merge", "replace") if one in strategies), ""),
            retain_keys="retainKeys" in strategies,
            merge_key=definition.get(MERGE_KEY) or "",
            inner=PatchMeta(inner, self._resolve),
        )

    def _resolved(self, definition: Mapping[str, Any]) -> Mapping[str, Any]:
        ref = reference(definition)
        return self._resolve(ref) if ref else definition
