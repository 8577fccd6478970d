"""One node of a schema, read from its JSON: OpenAPI v3 as in a CustomResourceDefinition, or a built-in definition."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct, field

from steersman.apimachinery.schema.formats import string_format

Resolve = Callable[[str], Mapping[str, Any]]
"""From the text of a ``$ref`` to the definition it names."""


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Stands for "no default", since null is a possible one."""


class SchemaNode(Struct, eq=False):
    types: tuple[str, ...] = ()
    nullable: bool = False
    format: str = ""
    enum: list[Any] | None = None
    minimum: float | None = None
    exclusive_minimum: bool = False
    maximum: float | None = None
    exclusive_maximum: bool = False
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False
    min_properties: int | None = None
    max_properties: int | None = None
    required: tuple[str, ...] = ()
    properties: dict[str, "SchemaNode"] = field(default_factory=dict)
    additional: "SchemaNode | bool | None" = None
    items: "SchemaNode | None" = None
    all_of: list["SchemaNode"] = field(default_factory=list)
    any_of: list["SchemaNode"] = field(default_factory=list)
    one_of: list["SchemaNode"] = field(default_factory=list)
    negated: "SchemaNode | None" = None
    int_or_string: bool = False
    preserve_unknown: bool = False
    embedded: bool = False
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    default: Any = MISSING
    # Of built-in definitions only: the name a $ref gives it, and whether its Go type is a slice of bytes.
    name: str = ""
    is_bytes: bool = False


_PLAIN: tuple[tuple[str, str], ...] = (
    ("format", "format"),
    ("enum", "enum"),
    ("minimum", "minimum"),
    ("exclusiveMinimum", "exclusive_minimum"),
    ("maximum", "maximum"),
    ("exclusiveMaximum", "exclusive_maximum"),
    ("multipleOf", "multiple_of"),
    ("minLength", "min_length"),
    ("maxLength", "max_length"),
    ("pattern", "pattern"),
    ("minItems", "min_items"),
    ("maxItems", "max_items"),
    ("uniqueItems", "unique_items"),
    ("minProperties", "min_properties"),
    ("maxProperties", "max_properties"),
    ("nullable", "nullable"),
    ("default", "default"),
    ("x-kubernetes-preserve-unknown-fields", "preserve_unknown"),
    ("x-kubernetes-embedded-resource", "embedded"),
    ("x-kubernetes-list-type", "list_type"),
)


_KIND_EXTENSION = "x-kubernetes-group-version-kind"


def _no_references(ref: str) -> Mapping[str, Any]:
    raise LookupError(f"schema references not supported: {ref}")


def read_schema(definition: Mapping[str, Any], resolve: Resolve = _no_references) -> SchemaNode:
    """The graph of nodes of ``definition``; a definition that refers to itself makes a cycle.

    Raises whatever ``resolve`` raises for a ``$ref`` it does not know, LookupError if no ``resolve`` was given.
    """
    return _Reader(resolve, is_builtin(definition)).read_root(definition)


def is_builtin(definition: Mapping[str, Any]) -> bool:
    """Whether this is the definition of a built-in kind, whose objects kube-apiserver decodes into Go structs."""
    return bool(definition.get(_KIND_EXTENSION))


class _Reader:
    def __init__(self, resolve: Resolve, builtin: bool) -> None:
        self._resolve = resolve
        self._builtin = builtin
        self._by_ref: dict[str, SchemaNode] = {}
        self._with_own_default: list[tuple[SchemaNode, SchemaNode, Any]] = []

    def read_root(self, definition: Mapping[str, Any]) -> SchemaNode:
        root = self.read(definition)
        if self._builtin:
            root.name = definition[_KIND_EXTENSION][0]["kind"]
        for node, target, default in self._with_own_default:
            for name in SchemaNode.__struct_fields__:
                setattr(node, name, getattr(target, name))
            node.default = default
        return root

    def read(self, definition: Mapping[str, Any]) -> SchemaNode:
        ref = reference(definition)
        if not ref:
            return self._fill(SchemaNode(), definition)
        known = self._by_ref.get(ref)
        if known is None:
            known = self._by_ref[ref] = SchemaNode(name=ref.rpartition("/")[2])
            self._fill(known, self._resolve(ref))
        if definition.get("default") is None:
            return known
        # A default beside a $ref makes a node of its own, copied when all that is referred to is known.
        own = SchemaNode()
        self._with_own_default.append((own, known, definition["default"]))
        return own

    def _fill(self, node: SchemaNode, definition: Mapping[str, Any]) -> SchemaNode:
        for key, attribute in _PLAIN:
            value = definition.get(key)
            if value is not None:
                setattr(node, attribute, value)
        self._fill_types(node, definition)
        self._fill_children(node, definition)
        node.required = tuple(definition.get("required") or ())
        node.list_map_keys = tuple(definition.get("x-kubernetes-list-map-keys") or ())
        if self._builtin:
            _follow_go(node)
        return node

    def _fill_children(self, node: SchemaNode, definition: Mapping[str, Any]) -> None:
        node.properties = {name: self.read(one) for name, one in (definition.get("properties") or {}).items()}
        additional = definition.get("additionalProperties")
        node.additional = self.read(additional) if isinstance(additional, Mapping) else additional
        if isinstance(items := definition.get("items"), Mapping):
            node.items = self.read(items)
        node.all_of = [self.read(one) for one in definition.get("allOf") or ()]
        node.any_of = [self.read(one) for one in definition.get("anyOf") or ()]
        node.one_of = [self.read(one) for one in definition.get("oneOf") or ()]
        if definition.get("not") is not None:
            node.negated = self.read(definition["not"])

    def _fill_types(self, node: SchemaNode, definition: Mapping[str, Any]) -> None:
        declared = definition.get("type") or ()
        types = (declared,) if isinstance(declared, str) else tuple(declared)
        if "null" in types:
            node.nullable = True
            types = tuple(one for one in types if one != "null")
        node.int_or_string = bool(definition.get("x-kubernetes-int-or-string")) or node.format == "int-or-string"
        node.types = ("integer", "string") if node.int_or_string else types
        if not _is_checked(node.format, node.types):
            node.format = ""


def _follow_go(node: SchemaNode) -> None:
    """Of what built-in definitions say, only decoding checks string formats, and nothing checks list types."""
    node.list_type = ""
    if node.types in ((), ("object",)) and not node.properties and node.additional is None:
        # Where Go has raw JSON.
        node.preserve_unknown = True
    if node.types == ("string",):
        node.is_bytes = node.format == "byte"
        node.format = ""


_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def _is_checked(name: str, types: tuple[str, ...]) -> bool:
    only = types[0] if len(types) == 1 else "string"
    if only == "string":
        return string_format(name) is not None
    return name in _NUMBER_FORMATS.get(only, ())


def reference(definition: Mapping[str, Any]) -> str:
    """The ``$ref`` of a definition, also where OpenAPI v3 wraps it to stand beside a default or description."""
    ref = definition.get("$ref")
    if ref is None and "properties" not in definition:
        wrapped = definition.get("allOf") or []
        if len(wrapped) == 1:
            ref = wrapped[0].get("$ref")
    return ref or ""
