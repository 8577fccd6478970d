"""JSON Merge Patch: the RFC's own table of cases, and apply(old, create(old, new)) == new."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.json_patch import json_equal
from steersman.apimachinery.merge_patch import apply_merge_patch, create_merge_patch

RFC_APPENDIX_A: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ({"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
]


@pytest.mark.parametrize(("document", "patch", "expected"), RFC_APPENDIX_A)
def test_rfc_cases(document: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copy.deepcopy((document, patch))

    assert apply_merge_patch(document, patch) == expected
    assert (document, patch) == before


@pytest.mark.parametrize("patch", [None, [], [1], "x", 1, True])
def test_a_patch_that_is_no_object_is_400(patch: Any) -> None:
    with pytest.raises(ApiError) as caught:
        apply_merge_patch({"a": 1}, patch)

    assert caught.value.code == 400


def test_result_shares_nothing() -> None:
    document: dict[str, Any] = {"a": {"b": []}}
    patch: dict[str, Any] = {"c": {"d": []}}
    patched = apply_merge_patch(document, patch)

    patched["a"]["b"].append(1)
    patched["c"]["d"].append(1)

    assert document == {"a": {"b": []}}
    assert patch == {"c": {"d": []}}


def without_nulls(depth: int) -> st.SearchStrategy[Any]:
    scalar = st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
    if not depth:
        return scalar
    inner = without_nulls(depth - 1)
    return scalar | st.lists(inner | st.none(), max_size=3) | st.dictionaries(st.text("abc", max_size=1), inner)


objects = st.dictionaries(st.text("abc", max_size=1), without_nulls(2))


@given(objects, objects)
def test_created_patch_takes_old_to_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    patch = create_merge_patch(old, new)

    assert json_equal(apply_merge_patch(old, patch), new)
    assert bool(patch) == (not json_equal(old, new))
