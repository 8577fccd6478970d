"""What changed from one value to another, and how an applied list is ordered among what is there."""

from typing import Any

import pytest
from tests.apimachinery.server_side_apply.schemas import schema, thing

from steersman.apimachinery.server_side_apply.comparison import compare, same_value
from steersman.apimachinery.server_side_apply.fields_v1 import encode_fields
from steersman.apimachinery.server_side_apply.merging import merge

TCP = 'k:{"port":1,"protocol":"TCP"}'
Object = dict[str, Any]


def spec_of(fields: Object) -> Object:
    inner: Object = fields.get("f:spec", {})
    return inner


@pytest.mark.parametrize(
    ("old", "new", "removed", "modified", "added"),
    [
        ({"replicas": 1}, {"replicas": 1}, {}, {}, {}),
        ({"replicas": 1}, {"replicas": 2}, {}, {"f:replicas": {}}, {}),
        ({"image": "x"}, {"replicas": 2}, {"f:image": {}}, {}, {"f:replicas": {}}),
        ({"limits": {"a": "1"}}, {"limits": {"b": "1"}}, {"f:limits": {"f:a": {}}}, {}, {"f:limits": {"f:b": {}}}),
        ({"image": "x"}, {"image": "x", "nested": {"one": "1"}}, {}, {}, {"f:nested": {".": {}, "f:one": {}}}),
        ({"image": "x", "nested": {"one": "1"}}, {"image": "x"}, {"f:nested": {".": {}, "f:one": {}}}, {}, {}),
        ({"limits": {"a": "1"}}, {"limits": {}}, {"f:limits": {"f:a": {}}}, {}, {}),
        ({"image": "x"}, {"image": "x", "limits": {}}, {}, {}, {"f:limits": {}}),
        ({"limits": {}}, {"limits": None}, {}, {"f:limits": {}}, {}),
        ({"image": "x"}, {"image": "x", "paused": None}, {}, {}, {}),
        ({"image": "x", "paused": None}, {"image": "x"}, {}, {}, {}),
        ({"limits": None}, {"limits": {"a": "1"}}, {}, {}, {"f:limits": {"f:a": {}}}),
        ({"selector": {"a": "1"}}, {"selector": {"b": "1"}}, {}, {"f:selector": {}}, {}),
        ({"args": ["a"]}, {"args": []}, {}, {"f:args": {}}, {}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "c"]}, {"f:tags": {'v:"a"': {}}}, {}, {"f:tags": {'v:"c"': {}}}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, {}, {}, {}),
        ({"ports": [{"port": 1, "name": "x"}]}, {"ports": [{"port": 1}]}, {"f:ports": {TCP: {"f:name": {}}}}, {}, {}),
        (
            {"ports": [{"port": 1}]},
            {"ports": [{"port": 1, "protocol": "TCP"}]},
            {},
            {},
            {"f:ports": {TCP: {"f:protocol": {}}}},
        ),
        (
            {"any": {"a": {"b": 1}}},
            {"any": {"a": 1}},
            {"f:any": {"f:a": {"f:b": {}}}},
            {"f:any": {"f:a": {}}},
            {},
        ),
        (
            {"any": {"a": [1]}},
            {"any": {"a": {"b": 1}}},
            {},
            {"f:any": {"f:a": {}}},
            {"f:any": {"f:a": {"f:b": {}}}},
        ),
    ],
)
def test_compare(old: Object, new: Object, removed: Object, modified: Object, added: Object) -> None:
    found = compare(schema(), thing(**old), thing(**new))

    sets = (found.removed, found.modified, found.added)
    assert tuple(spec_of(encode_fields(one)) for one in sets) == (removed, modified, added)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ([1, {"a": True}], [1.0, {"a": True}], True),
        ([1, {"a": True}], [1, {"a": 1}], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1], [1, 1], False),
    ],
)
def test_equality_is_that_of_json(one: Any, other: Any, same: bool) -> None:
    assert same_value(one, other) == same
    assert same_value(other, one) == same


@pytest.mark.parametrize(
    ("live", "applied", "merged"),
    [
        ("abc", "", "abc"),
        ("", "ba", "ba"),
        ("abc", "b", "abc"),
        ("abc", "xb", "axbc"),
        ("abc", "bx", "abcx"),
        ("abc", "cb", "acb"),
        ("abcd", "dxb", "acdxb"),
        ("ab", "xyz", "abxyz"),
        ("aab", "a", "ab"),
        ("aab", "b", "aab"),
    ],
)
def test_the_order_of_merged_lists(live: str, applied: str, merged: str) -> None:
    assert merge(schema(), thing(tags=list(live)), thing(tags=list(applied)))["spec"]["tags"] == list(merged)
