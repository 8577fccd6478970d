"""YAML as Kubernetes reads it: YAML 1.1 of its own kind, turned into the values that JSON can say.

The rules are those of sigs.k8s.io/yaml, and measured against kubectl: ``yes``, ``on`` and ``y`` are true, also as keys;
``0777`` and ``0o777`` are 511, but ``09`` is 9; ``1:30`` and dates are strings; merge keys work, in their place.
"""

import base64
import binascii
import math
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, cast

import yaml

from steersman.apimachinery.encoding import json
from steersman.apimachinery.encoding.yaml_scalar import resolve
from steersman.apimachinery.errors import bad_request

MAX_DEPTH = json.MAX_DEPTH

MAX_ALIASED = 1_000_000
"""Nodes, and characters of scalars, that aliases may add to a document."""

_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"

_PLAIN = "plain"
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_BINARY = f"{_TAG}binary"


def decode(body: bytes) -> Any:
    """The value of the one document in ``body``; where a key stands twice, the last one counts.

    Raises ApiError 400 BadRequest if it is not YAML, or not what JSON can say, or nests too deep or expands too far.
    """
    return decode_with_duplicates(body)[0]


def decode_with_duplicates(body: bytes) -> tuple[Any, list[str]]:
    """The value of the one document in ``body``, and the paths (``spec.ports[0].name``) of keys that stand twice.

    A key that overrides a merged one is no duplicate. Raises as :func:`decode`.
    """
    documents = _documents(body)
    value, duplicates = next(documents, (None, []))
    if next(documents, None) is not None:
        raise bad_request("error converting YAML to JSON: yaml: expected a single document, but found another one")
    return value, duplicates


def _documents(body: bytes) -> Iterator[tuple[Any, list[str]]]:
    loader = _Composer(body)
    try:
        while loader.check_node():
            yield _Document(b"*" in body).read(cast(yaml.Node, loader.get_node()))
    except yaml.YAMLError as error:
        raise bad_request(f"error converting YAML to JSON: yaml: {_explain(error)}") from None
    finally:
        loader.dispose()


