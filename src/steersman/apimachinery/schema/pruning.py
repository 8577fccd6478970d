"""Pruning: fields that the schema does not specify are dropped (KEP-575).

The walk without paths (:func:`compile_clean`) finds out whether there is anything to drop; :func:`prune` drops it.
"""

from collections.abc import Callable
from typing import Any

from steersman.apimachinery.schema.node import SchemaNode

META_FIELDS = frozenset({"apiVersion", "kind", "metadata"})
Clean = Callable[[Any], bool]

# Where the schema says nothing about a value.
_UNSPECIFIED = SchemaNode()


def _takes(node: SchemaNode, type_name: str) -> bool:
    """A value of a type that the schema does not take is left as it is, for validation to refuse."""
    return not node.types or type_name in node.types


def _additional(node: SchemaNode) -> SchemaNode | None:
    """The schema of fields not among the properties; None if there are none such."""
    if isinstance(node.additional, SchemaNode):
        return node.additional
    return None if node.additional is None else _UNSPECIFIED


def prune(node: SchemaNode, value: Any, path: str, dropped: list[str], *, keep: bool = False) -> None:
    """Drop from ``value`` what ``node`` does not specify, and append the paths of it to ``dropped``.

    ``path`` is that of ``value``, empty at the root; ``keep`` is whether unknown fields are preserved here anyway.
    """
    keep = keep or node.preserve_unknown
    if type(value) is list:
        items = node.items or _UNSPECIFIED
        if _takes(node, "array") and (node.items is not None or not keep):
            for index, one in enumerate(value):
                prune(items, one, f"{path}[{index}]", dropped, keep=keep)
    elif type(value) is dict and _takes(node, "object"):
        prefix = f"{path}." if path else ""
        additional = _additional(node)
        for name in list(value):
            if node.embedded and name in META_FIELDS:
                continue
            child = node.properties.get(name, additional)
            if child is not None:
                prune(child, value[name], prefix + name, dropped)
            elif not keep:
                dropped.append(prefix + name)
                del value[name]


class CleanCompiler:
    """Compiles nodes to predicates that are true of values with nothing to drop."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[int, bool], Clean | None] = {}

    def compile(self, node: SchemaNode, keep: bool = False) -> Clean | None:
        """None if no value ever has anything to drop."""
        keep = keep or node.preserve_unknown
        if not _takes(node, "object") and not _takes(node, "array"):
            return None
        key = (id(node), keep)
        if key not in self._compiled:
            # Where the schema refers to itself, the predicate is looked up when it is asked.
            self._compiled[key] = lambda value: (known := self._compiled[key]) is None or known(value)
            self._compiled[key] = self._build(node, keep)
        return self._compiled[key]

    def _build(self, node: SchemaNode, keep: bool) -> Clean | None:
        if node is _UNSPECIFIED:
            return None if keep else _has_no_fields
        items = objects = None
        if _takes(node, "array") and (node.items is not None or not keep):
            items = self.compile(node.items or _UNSPECIFIED, keep)
        if _takes(node, "object"):
            objects = self._object(node, keep)
        if items is None and objects is None:
            return None

        def clean(value: Any) -> bool:
            if type(value) is dict:
                return objects is None or objects(value)
            return type(value) is not list or items is None or all(map(items, value))

        return objects if objects and items is None else clean

    def _object(self, node: SchemaNode, keep: bool) -> Clean | None:
        skipped = META_FIELDS if node.embedded else frozenset[str]()
        fields = {name: self.compile(one) for name, one in node.properties.items()} | dict.fromkeys(skipped)
        additional = _additional(node)
        rest = None if additional is None else self.compile(additional)
        known = None if keep or additional is not None else frozenset(fields)
        nested = {name: clean for name, clean in fields.items() if clean is not None}
        if rest is not None:
            return _each(fields, rest)
        if nested:
            return _known_and_clean(known, nested)
        return None if known is None else _known_only(known)


def _has_no_fields(value: Any) -> bool:
    return not value if type(value) is dict else type(value) is not list or all(map(_has_no_fields, value))


def _each(fields: dict[str, Clean | None], rest: Clean) -> Clean:
    def clean(value: Any) -> bool:
        if type(value) is dict:
            for name, one in value.items():
                check = fields.get(name, rest)
                if check is not None and not check(one):
                    return False
        return True

    return clean


def _known_only(known: frozenset[str]) -> Clean:
    return lambda value: type(value) is not dict or value.keys() <= known


def _known_and_clean(known: frozenset[str] | None, nested: dict[str, Clean]) -> Clean:
    def clean(value: Any) -> bool:
        if type(value) is dict:
            if known is not None and not value.keys() <= known:
                return False
            for name, one in value.items():
                check = nested.get(name)
                if check is not None and not check(one):
                    return False
        return True

    return clean
