"""Defaulting: missing fields take the default of their schema (KEP-575), nulls that may not stand are dropped first."""

from collections.abc import Callable
from typing import Any

import msgspec

from steersman.apimachinery.schema.node import MISSING, SchemaNode

Fill = Callable[[Any], None]


def _additional(node: SchemaNode | None) -> SchemaNode | None:
    return node.additional if node is not None and isinstance(node.additional, SchemaNode) else None


def drop_nulls(node: SchemaNode | None, value: Any) -> None:
    """Drop nulls where the schema is not nullable and has no default that would take their place."""
    if type(value) is dict:
        additional = _additional(node)
        for name in list(value):
            child = node.properties.get(name, additional) if node is not None else None
            one = value[name]
            if one is not None:
                drop_nulls(child, one)
            elif child is not None and not child.nullable and _default(child) is None:
                del value[name]
    elif type(value) is list:
        for one in value:
            drop_nulls(node.items if node is not None else None, one)


def _default(node: SchemaNode) -> Any:
    """The default; a default of null is none, as in kube-apiserver."""
    return None if node.default is MISSING else node.default


class FillCompiler:
    """Compiles nodes to functions that put defaults into a value in place."""

    def __init__(self) -> None:
        self._compiled: dict[int, Fill | None] = {}

    def compile(self, node: SchemaNode) -> Fill | None:
        """None if there is no default in or below ``node``."""
        key = id(node)
        if key not in self._compiled:
            self._compiled[key] = None
            if _has_default_below(node, set()):
                # Where the schema refers to itself, the function is looked up when it is called.
                self._compiled[key] = lambda value: self._call(key, value)
                self._compiled[key] = self._build(node)
        return self._compiled[key]

    def _call(self, key: int, value: Any) -> None:
        fill = self._compiled[key]
        if fill is not None:
            fill(value)

    def _build(self, node: SchemaNode) -> Fill:
        objects = self._object(node)
        items = node.items
        if items is None:
            return objects
        nested, default, nullable = self.compile(items), _default(items), items.nullable

        def fill_any(value: Any) -> None:
            if type(value) is not list:
                objects(value)
                return
            if default is not None and not nullable:
                value[:] = [msgspec.to_builtins(default) if one is None else one for one in value]
            if nested is not None:
                for one in value:
                    nested(one)

        return fill_any

    def _object(self, node: SchemaNode) -> Fill:
        defaults = [
            (name, one.nullable, _copier(default))
            for name, one in node.properties.items()
            if (default := _default(one)) is not None
        ]
        nested = [(name, inner) for name, one in node.properties.items() if (inner := self.compile(one)) is not None]
        rest = self._additional(node)

        def fill(value: Any) -> None:
            if type(value) is not dict:
                return
            for name, nullable, copy in defaults:
                if name not in value or (value[name] is None and not nullable):
                    value[name] = copy()
            for name, fill_field in nested:
                if name in value:
                    fill_field(value[name])
            if rest is not None:
                rest(value)

        return fill

    def _additional(self, node: SchemaNode) -> Fill | None:
        additional = _additional(node)
        if additional is None:
            return None
        inner, default, properties = self.compile(additional), _default(additional), node.properties
        takes_default = default is not None and not additional.nullable

        def fill(value: dict[str, Any]) -> None:
            for name, one in value.items():
                if name in properties:
                    continue
                if one is None and takes_default:
                    value[name] = one = msgspec.to_builtins(default)
                if inner is not None:
                    inner(one)

        return fill if inner is not None or takes_default else None


def _copier(default: Any) -> Callable[[], Any]:
    if isinstance(default, dict | list):
        return lambda: msgspec.to_builtins(default)
    return lambda: default


def _has_default_below(node: SchemaNode, seen: set[int]) -> bool:
    """Whether any schema inside of ``node`` has a default; that of ``node`` itself is its parent's business."""
    if id(node) in seen:
        return False
    seen.add(id(node))
    children = [*node.properties.values(), node.items, _additional(node)]
    return any(_default(one) is not None or _has_default_below(one, seen) for one in children if one is not None)
