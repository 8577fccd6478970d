"""The protobuf form, read back by field numbers (gnostic, openapiv2/OpenAPIv2.proto)."""

import struct
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiserver.openapi.v2_protobuf import encode_definition, encode_document, encode_path

Message = dict[int, list[Any]]


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def read(data: bytes) -> Message:
    """Field number to values: integers, floats, and bytes of what is length-delimited."""
    message: Message = {}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value: Any
        match tag & 7:
            case 0:
                value, at = varint(data, at)
            case 1:
                (value,) = struct.unpack_from("<d", data, at)
                at += 8
            case 2:
                size, at = varint(data, at)
                value = data[at : at + size]
                at += size
                assert len(value) == size
            case wire_type:
                raise AssertionError(f"wire type {wire_type}")
        message.setdefault(tag >> 3, []).append(value)
    return message


def down(data: bytes, *numbers: int) -> Any:
    """The first value at a path of field numbers."""
    for number in numbers:
        data = read(data)[number][0]
    return data


def schema(value: dict[str, Any]) -> Message:
    """A definition as NamedSchema in Definitions, to its Schema message."""
    named = read(down(encode_definition("a.B", value), 1))
    assert named[1] == [b"a.B"]
    return read(named[2][0])


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"$ref": "#/definitions/x"}, {1: [b"#/definitions/x"]}),
        ({"format": "int32", "title": "t", "description": "d"}, {2: [b"int32"], 3: [b"t"], 4: [b"d"]}),
        ({"multipleOf": 2, "maximum": 1.5, "minimum": -1}, {6: [2.0], 7: [1.5], 9: [-1.0]}),
        ({"exclusiveMaximum": True, "exclusiveMinimum": False}, {8: [1], 10: [0]}),
        ({"maxLength": 300, "minLength": 0, "pattern": "^é$"}, {11: [300], 12: [0], 13: ["^é$".encode()]}),
        ({"maxItems": 1, "minItems": 2, "uniqueItems": True}, {14: [1], 15: [2], 16: [1]}),
        ({"maxProperties": 3, "minProperties": 4, "readOnly": True}, {17: [3], 18: [4], 27: [1]}),
        ({"required": ["a", "b"]}, {19: [b"a", b"b"]}),
        ({"type": "object"}, {22: [b"\x0a\x06object"]}),
    ],
)
def test_keywords_of_a_schema(value: dict[str, Any], fields: Message) -> None:
    assert schema(value) == fields


def test_nested_schemas() -> None:
    found = schema(
        {
            "items": {"type": "string"},
            "properties": {"a": {"format": "x"}, "$ref": {"format": "y"}},
            "additionalProperties": {"format": "z"},
        }
    )

    assert down(found[23][0], 1, 22, 1) == b"string"
    names = [read(named) for named in read(found[25][0])[1]]
    assert [(named[1], read(named[2][0])) for named in names] == [([b"a"], {2: [b"x"]}), ([b"$ref"], {2: [b"y"]})]
    assert down(found[21][0], 1, 2) == b"z"
    assert read(schema({"additionalProperties": True})[21][0]) == {2: [1]}


def test_values_travel_as_yaml() -> None:
    tags = [{"group": "apps", "kind": "Deployment", "version": "v1"}]
    found = schema({"enum": ["a", 1], "x-kubernetes-group-version-kind": tags})

    assert [orjson.loads(down(value, 2)) for value in found[20]] == ["a", 1]
    assert down(found[31][0], 1) == b"x-kubernetes-group-version-kind"
    assert orjson.loads(down(found[31][0], 2, 2)) == tags


def test_an_operation() -> None:
    operation = {
        "tags": ["t"],
        "operationId": "id",
        "produces": ["p"],
        "consumes": ["c", "d"],
        "parameters": [
            {"$ref": "#/parameters/limit"},
            {"in": "body", "name": "body", "required": True, "schema": {"format": "f"}},
            {"in": "query", "name": "dryRun", "type": "string", "uniqueItems": True},
            {"in": "path", "name": "name", "type": "string", "required": True},
        ],
        "responses": {"200": {"description": "OK", "schema": {"format": "g"}}, "401": {"description": "no"}},
        "schemes": ["https"],
        "x-kubernetes-action": "patch",
    }

    named = read(down(encode_path("/p", {"patch": operation, "parameters": []}), 2))

    assert named[1] == [b"/p"]
    found = read(down(named[2][0], 8))
    assert (found[1], found[5], found[6], found[7]) == ([b"t"], [b"id"], [b"p"], [b"c", b"d"])
    reference, body, query, path = found[8]
    assert down(reference, 2, 1) == b"#/parameters/limit"
    assert read(down(body, 1, 1)) == {2: [b"body"], 3: [b"body"], 4: [1], 5: [b"\x12\x01f"]}
    assert read(down(query, 1, 2, 3)) == {2: [b"query"], 4: [b"dryRun"], 6: [b"string"], 20: [1]}
    assert read(down(path, 1, 2, 4)) == {1: [1], 2: [b"path"], 4: [b"name"], 5: [b"string"]}
    responses = [read(one) for one in read(found[9][0])[1]]
    assert [one[1][0] for one in responses] == [b"200", b"401"]
    assert down(responses[0][2][0], 1, 1) == b"OK"
    assert down(responses[0][2][0], 1, 2, 1, 2) == b"g"
    assert found[10] == [b"https"]
    assert down(found[13][0], 1) == b"x-kubernetes-action"


@pytest.mark.parametrize(
    ("method", "number"), [("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("head", 7), ("patch", 8)]
)
def test_methods_of_a_path(method: str, number: int) -> None:
    assert down(encode_path("/", {method: {"operationId": "x"}}), 2, 2, number, 5) == b"x"


def test_a_document() -> None:
    head = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "v1"},
        "parameters": {"limit": {"name": "limit", "in": "query", "type": "integer"}},
    }

    found = read(encode_document(head, encode_path("/a", {}), encode_definition("B", {})))

    assert found[1] == [b"2.0"]
    assert read(found[2][0]) == {1: [b"T"], 2: [b"v1"]}
    assert down(found[8][0], 2, 1) == b"/a"
    assert down(found[9][0], 1, 1) == b"B"
    assert down(found[10][0], 1, 1) == b"limit"
    assert read(down(found[10][0], 1, 2, 2, 3))[6] == [b"integer"]


@given(st.text(max_size=400), st.integers(0, 2**63 - 1))
def test_any_text_and_number_is_read_back(text: str, number: int) -> None:
    assert schema({"description": text, "maxLength": number}) == {4: [text.encode()], 11: [number]}