def _explain(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        return f"line {error.problem_mark.line + 1}: {error.problem}" if error.problem_mark else error.problem
    return str(error).partition("\n")[0]


class _Composer(yaml.CSafeLoader):
    """Makes the tree of nodes, in C, without resolving scalars; stops where it gets too deep for the C stack."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._depth = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH + 1:
            raise yaml.YAMLError(_TOO_DEEP)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return _PLAIN if kind is yaml.ScalarNode and implicit[0] else ""


class _Document:
    """Turns one document's nodes into values, counting what aliases add."""

    def __init__(self, has_aliases: bool) -> None:
        self._has_aliases = has_aliases
        self._seen: set[yaml.Node] = set()
        # The collections around the node that is being read.
        self._open: set[yaml.Node] = set()
        self._aliased = 0
        self._may_have_duplicates = False

    def read(self, root: yaml.Node) -> tuple[Any, list[str]]:
        value = self._value(root)
        return value, list(dict.fromkeys(self._duplicates(root, ""))) if self._may_have_duplicates else []

    def _value(self, node: yaml.Node) -> Any:
        if self._has_aliases:
            self._count(node)
        if type(node) is yaml.ScalarNode:
            return _json_value(_scalar(node))
        if node in self._open:
            raise yaml.YAMLError("anchor value contains itself")
        if len(self._open) == MAX_DEPTH:
            raise yaml.YAMLError(_TOO_DEEP)
        self._open.add(node)
        if type(node) is yaml.SequenceNode:
            value: Any = [self._value(item) for item in node.value]
        else:
            value = self._mapping(node)
        self._open.remove(node)
        return value

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                for source in _merged_nodes(value_node):
                    value.update(self._value(source))
            else:
                key = _key(key_node)
                # Perhaps it overrides a merged one: that is told when it is looked for.
                self._may_have_duplicates |= key in value
                value[key] = self._value(value_node)
        return value

    def _count(self, node: yaml.Node) -> None:
        if node not in self._seen:
            self._seen.add(node)
            return
        self._aliased += 1 + len(node.value)
        if self._aliased > MAX_ALIASED:
            raise yaml.YAMLError("document contains excessive aliasing")

    def _duplicates(self, node: yaml.Node, path: str) -> Iterator[str]:
        if type(node) is yaml.SequenceNode:
            for index, item in enumerate(node.value):
                yield from self._duplicates(item, f"{path}[{index}]")
        elif type(node) is yaml.MappingNode:
            seen: set[str] = set()
            for key_node, value_node in node.value:
                if _is_merge(key_node):
                    continue
                key = _key(key_node)
                place = f"{path}.{key}" if path else key
                if key in seen:
                    yield place
                seen.add(key)
                yield from self._duplicates(value_node, place)


def _is_merge(node: yaml.Node) -> bool:
    return node.tag == _MERGE or (node.tag == _PLAIN and node.value == "<<")


def _merged_nodes(node: yaml.Node) -> list[yaml.Node]:
    nodes = [node] if type(node) is yaml.MappingNode else node.value if type(node) is yaml.SequenceNode else [node]
    if any(type(one) is not yaml.MappingNode for one in nodes):
        raise yaml.YAMLError("map merge requires map or sequence of maps as the value")
    # The first of several has precedence: it comes last.
    return list(reversed(nodes))


def _scalar(node: yaml.Node) -> Any:
    """The value of a scalar, by its tag, or by its look if it is plain and has none."""
    tag, text = node.tag, node.value
    if tag == _PLAIN:
        return resolve(text)
    expected = _TAGGED.get(tag)
    if expected is not None:
        value = resolve(text)
        if type(value) is expected:
            return value
        if expected is float and type(value) is int:
            return float(value)
        raise yaml.YAMLError(f"cannot decode `{text}` as a !!{tag.removeprefix(_TAG)}")
    return _binary(text) if tag == _BINARY else text


_TAGGED: dict[str, type] = {f"{_TAG}int": int, f"{_TAG}float": float, f"{_TAG}bool": bool, f"{_TAG}null": type(None)}


def _binary(text: str) -> str:
    try:
        return base64.b64decode(text.replace("\n", ""), validate=True).decode(errors="replace")
    except binascii.Error:
        raise yaml.YAMLError("!!binary value contains invalid base64 data") from None


def _json_value(value: Any) -> Any:
    """A number as it comes out of JSON: what is whole and has 64 bits is an integer, however it was written."""
    if type(value) is not float:
        return value
    if not math.isfinite(value):
        raise yaml.YAMLError(f"unsupported value: {'NaN' if math.isnan(value) else f'{value:+}'.title()}")
    if value.is_integer():
        # By its shortest digits, which is how Go writes it: 123456789012345678e0 is 123456789012345680.
        whole = int(Decimal(repr(value)))
        if -(2**63) <= whole < 2**63:
            return whole
    return value


def _key(node: yaml.Node) -> str:
    """A key as JSON has it: a string."""
    if type(node) is not yaml.ScalarNode:
        raise yaml.YAMLError("invalid map key: it must be a scalar")
    value = _scalar(node)
    if type(value) is str:
        return value
    render = _KEY_TEXT.get(type(value))
    if render is None:
        raise yaml.YAMLError("unsupported map key: null")
    return render(value)


def _float_key(value: float) -> str:
    """As Go prints a 32 bit float at its shortest (``%g``), for that is what Kubernetes makes of such keys."""
    try:
        narrow: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        narrow = math.copysign(math.inf, value)
    if not math.isfinite(narrow):
        return ".nan" if math.isnan(narrow) else ".inf" if narrow > 0 else "-.inf"
    text = next(
        text
        for digits in range(9)
        if struct.pack("f", float(text := f"{narrow:.{digits}e}")) == struct.pack("f", narrow)
    )
    mantissa, _, exponent = text.partition("e")
    if -4 <= int(exponent) < 6:
        return f"{narrow:.{max(0, len(mantissa.replace('-', '').replace('.', '')) - 1 - int(exponent))}f}"
    return text


_KEY_TEXT: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _float_key,
}
