import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.encoding.json import MAX_DEPTH, decode, duplicate_keys, encode
from steersman.apimachinery.errors import ApiError


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, -2, 1.5, true, null, "\\u00e9"]}', {"a": [1, -2, 1.5, True, None, "é"]}),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"18446744073709551615", 2**64 - 1),
        (b"100000000000000000000", 1e20),
        (b'["1234567890123456789012345"]', ["1234567890123456789012345"]),
        (b"0.1234567890123456789012345", 0.1234567890123456789012345),
        (b"1234567890123456789.5", 1234567890123456789.5),
    ],
)
def test_json_is_read(body: bytes, value: Any) -> None:
    decoded = decode(body)

    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "json parse error: Input is a zero-length, empty document"),
        (b"{", "json parse error: "),
        (b'{"a":1}x', "json parse error: unexpected content after document: line 1 column 8 (char 7)"),
        (b"NaN", "json parse error: "),
        (b"[1,]", "json parse error: trailing comma is not allowed"),
        (b'"\xff"', "json parse error: str is not valid UTF-8"),
        (b"1e400", "json parse error: number is infinity"),
        (
            b'{"a":18446744073709551617}',
            "json parse error: the number 18446744073709551617 needs more than 64 bits; write it as a string",
        ),
        (
            b"[-9223372036854775809]",
            "json parse error: the number -9223372036854775809 needs more than 64 bits; write it as a string",
        ),
        (
            b"1" * 300,
            f"json parse error: the number {'1' * 40}… needs more than 64 bits; write it as a string",
        ),
        (b"[" * 201 + b"]" * 201, "json parse error: nested deeper than 200 levels"),
        (b'{"a":' * 240 + b"1" + b"}" * 240, "json parse error: nested deeper than 200 levels"),
        (b"[" * 100000, "json parse error: "),
    ],
)
def test_what_is_not_json_or_too_much_is_a_bad_request(body: bytes, message: str) -> None:
    with pytest.raises(ApiError) as error:
        decode(body)

    assert (error.value.code, error.value.reason) == (400, "BadRequest")
    assert error.value.message.startswith(message)


def test_the_deepest_body_is_read_and_written() -> None:
    body = b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH

    assert encode(decode(body)) == body


def test_many_brackets_are_not_depth() -> None:
    value = [{"a": [index]} for index in range(1000)]

    assert decode(encode(value)) == value


def test_encoding_what_grew_too_deep_is_a_bad_request() -> None:
    value: list[Any] = []
    for _ in range(300):
        value = [value]

    with pytest.raises(ApiError, match="the object nests deeper than 254 levels"):
        encode(value)


def test_encoding_is_compact_and_keeps_the_order() -> None:
    assert encode({"b": [1, 2.5], "a": "é"}) == '{"b":[1,2.5],"a":"é"}'.encode()


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b'{"a":1,"b":2}', []),
        (b'{"a":1,"a":1}', ["a"]),
        (b'{"a":1,"a":2,"a":3}', ["a"]),
        (b'{"a" :1,"a" :2}', ["a"]),
        (b'{"a":1,"a" :2}', ["a"]),
        (b'{"a"\n:1,"a"\t\r\n:2}', ["a"]),
        (b'{ "a": 1,\n  "b": " : ", "c" : [ ] }\n', []),
        (b'{"a":1,"\\u0061":2}', ["a"]),
        (b'{"a\\\\":1,"a\\\\":2}', ["a\\"]),
        (b'{"a\\u005c":1,"a\\\\":2}', ["a\\"]),
        (b'{"a\\":":1,"b":2}', []),
        (b'{"a":"{\\"b\\":1,\\"b\\":2}","c":"\\u0022:"}', []),
        (b'{"a":"{\\"b\\":1}","a":2}', ["a"]),
        (b'{"spec":{"ports":[{"name":"a"},{"name":"a","name":"b"}],"ports":[]}}', ["spec.ports[1].name", "spec.ports"]),
        (b'[{"a":1},{"a":1,"a":2}]', ["[1].a"]),
        (b'{"a":1e9,"a":1000000000.0}', ["a"]),
        (b'{"a":1.50,"b":2}', []),
    ],
)
def test_duplicate_keys_are_found(body: bytes, paths: list[str]) -> None:
    assert duplicate_keys(body, decode(body)) == paths


texts = st.text(alphabet='a":\\ {}\n\u00e9', max_size=4)
values = st.recursive(
    st.one_of(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False), texts, st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
layouts = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), ("\n,", "\n:")])


@given(values, layouts, st.booleans())
def test_no_duplicates_are_found_where_there_are_none(value: Any, layout: tuple[str, str], ascii_only: bool) -> None:
    body = json.dumps(value, separators=layout, ensure_ascii=ascii_only).encode()

    assert duplicate_keys(body, decode(body)) == []


@given(texts, values, values, layouts, st.booleans())
def test_a_duplicate_is_always_found(key: str, one: Any, other: Any, layout: tuple[str, str], ascii_only: bool) -> None:
    def dump(value: Any) -> str:
        return json.dumps(value, separators=layout, ensure_ascii=ascii_only)

    comma, colon = layout
    body = f'{{"x"{colon}{{{dump(key)}{colon}{dump(one)}{comma}{dump(key)}{colon}{dump(other)}}}}}'.encode()

    assert duplicate_keys(body, decode(body)) == [f"x.{key}"]


@given(values)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    assert decode(encode(value)) == value
