"""FieldsV1: sets of fields as JSON."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.fields_v1 import decode_fields, encode_fields
from steersman.apimachinery.server_side_apply.path_element import (
    field_element,
    key_element,
    parse_element,
    path_text,
    value_element,
)

SCALARS = st.text(max_size=5) | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, width=32)
ELEMENTS = (
    st.text(max_size=5).map(field_element)
    | st.dictionaries(st.text(max_size=4), SCALARS, min_size=1, max_size=3).map(key_element)
    | SCALARS.map(value_element)
    | st.integers(0, 99).map(lambda index: f"i:{index}")
)
SETS = st.lists(st.lists(ELEMENTS, min_size=1, max_size=3).map(tuple), max_size=8).map(lambda one: FieldSet.of(*one))
LAW = settings(deadline=None)


@given(SETS)
@LAW
def test_a_set_survives_its_encoding(fields: FieldSet) -> None:
    encoded = encode_fields(fields)

    assert decode_fields(encoded) == fields
    assert encode_fields(decode_fields(encoded)) == encoded


def test_the_encoded_form() -> None:
    containers = ("f:spec", "f:containers")
    web = (*containers, key_element({"name": "web"}))
    fields = FieldSet.of(web, (*web, "f:image"), ("f:spec", "f:finalizers", value_element("x")), ("f:args", "i:0"))

    assert encode_fields(fields) == {
        "f:args": {"i:0": {}},
        "f:spec": {
            "f:containers": {'k:{"name":"web"}': {".": {}, "f:image": {}}},
            "f:finalizers": {'v:"x"': {}},
        },
    }


@pytest.mark.parametrize(
    ("encoded", "canonical"),
    [
        ({'k:{"b":1,"a":2}': {}}, {'k:{"a":2,"b":1}': {}}),
        ({'k:{ "a" : 1.0 }': {}}, {'k:{"a":1}': {}}),
        ({"v:1.0": {}}, {"v:1": {}}),
        ({'v:"\\u0041"': {}}, {'v:"A"': {}}),
        ({"f:a": {".": {}}}, {"f:a": {}}),
        ({"f:b": {}, "f:a": {}}, {"f:a": {}, "f:b": {}}),
        ({"x:new": {"f:a": {}}, "f:a": {}}, {"f:a": {}}),
        ({"f:a": {"x:new": {}}}, {"f:a": {}}),
        ({".": {}}, {}),
    ],
)
def test_other_ways_to_write_a_set(encoded: dict[str, Any], canonical: dict[str, Any]) -> None:
    assert list(encode_fields(decode_fields(encoded)).items()) == list(canonical.items())


@pytest.mark.parametrize(
    "encoded", [[], "f:a", {"f:a": 1}, {"f": {}}, {"fa": {}}, {"k:[]": {}}, {"k:{": {}}, {"v:": {}}, {"i:x": {}}]
)
def test_what_is_no_set(encoded: Any) -> None:
    with pytest.raises(ValueError):
        decode_fields(encoded)


@given(ELEMENTS)
@LAW
def test_steps_are_canonical(element: str) -> None:
    assert parse_element(element) == element


def test_a_path_as_messages_show_it() -> None:
    port = key_element({"protocol": "TCP", "containerPort": 80})
    path = ("f:spec", "f:containers", key_element({"name": "web"}), "f:ports", port, "f:args", 'v:"-v"', "i:2")

    assert path_text(path) == ('.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].args[="-v"][2]')
