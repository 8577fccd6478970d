"""JSON Patch: the RFC's cases, an independent implementation as oracle, and kube-apiserver's bounds and answers."""

import copy
from typing import Any

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.json_patch import MAX_OPERATIONS, JSONPatch, json_equal

APPLIES: list[tuple[Any, list[dict[str, Any]], Any]] = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
    ({"foo": ["a", "c"]}, [{"op": "add", "path": "/foo/1", "value": "b"}], {"foo": ["a", "b", "c"]}),
    ({"foo": ["a"]}, [{"op": "add", "path": "/foo/-", "value": ["b"]}], {"foo": ["a", ["b"]]}),
    ({"foo": ["a"]}, [{"op": "add", "path": "/foo/1", "value": "b"}], {"foo": ["a", "b"]}),
    ({"foo": 1}, [{"op": "add", "path": "/foo", "value": None}], {"foo": None}),
    ({"foo": 1}, [{"op": "add", "path": "", "value": {"bar": 2}}], {"bar": 2}),
    ({"foo": 1}, [{"op": "replace", "path": "", "value": {"bar": 2}}], {"bar": 2}),
    ({"foo": 1}, [{"op": "add", "path": "/", "value": 2}], {"foo": 1, "": 2}),
    ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/m~0n"}], {}),
    ({"~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"~1": 10}),
    ({"foo": ["a", "b"]}, [{"op": "remove", "path": "/foo/0"}], {"foo": ["b"]}),
    ({"foo": {"a": 1}}, [{"op": "move", "from": "/foo/a", "path": "/b"}], {"foo": {}, "b": 1}),
    ({"foo": [1, 2, 3]}, [{"op": "move", "from": "/foo/0", "path": "/foo/2"}], {"foo": [2, 3, 1]}),
    ({"foo": 1}, [{"op": "move", "from": "/foo", "path": "/foo"}], {"foo": 1}),
    ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
    (
        {"a": {"b": 1}},
        [{"op": "copy", "from": "/a", "path": "/c"}, {"op": "replace", "path": "/c/b", "value": 2}],
        {"a": {"b": 1}, "c": {"b": 2}},
    ),
    ({"a": 1}, [{"op": "test", "path": "/a", "value": 1.0}], {"a": 1}),
    ({"a": {"x": 1, "y": 2}}, [{"op": "test", "path": "/a", "value": {"y": 2, "x": 1}}], {"a": {"x": 1, "y": 2}}),
    ({"0": "a"}, [{"op": "replace", "path": "/0", "value": "b"}], {"0": "b"}),
    ({"a": [1, 2]}, [{"op": "replace", "path": "/a/-1", "value": 3}], {"a": [1, 3]}),
    ({"a": [1]}, [{"op": "remove", "path": "/a/0", "extra": True}], {"a": []}),
]

DOES_NOT_APPLY: list[tuple[Any, dict[str, Any], str]] = [
    ({"a": 1}, {"op": "test", "path": "/a", "value": 2}, "testing value /a failed: test failed"),
    ({"a": 1}, {"op": "test", "path": "/a", "value": True}, "testing value /a failed: test failed"),
    ({"a": "1"}, {"op": "test", "path": "/a", "value": 1}, "testing value /a failed: test failed"),
    ({"a": [1]}, {"op": "test", "path": "/a", "value": [1, 2]}, "testing value /a failed: test failed"),
    ({}, {"op": "test", "path": "/a", "value": None}, "doc is missing path: /a"),
    ({}, {"op": "remove", "path": "/a"}, "Unable to remove nonexistent key: a"),
    ({"a": 1}, {"op": "remove", "path": ""}, "remove operation does not apply"),
    ({}, {"op": "replace", "path": "/a", "value": 1}, "doc is missing key: /a"),
    ({}, {"op": "add", "path": "/a/b", "value": 1}, "doc is missing path: /a/b"),
    ({"a": 1}, {"op": "add", "path": "/a/b", "value": 1}, "doc is missing path: /a/b"),
    ({"a": [1]}, {"op": "add", "path": "/a/2", "value": 1}, "invalid index: 2"),
    ({"a": [1]}, {"op": "replace", "path": "/a/-", "value": 1}, "not a proper array index"),
    ({"a": [1, 2]}, {"op": "test", "path": "/a/01", "value": 2}, "not a proper array index"),
    ({"a": [1, 2]}, {"op": "test", "path": "/a/1e0", "value": 2}, "not a proper array index"),
    ({"a": [1, 2]}, {"op": "remove", "path": "/a/-3"}, "invalid index: -3"),
    ({"a": {"b": 1}}, {"op": "move", "from": "/a", "path": "/a/b/c"}, "/a/b/c is inside of /a"),
    ({}, {"op": "copy", "from": "/a", "path": "/b"}, "doc is missing path: /a"),
    ({}, {"op": "move", "from": "/a", "path": "/b"}, "nonexistent key: a"),
]

MALFORMED: list[Any] = [
    {"op": "add", "path": "/a", "value": 1},
    "x",
    [1],
    [{"path": "/a"}],
    [{"op": "spam", "path": "/a"}],
    [{"op": ["add"], "path": "/a", "value": 1}],
    [{"op": "add", "value": 1}],
    [{"op": "add", "path": "/a"}],
    [{"op": "add", "path": "a", "value": 1}],
    [{"op": "add", "path": 5, "value": 1}],
    [{"op": "copy", "path": "/a"}],
    [{"op": "move", "path": "/a", "from": None}],
]


@pytest.mark.parametrize(("document", "patch", "expected"), APPLIES)
def test_applies_and_leaves_its_input_alone(document: Any, patch: list[dict[str, Any]], expected: Any) -> None:
    before = copy.deepcopy((document, patch))

    assert JSONPatch.parse(patch).apply(document) == expected
    assert (document, patch) == before


@pytest.mark.parametrize(("document", "operation", "cause"), DOES_NOT_APPLY)
def test_what_does_not_apply_is_422_and_explained(document: Any, operation: dict[str, Any], cause: str) -> None:
    with pytest.raises(ApiError) as caught:
        JSONPatch.parse([operation]).apply(document)

    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert caught.value.message == "the server rejected our request due to an error in our request"
    assert caught.value.details is not None
    assert cause in caught.value.details["causes"][0]["message"]


@pytest.mark.parametrize("patch", MALFORMED)
def test_malformed_is_400(patch: Any) -> None:
    with pytest.raises(ApiError) as caught:
        JSONPatch.parse(patch)

    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")


def test_operations_are_bounded() -> None:
    operation = {"op": "test", "path": "/a", "value": 1}
    assert JSONPatch.parse([operation] * MAX_OPERATIONS).apply({"a": 1}) == {"a": 1}

    with pytest.raises(ApiError) as caught:
        JSONPatch.parse([operation] * (MAX_OPERATIONS + 1))

    assert caught.value.code == 413
    assert caught.value.message == "The allowed maximum operations in a JSON patch is 10000, got 10001"


def test_what_copy_adds_is_bounded() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60

    with pytest.raises(ApiError) as caught:
        JSONPatch.parse(doubling).apply({"a": ["x" * 100]})

    assert caught.value.code == 422
    assert "accumulated size increase of copy" in str(caught.value.details)


def test_result_shares_nothing() -> None:
    document: dict[str, Any] = {"a": {"b": []}}
    value: dict[str, Any] = {"c": []}
    patched = JSONPatch.parse([{"op": "add", "path": "/d", "value": value}]).apply(document)

    patched["a"]["b"].append(1)
    patched["d"]["c"].append(1)

    assert document == {"a": {"b": []}}
    assert value == {"c": []}


def test_applying_twice_gives_the_same() -> None:
    patch = JSONPatch.parse(
        [{"op": "add", "path": "/a", "value": []}, {"op": "add", "path": "/a/-", "value": 1}],
    )

    assert patch.apply({}) == patch.apply({}) == {"a": [1]}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab~/", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab~/0", max_size=2), inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text("ab~/0", max_size=2), json_values, max_size=4)


