"""Random messages of the field tables, as Go would send them and as Go would write them in JSON."""

import base64
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from hypothesis import strategies as st

from steersman.apis.protobuf.messages import Messages

INT_OR_STRING = "intstr.IntOrString"
TYPES_SENT_AS_VARINT = ("bool", "int32", "int64", "uint32", "uint64")
STRINGS = st.text(max_size=6)
INTEGERS = {
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "uint64": st.integers(0, 2**64 - 1),
}
Sent = tuple[bytes, Any]
"""A value without tag, as it stands on the wire (with its size, where it has one), and in JSON."""


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def sized(content: bytes) -> bytes:
    return varint(len(content)) + content


def tagged(number: int, wire_type: int, value: bytes) -> bytes:
    return varint(number << 3 | wire_type) + value


def body(api_version: str, kind: str, raw: bytes) -> bytes:
    """A whole request body."""
    type_meta = tagged(1, 2, sized(api_version.encode())) + tagged(2, 2, sized(kind.encode()))
    return b"k8s\0" + tagged(1, 2, sized(type_meta)) + tagged(2, 2, sized(raw))


def wire_type(type_name: str) -> int:
    return 0 if type_name in TYPES_SENT_AS_VARINT else 1 if type_name == "double" else 2


@cache
def scalars(type_name: str) -> st.SearchStrategy[Sent]:
    if type_name in INTEGERS:
        return INTEGERS[type_name].map(lambda value: (varint(value), value))
    if type_name == "double":
        return st.floats(allow_nan=False, allow_infinity=False).map(lambda value: (struct.pack("<d", value), value))
    return {
        "bool": st.booleans().map(lambda value: (varint(value), value)),
        "string": STRINGS.map(lambda value: (sized(value.encode()), value)),
        "bytes": st.binary(max_size=6).map(lambda value: (sized(value), base64.b64encode(value).decode())),
    }[type_name]


@cache
def sent_form(form: str) -> st.SearchStrategy[tuple[bytes, Any]]:
    """Content and JSON of a message that has a JSON form of its own and is not made of other messages."""
    json_values = st.recursive(st.none() | st.booleans() | STRINGS, lambda inner: st.lists(inner, max_size=2))
    return {
        "time": st.sampled_from(
            [(b"", None), (b"\x08\x00\x10\x00", "1970-01-01T00:00:00Z"), (b"\x08\x7f", "1970-01-01T00:02:07Z")]
        ),
        "microTime": st.sampled_from([(b"", None), (b"\x08\x01\x10\xe8\x07", "1970-01-01T00:00:01.000001Z")]),
        "json": json_values.map(lambda value: (tagged(1, 2, sized(orjson.dumps(value))), value)),
        "quantity": st.sampled_from(["0", "1Gi", "250m"]).map(lambda text: (tagged(1, 2, sized(text.encode())), text)),
        "intOrString": st.integers(0, 2).map(
            lambda value: (tagged(1, 0, b"\x00") + tagged(2, 0, varint(value)) + tagged(3, 2, b"\x00"), value)
        )
        | STRINGS.map(
            lambda text: (tagged(1, 0, b"\x01") + tagged(2, 0, b"\x00") + tagged(3, 2, sized(text.encode())), text)
        ),
        "items": st.lists(STRINGS, max_size=2).map(
            lambda texts: (b"".join(tagged(1, 2, sized(text.encode())) for text in texts), texts or None)
        ),
    }[form]


@st.composite
def contents(draw: Callable[[Any], Any], messages: Messages, name: str, depth: int = 0) -> tuple[bytes, Any]:
    """Content (without size) and JSON of a message."""
    form = messages.form(name)
    if form.startswith("schema"):
        return b"", {"schemaOrBool": False}.get(form)
    if form not in ("", "kind"):
        sent: tuple[bytes, Any] = draw(sent_form(form))
        return sent
    content, json = b"", dict[str, Any]()
    for line in messages[name].lines:
        piece, fields = draw(_field(messages, line, depth))
        content += piece
        json |= fields
    return content, json


@cache
def _values(messages: Messages, type_name: str, depth: int) -> st.SearchStrategy[Sent]:
    if "." not in type_name:
        return scalars(type_name)
    return contents(messages, type_name, depth + 1).map(lambda pair: (sized(pair[0]), pair[1]))


@st.composite
def _field(draw: Callable[[Any], Any], messages: Messages, line: str, depth: int) -> tuple[bytes, dict[str, Any]]:
    """What a field adds to the content and to the JSON of its message."""
    text, name, type_name = line.split(" ")
    number, bare, omit_empty = int(text), name.rstrip("?~"), name[-1] in "?~"
    absent = {} if omit_empty else {bare: None}
    deep = depth > 3
    if type_name[0] == "*":
        if deep or draw(st.integers(0, 2)):
            return b"", absent
        value, json = draw(_values(messages, type_name[1:], depth))
        return tagged(number, wire_type(type_name[1:]), value), {bare: json}
    if type_name.startswith("[]"):
        element = type_name[2:]
        listed = [] if deep else draw(st.lists(_values(messages, element, depth), max_size=2))
        content = b"".join(tagged(number, wire_type(element), value) for value, _ in listed)
        return content, {bare: [json for _, json in listed]} if listed else absent
    if type_name.startswith("map:"):
        element = type_name[4:]
        keyed = {} if deep else draw(st.dictionaries(STRINGS, _values(messages, element, depth), max_size=2))
        content = b"".join(
            tagged(number, 2, sized(tagged(1, 2, sized(key.encode())) + tagged(2, wire_type(element), value)))
            for key, (value, _) in keyed.items()
        )
        return content, {bare: {key: json for key, (_, json) in keyed.items()}} if keyed else absent
    value, json = draw(_values(messages, type_name, depth))
    content = tagged(number, wire_type(type_name), value)
    if name == ".":
        return content, json
    empty = json in ("", 0, False, None) if "." not in type_name else _is_omitted(messages, name, type_name, json)
    return content, {} if omit_empty and empty else {bare: json}


def _is_omitted(messages: Messages, name: str, type_name: str, json: Any) -> bool:
    if messages.form(type_name) in ("items", "intOrString"):
        return json in (None, 0)
    return name[-1] == "~" and json is None
