"""Decoding as Go does it: a built-in kind's object with a wrong JSON type is refused in the words of Go's decoder.

Null counts as absent. Quantities, strings or numbers, come out in the one form that the server stores.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from steersman.apimachinery.json_patch import GO_VALUE_NAMES
from steersman.apimachinery.quantity import Quantity
from steersman.apimachinery.schema.formats import is_go_duration
from steersman.apimachinery.schema.node import SchemaNode
from steersman.apimachinery.schema.rendering import bounded
from steersman.apimachinery.time import parse_micro_time, parse_time

Check = Callable[[Any], bool]
Table = dict[type, Check | None]

_BITS = {"int32": 31, "int64": 63}


class GoTypeError(Exception):
    """The text is that of Go's decoder."""


def _refuse(value: Any) -> bool:
    return False


def _integer_bits(node: SchemaNode) -> int:
    return _BITS.get(node.format, 63)


class TableCompiler:
    """Compiles nodes to tables from Python type to check, None where any value of the type will do.

    The checks drop the nulls of objects in passing. They refuse every value that Go refuses, and those few that
    :func:`decode` has to look at: a null in a list or map, a quantity to be written otherwise.
    """

    def __init__(self) -> None:
        self._compiled: dict[int, Table] = {}

    def compile(self, node: SchemaNode) -> Table:
        known = self._compiled.get(id(node))
        if known is None:
            known = self._compiled[id(node)] = {}
            known.update(self._build(node))
        return known

    def _build(self, node: SchemaNode) -> Table:
        if node.int_or_string:
            return {str: None, int: _int_check(31)}
        special = _SPECIAL.get(_short_name(node))
        if special is not None:
            return {str: _passes(special)}
        if node.preserve_unknown:
            return dict.fromkeys((dict, list, str, bool, int, float))
        return {python_type: make(self, node) for name in node.types for python_type, make in _KINDS[name]}

    def struct(self, node: SchemaNode) -> Check:
        tables = {name: self.compile(one) for name, one in node.properties.items()}

        def check(value: dict[str, Any]) -> bool:
            nulls = []
            for name, one in value.items():
                table = tables.get(name)
                if table is None:
                    continue
                passes = table.get(type(one), _refuse)
                if passes is not None and not passes(one):
                    if one is not None:
                        return False
                    nulls.append(name)
            for name in nulls:
                del value[name]
            return True

        return check

    def object(self, node: SchemaNode) -> Check:
        if isinstance(node.additional, SchemaNode):
            return _each(self.compile(node.additional), dict.values)
        return self.struct(node)

    def array(self, node: SchemaNode) -> Check | None:
        return _each(self.compile(node.items), iter) if node.items is not None else None


def _each(table: Table, values: Callable[[Any], Any]) -> Check:
    def check(container: Any) -> bool:
        for one in values(container):
            passes = table.get(type(one), _refuse)
            if passes is not None and not passes(one):
                return False
        return True

    if table == {str: None}:
        return lambda container: {str}.issuperset(map(type, values(container)))
    return check


def _int_check(bits: int) -> Check:
    least, most = -(2**bits), 2**bits - 1
    return lambda value: least <= value <= most


_KINDS: dict[str, tuple[tuple[type, Callable[[TableCompiler, SchemaNode], Check | None]], ...]] = {
    "object": ((dict, TableCompiler.object),),
    "array": ((list, TableCompiler.array),),
    "string": ((str, lambda compiler, node: _passes(_bytes) if node.is_bytes else None),),
    "boolean": ((bool, lambda compiler, node: None),),
    "integer": ((int, lambda compiler, node: _int_check(_integer_bits(node))),),
    "number": ((int, lambda compiler, node: None), (float, lambda compiler, node: None)),
}


def decode(node: SchemaNode, value: Any, struct: str = "", path: str = "") -> Any:
    """``value`` as Go would write it after reading it: nulls resolved, quantities as strings; changed in place.

    ``struct`` and ``path`` are the Go struct around it and the fields down to it. Raises :class:`GoTypeError` for the
    first value that Go refuses, with the text of its error.
    """
    if node.int_or_string:
        return _int_or_string(value)
    special = _SPECIAL.get(_short_name(node))
    if special is not None:
        return special(value)
    if node.preserve_unknown:
        return value
    for name in node.types:
        if type(value) in _DECODE[name][0]:
            return _DECODE[name][1](node, value, struct, path)
    raise _mismatch(node, value, struct, path)


def _mismatch(node: SchemaNode, value: Any, struct: str, path: str) -> GoTypeError:
    found = GO_VALUE_NAMES[type(value)]
    if found == "number" and node.types == ("integer",):
        found = f"number {value}"
    return GoTypeError(f"json: cannot unmarshal {found} into Go struct field {struct}.{path} of type {go_type(node)}")


def go_type(node: SchemaNode) -> str:
    """The Go type as the decoder names it, as far as a definition tells it: named strings come out as string."""
    if node.name:
        return ".".join(node.name.split(".")[-2:])
    kind = node.types[0] if node.types else ""
    if kind == "array":
        return f"[]{go_type(node.items)}" if node.items else "[]interface {}"
    if kind == "object":
        return f"map[string]{go_type(node.additional)}" if isinstance(node.additional, SchemaNode) else "interface {}"
    if kind == "string":
        return "[]uint8" if node.is_bytes else "string"
    return {"boolean": "bool", "number": "float64"}.get(kind) or (node.format or "int64")


