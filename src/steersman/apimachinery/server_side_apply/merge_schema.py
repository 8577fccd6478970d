"""How values merge, as their schema says it: a view of its merge extensions, resolved node by node when asked for.

``x-kubernetes-list-type`` atomic, set or map (with ``x-kubernetes-list-map-keys``) and ``x-kubernetes-map-type`` atomic
or granular (KEP-555, "Custom markers"); a list without the former merges as its strategic merge patch strategy says.
What has no schema is deduced: objects are granular, lists atomic.
"""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.schema.node import MISSING, Resolve, is_builtin, reference
from steersman.apimachinery.strategic_merge.patch_meta import MERGE_KEY, STRATEGY

MEMBERS, ITEMS = "members", "items"
ATOMIC, GRANULAR, SET, MAP = "atomic", "granular", "set", "map"
NUMERIC, STRING, BOOLEAN, UNTYPED = "numeric", "string", "boolean", "untyped"

_LIST_TYPE, _LIST_MAP_KEYS = "x-kubernetes-list-type", "x-kubernetes-list-map-keys"
_MAP_TYPE, _PRESERVE = "x-kubernetes-map-type", "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_SCALARS = {"integer": NUMERIC, "number": NUMERIC, "boolean": BOOLEAN, "string": STRING}
_PLAIN_STRINGS = (None, "", "byte")

_TEXT: Mapping[str, Any] = {"type": "string"}
_NUMBER: Mapping[str, Any] = {"type": "integer"}
_FLAG: Mapping[str, Any] = {"type": "boolean"}
_TIME: Mapping[str, Any] = {"type": "string", "format": "date-time"}
_TEXTS: Mapping[str, Any] = {"type": "object", "additionalProperties": _TEXT}
_ANY_STRUCT: Mapping[str, Any] = {"type": "object", _PRESERVE: True}
OBJECT_META: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"), _TEXT),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TIME),
        **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), _NUMBER),
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "finalizers": {"type": "array", "items": _TEXT, _LIST_TYPE: SET},
        "ownerReferences": {
            "type": "array",
            _LIST_TYPE: MAP,
            _LIST_MAP_KEYS: ["uid"],
            "items": {
                "type": "object",
                _MAP_TYPE: ATOMIC,
                "properties": {
                    **dict.fromkeys(("apiVersion", "kind", "name", "uid"), _TEXT),
                    **dict.fromkeys(("controller", "blockOwnerDeletion"), _FLAG),
                },
            },
        },
        "managedFields": {"type": "array", "items": _ANY_STRUCT, _LIST_TYPE: ATOMIC},
    },
}
"""``metadata`` of what has a schema without it: custom resources, and objects embedded in them."""

_OBJECT_FIELDS: Mapping[str, Any] = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": OBJECT_META}


