"""OpenAPI v2 in protobuf: the messages of gnostic's ``openapi.v2`` (OpenAPIv2.proto), written from the JSON form.

kubectl reads the document so: all versions of it before 1.27, later ones where v3 fails. Each message is a table from
JSON member to an encoder of the whole field, made once. Members that start with ``x-`` are vendor extensions, whose
values travel as YAML, of which JSON is a part.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any

import orjson

_VARINT, _FIXED64, _LENGTH = 0, 1, 2

FieldEncoder = Callable[[Any], bytes]
"""From a JSON value to the field with its tag."""
Fields = dict[str, FieldEncoder]


def encode_document(head: Mapping[str, Any], paths: bytes, definitions: bytes) -> bytes:
    """A Document. ``head`` is its JSON but for paths and definitions; those are joined entries, already encoded."""
    return _encode(_DOCUMENT, head) + _delimited(8, paths) + _delimited(9, definitions)


def encode_path(path: str, item: Mapping[str, Any]) -> bytes:
    """One entry of Paths; ``item`` is the path item in JSON."""
    return _delimited(2, _named(path, _encode(_PATH_ITEM, item)))


def encode_definition(name: str, schema: Mapping[str, Any]) -> bytes:
    """One entry of Definitions; ``schema`` is in JSON."""
    return _delimited(1, _named(name, _encode(_SCHEMA, schema)))


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _delimited(number: int, content: bytes) -> bytes:
    return _tag(number, _LENGTH) + _varint(len(content)) + content


def _named(name: str, value: bytes) -> bytes:
    """The messages NamedAny, NamedSchema, …: a name and a value."""
    return _delimited(1, name.encode()) + _delimited(2, value)


def _encode(fields: Fields, value: Mapping[str, Any]) -> bytes:
    extension = fields.get("x-")
    written = []
    for key, item in value.items():
        if extension is not None and key.startswith("x-"):
            written.append(extension((key, item)))
        else:
            written.append(fields[key](item))
    return b"".join(written)


def _any(value: Any) -> bytes:
    return _delimited(2, orjson.dumps(value))


def _string(number: int) -> FieldEncoder:
    return lambda value: _delimited(number, value.encode())


def _boolean(number: int) -> FieldEncoder:
    true, false = _tag(number, _VARINT) + b"\x01", _tag(number, _VARINT) + b"\x00"
    return lambda value: true if value else false


def _integer(number: int) -> FieldEncoder:
    tag = _tag(number, _VARINT)
    return lambda value: tag + _varint(int(value) & 0xFFFFFFFFFFFFFFFF)


def _double(number: int) -> FieldEncoder:
    tag = _tag(number, _FIXED64)
    return lambda value: tag + struct.pack("<d", value)


def _message(number: int, content: Callable[[Any], bytes]) -> FieldEncoder:
    return lambda value: _delimited(number, content(value))


def _repeated(number: int, content: Callable[[Any], bytes]) -> FieldEncoder:
    return lambda values: b"".join(_delimited(number, content(value)) for value in values)


def _by_name(number: int, content: Callable[[Any], bytes]) -> FieldEncoder:
    """A repeated field of named values, from a JSON object."""
    return lambda values: b"".join(_delimited(number, _named(name, content(value))) for name, value in values.items())


def _strings(number: int) -> FieldEncoder:
    return _repeated(number, str.encode)


def _extension(number: int) -> FieldEncoder:
    return lambda member: _delimited(number, _named(member[0], _any(member[1])))


def _schema(value: Mapping[str, Any]) -> bytes:
    return _encode(_SCHEMA, value)


def _additional_properties(value: Mapping[str, Any] | bool) -> bytes:
    return _boolean(2)(value) if isinstance(value, bool) else _delimited(1, _schema(value))


def _parameter(value: Mapping[str, Any]) -> bytes:
    if value["in"] == "body":
        return _delimited(1, _encode(_BODY_PARAMETER, value))
    number, fields = _PLACES[value["in"]]
    return _delimited(2, _delimited(number, _encode(fields, value)))


def _parameters_item(value: Mapping[str, Any]) -> bytes:
    return _delimited(2, _encode(_JSON_REFERENCE, value)) if "$ref" in value else _delimited(1, _parameter(value))


def _response_value(value: Mapping[str, Any]) -> bytes:
    return _delimited(1, _encode(_RESPONSE, value))


_JSON_REFERENCE: Fields = {"$ref": _string(1)}

_SCHEMA: Fields = {
    "$ref": _string(1),
    "format": _string(2),
    "title": _string(3),
    "description": _string(4),
    "multipleOf": _double(6),
    "maximum": _double(7),
    "exclusiveMaximum": _boolean(8),
    "minimum": _double(9),
    "exclusiveMinimum": _boolean(10),
    "maxLength": _integer(11),
    "minLength": _integer(12),
    "pattern": _string(13),
    "maxItems": _integer(14),
    "minItems": _integer(15),
    "uniqueItems": _boolean(16),
    "maxProperties": _integer(17),
    "minProperties": _integer(18),
    "required": _strings(19),
    "enum": _repeated(20, _any),
    "additionalProperties": _message(21, _additional_properties),
    "type": _message(22, _string(1)),
    "items": _message(23, _message(1, _schema)),
    "properties": _message(25, _by_name(1, _schema)),
    "readOnly": _boolean(27),
    "externalDocs": _message(29, lambda value: _encode(_EXTERNAL_DOCS, value)),
    "example": _message(30, _any),
    "x-": _extension(31),
}
"""The keywords that v2_schema publishes."""

_EXTERNAL_DOCS: Fields = {"description": _string(1), "url": _string(2)}

_BODY_PARAMETER: Fields = {
    "name": _string(2),
    "in": _string(3),
    "required": _boolean(4),
    "schema": _message(5, _schema),
}
_QUERY_PARAMETER: Fields = {
    "required": _boolean(1),
    "in": _string(2),
    "name": _string(4),
    "type": _string(6),
    "uniqueItems": _boolean(20),
}
_PATH_PARAMETER: Fields = {
    "required": _boolean(1),
    "in": _string(2),
    "name": _string(4),
    "type": _string(5),
    "uniqueItems": _boolean(19),
}
_PLACES: dict[str, tuple[int, Fields]] = {"query": (3, _QUERY_PARAMETER), "path": (4, _PATH_PARAMETER)}

_RESPONSE: Fields = {"description": _string(1), "schema": _message(2, _message(1, _schema))}

_OPERATION: Fields = {
    "tags": _strings(1),
    "operationId": _string(5),
    "produces": _strings(6),
    "consumes": _strings(7),
    "parameters": _repeated(8, _parameters_item),
    "responses": _message(9, _by_name(1, _response_value)),
    "schemes": _strings(10),
    "x-": _extension(13),
}

_PATH_ITEM: Fields = {
    **{
        method: _message(number, lambda value: _encode(_OPERATION, value))
        for method, number in (("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("head", 7), ("patch", 8))
    },
    "parameters": _repeated(9, _parameters_item),
}

_INFO: Fields = {"title": _string(1), "version": _string(2)}
_DOCUMENT: Fields = {
    "swagger": _string(1),
    "info": _message(2, lambda value: _encode(_INFO, value)),
    "parameters": _message(10, _by_name(1, _parameter)),
}