@given(json_objects, json_objects)
def test_a_patch_of_the_other_implementation_takes_old_to_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    patch = jsonpatch.make_patch(old, new).patch

    assert json_equal(JSONPatch.parse(patch).apply(old), new)


pointers = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "~0", "~1"]), min_size=1, max_size=3).map(
    lambda tokens: "".join("/" + token for token in tokens)
)
operations = st.one_of(
    st.builds(lambda op, path, value: {"op": op, "path": path, "value": value},
              st.sampled_from(["add", "replace", "test"]), pointers, st.integers(0, 2)),
    st.builds(lambda path: {"op": "remove", "path": path}, pointers),
    st.builds(lambda op, path, source: {"op": op, "path": path, "from": source},
              st.sampled_from(["move", "copy"]), pointers, pointers),
)  # fmt: skip


@settings(max_examples=300)
@given(json_objects, st.lists(operations, max_size=4))
def test_agrees_with_the_other_implementation(document: dict[str, Any], patch: list[dict[str, Any]]) -> None:
    try:
        expected = jsonpatch.apply_patch(copy.deepcopy(document), patch)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError, IndexError):
        expected = None
    before = copy.deepcopy(document)
    try:
        got = JSONPatch.parse(patch).apply(document)
    except ApiError:
        got = None

    assert document == before
    assert json_equal(got, expected)