class MergeSchema:
    """One node. What kinds of value it takes, and how those merge.

    ``scalar`` is numeric, string, boolean or untyped, ``list_type`` atomic, set or map, ``map_type`` atomic or
    granular; each is empty where no such value is taken. ``list_keys`` are the key fields of a list of type map.
    """

    __slots__ = (
        "_additional",
        "_fields",
        "_item",
        "_items",
        "_nodes",
        "_preserve",
        "_properties",
        "deduced",
        "list_keys",
        "list_type",
        "map_type",
        "scalar",
    )

    def __init__(self, nodes: "_Nodes", definition: Mapping[str, Any], preserve: bool, map_type: str = "") -> None:
        self._nodes, self._preserve = nodes, preserve or bool(definition.get(_PRESERVE))
        self._properties: Mapping[str, Any] = definition.get("properties") or {}
        if definition.get(_EMBEDDED):
            self._properties = {**self._properties, **_OBJECT_FIELDS}
        self._additional, self._items = definition.get("additionalProperties"), definition.get("items")
        self._fields: dict[str, MergeSchema | None] = {}
        self._item: MergeSchema | None = None
        self.scalar = _scalar(definition)
        takes = definition.get("type") or ""
        self.list_type, self.list_keys = _list_type(definition) if takes in ("", "array") else ("", ())
        self.map_type = (map_type or definition.get(_MAP_TYPE) or GRANULAR) if takes in ("", "object") else ""
        self.deduced = not self._properties and self._takes_unknown() and not isinstance(self._additional, Mapping)
        """Whether it says nothing of what is in an object."""

    @classmethod
    def read(cls, definition: Mapping[str, Any], resolve: Resolve) -> "MergeSchema":
        """The root of a kind's schema: of a built-in kind, or of a custom resource, whose metadata it lacks."""
        whole = dict(definition)
        if not is_builtin(definition):
            whole["type"] = "object"
            whole["properties"] = {**(definition.get("properties") or {}), **_OBJECT_FIELDS}
            if not definition.get("properties") and definition.get("additionalProperties") is None:
                whole[_PRESERVE] = True
        return cls(_Nodes(resolve), whole, False)

    def declares(self, name: str) -> bool:
        """Whether the schema names this member, rather than take any."""
        return name in self._properties

    def field(self, name: str) -> "MergeSchema | None":
        """The node of a member; None where the schema has no place for it."""
        if name in self._fields:
            return self._fields[name]
        definition = self._properties.get(name)
        if definition is None:
            if not self._takes_unknown():
                return None
            # Kept once for all such names, which are without number.
            name, definition = "", self._additional if isinstance(self._additional, Mapping) else None
            if name in self._fields:
                return self._fields[name]
        found = DEDUCED if definition is None else self._nodes.node(definition, self._preserve)
        self._fields[name] = found
        return found

    def parts(self, value: Any) -> str:
        """What a value is made of that each may belong to someone else: members, items, or "" where it is one whole."""
        if type(value) is dict:
            return MEMBERS if self.map_type == GRANULAR else ""
        return ITEMS if type(value) is list and self.list_type in (SET, MAP) else ""

    @property
    def items(self) -> "MergeSchema":
        """The node of a list's items."""
        if self._item is None:
            items = self._items
            self._item = self._nodes.node(items, self._preserve) if isinstance(items, Mapping) else UNTYPED_ATOMIC
        return self._item

    def key_default(self, name: str) -> Any:
        """What a member is where it is not said; MISSING where nothing."""
        default = (self._properties.get(name) or {}).get("default")
        return MISSING if default is None else default

    def _takes_unknown(self) -> bool:
        if self._additional is None:
            return self._preserve or not self._properties
        return self._additional is not False


class _Nodes:
    """The nodes of one schema; those that a ``$ref`` names are made once."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._by_ref: dict[tuple[str, str], MergeSchema] = {}

    def node(self, definition: Mapping[str, Any], preserve: bool) -> MergeSchema:
        ref = reference(definition)
        if not ref:
            return MergeSchema(self, definition, preserve)
        map_type = definition.get(_MAP_TYPE) or ""
        known = self._by_ref.get((ref, map_type))
        if known is None:
            known = _special(ref) or MergeSchema(self, self._resolve(ref), False, map_type)
            self._by_ref[ref, map_type] = known
        return known


def _special(ref: str) -> MergeSchema | None:
    """Types that are written otherwise than their definition says."""
    if ref.endswith(".api.resource.Quantity"):
        return _SCALAR
    return UNTYPED_ATOMIC if ref.endswith(".runtime.RawExtension") else None


def _scalar(definition: Mapping[str, Any]) -> str:
    kind = definition.get("type") or ""
    if not kind:
        return UNTYPED
    if kind == "string" and definition.get("format") not in _PLAIN_STRINGS:
        return UNTYPED
    return _SCALARS.get(kind, "")


def _list_type(definition: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    declared = definition.get(_LIST_TYPE)
    if declared is not None:
        return declared, tuple(definition.get(_LIST_MAP_KEYS) or ()) if declared == MAP else ()
    if "merge" in (definition.get(STRATEGY) or "").split(","):
        key = definition.get(MERGE_KEY)
        return (MAP, (key,)) if key else (SET, ())
    return ATOMIC, ()


def _no_reference(ref: str) -> Mapping[str, Any]:
    raise LookupError(ref)


_NO_NODES = _Nodes(_no_reference)
DEDUCED = MergeSchema(_NO_NODES, {}, True)
"""What has no schema."""
UNTYPED_ATOMIC = MergeSchema(_NO_NODES, {_MAP_TYPE: ATOMIC}, True)
"""What is one value, whatever it is."""
_SCALAR = MergeSchema(_NO_NODES, {"type": "string", "format": "quantity"}, False)