def _short_name(node: SchemaNode) -> str:
    return node.name.rpartition(".")[2]


_ZEROES: dict[str, Any] = {"string": "", "boolean": False, "integer": 0, "number": 0}


def _zero(node: SchemaNode) -> Any:
    """What null becomes in a list or map, where it cannot be dropped."""
    if _short_name(node) == "Quantity":
        return "0"
    kind = node.types[0] if node.types else ""
    if kind == "object" and node.properties:
        return {}
    return None if node.is_bytes else _ZEROES.get(kind)


def _decode_object(node: SchemaNode, value: dict[str, Any], struct: str, path: str) -> dict[str, Any]:
    if isinstance(additional := node.additional, SchemaNode):
        for name, one in value.items():
            value[name] = _zero(additional) if one is None else decode(additional, one, struct, path)
        return value
    struct = _short_name(node) or struct
    for name in list(value):
        child = node.properties.get(name)
        if child is None:
            continue
        if value[name] is None:
            del value[name]
        else:
            value[name] = decode(child, value[name], struct, f"{path}.{name}" if path else name)
    return value


def _decode_list(node: SchemaNode, value: list[Any], struct: str, path: str) -> list[Any]:
    items = node.items
    if items is not None:
        value[:] = [_zero(items) if one is None else decode(items, one, struct, path) for one in value]
    return value


def _decode_string(node: SchemaNode, value: str, struct: str, path: str) -> str:
    return _bytes(value) if node.is_bytes else value


def _decode_integer(node: SchemaNode, value: int, struct: str, path: str) -> int:
    if not _int_check(_integer_bits(node))(value):
        raise _mismatch(node, value, struct, path)
    return value


def _decode_as_is(node: SchemaNode, value: Any, struct: str, path: str) -> Any:
    return value


_DECODE: dict[str, tuple[tuple[type, ...], Callable[[SchemaNode, Any, str, str], Any]]] = {
    "object": ((dict,), _decode_object),
    "array": ((list,), _decode_list),
    "string": ((str,), _decode_string),
    "integer": ((int,), _decode_integer),
    "boolean": ((bool,), _decode_as_is),
    "number": ((int, float), _decode_as_is),
}


def _passes(decoder: Callable[[Any], Any]) -> Check:
    """Whether the decoder takes the value and leaves it as it is."""

    def check(value: Any) -> bool:
        try:
            return bool(decoder(value) == value)
        except GoTypeError:
            return False

    return check


def _no_struct(value: Any, go_name: str) -> GoTypeError:
    """Types that decode themselves do not know what struct they are in."""
    found = GO_VALUE_NAMES[type(value)]
    if found == "number" and go_name != "string":
        found = f"number {value}"
    return GoTypeError(f"json: cannot unmarshal {found} into Go value of type {go_name}")


def _int_or_string(value: Any) -> Any:
    if type(value) is str or (type(value) is int and -(2**31) <= value < 2**31):
        return value
    raise _no_struct(value, "int32")


_ILLEGAL_BASE64 = re.compile(r"[^A-Za-z0-9+/=\r\n]")


def _bytes(value: str) -> str:
    try:
        base64.b64decode(
            value.translate({10: None, 13: None}) if "\n" in value or "\r" in value else value, validate=True
        )
    except (binascii.Error, ValueError):
        illegal = _ILLEGAL_BASE64.search(value)
        at = illegal.start() if illegal else len(value) // 4 * 4
        raise GoTypeError(f"illegal base64 data at input byte {at}") from None
    return value


# No thousand to write in a greater unit: most quantities are as short as can be already.
_SHORTEST_QUANTITY = re.compile("0|[1-9][0-9]{0,2}(?:[numkMGTPE]|[KMGTPE]i)?")


def _quantity(value: Any) -> str:
    """The quantity as the server writes it."""
    if type(value) is str and _SHORTEST_QUANTITY.fullmatch(value):
        return value
    # Of other JSON values the quantity reads the text, and finds no number in it.
    text = value if type(value) in (str, int, float) else "null"
    try:
        return str(Quantity.parse(text))
    except ValueError as error:
        raise GoTypeError(str(error)) from None


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _no_struct(value, "string")
    return value


def _time(value: Any) -> str:
    try:
        parse_time(_text(value))
    except ValueError as error:
        raise GoTypeError(str(error)) from None
    return str(value)


def _micro_time(value: Any) -> str:
    try:
        parse_micro_time(_text(value))
    except ValueError as error:
        raise GoTypeError(str(error)) from None
    return str(value)


def _duration(value: Any) -> str:
    if not is_go_duration(_text(value)):
        raise GoTypeError(f'time: invalid duration "{bounded(value)}"')
    return str(value)


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "Quantity": _quantity,
    "Time": _time,
    "MicroTime": _micro_time,
    "Duration": _duration,
}
