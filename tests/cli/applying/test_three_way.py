"""Patches from three states."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.merge_patch import apply_merge_patch
from steersman.apimachinery.strategic_merge import apply
from steersman.cli.applying.last_applied import annotated, last_applied
from steersman.cli.applying.patch_meta import patch_meta
from steersman.cli.applying.three_way import three_way_patch
from steersman.client.patch_type import PatchType

Json = dict[str, Any]

META = patch_meta(GroupVersionKind("", "v1", "Pod"))


def pod(*containers: Json, **spec: Any) -> Json:
    return {"spec": {"containers": list(containers), **spec}}


def merged(applied: Json, wanted: Json, live: Json) -> Json:
    assert META is not None
    patch, type = three_way_patch(applied, wanted, live, META)
    assert type is PatchType.STRATEGIC_MERGE
    return apply(live, patch, META)


ONE, TWO, FOREIGN = {"name": "one", "image": "a"}, {"name": "two", "image": "b"}, {"name": "foreign", "image": "c"}


@pytest.mark.parametrize(
    ("applied", "wanted", "live", "becomes"),
    [
        (pod(ONE), pod(ONE), pod(ONE, FOREIGN), pod(ONE, FOREIGN)),
        (pod(ONE, TWO), pod(ONE), pod(ONE, TWO, FOREIGN), pod(ONE, FOREIGN)),
        (pod(ONE), pod(ONE, TWO), pod(ONE, FOREIGN), pod(ONE, TWO, FOREIGN)),
        (pod(ONE, a=1), pod(ONE), pod(ONE, a=1, b=2), pod(ONE, b=2)),
        (pod(ONE, a=1), pod(ONE), pod(ONE, a=5), pod(ONE)),
        (pod(ONE), pod(ONE, a=2), pod(ONE, a=1), pod(ONE, a=2)),
        (pod({**ONE, "x": 1}), pod(ONE), pod({**ONE, "x": 1, "y": 2}), pod({**ONE, "y": 2})),
        (pod(ONE), pod({**ONE, "args": ["a"]}), pod({**ONE, "args": ["b", "c"]}), pod({**ONE, "args": ["a"]})),
    ],
)
def test_what_was_applied_and_is_not_wanted_goes_and_the_rest_stays(
    applied: Json, wanted: Json, live: Json, becomes: Json
) -> None:
    result = merged(applied, wanted, live)
    assert sorted(result["spec"].pop("containers"), key=str) == sorted(becomes["spec"].pop("containers"), key=str)
    assert result == becomes


def test_only_built_in_kinds_have_merge_keys() -> None:
    assert patch_meta(GroupVersionKind("example.com", "v1", "Database")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


@given(OBJECTS, OBJECTS, OBJECTS)
def test_as_json_all_that_is_wanted_is_there_and_nothing_changes_twice(applied: Json, wanted: Json, live: Json) -> None:
    applied, wanted, live = (without_nulls(one) for one in (applied, wanted, live))
    patch, type = three_way_patch(applied, wanted, live, None)
    assert type is PatchType.MERGE
    result = apply_merge_patch(live, patch)
    assert apply_merge_patch(result, wanted) == result
    assert all(key in wanted for key in result if key in applied)
    assert three_way_patch(wanted, wanted, result, None).body == {}


def test_the_annotation_says_what_was_applied_without_itself() -> None:
    wanted = {"metadata": {"name": "x", "annotations": {"a": "b"}}, "data": {"html": "<>"}}
    once = annotated(wanted)
    assert last_applied(once) == wanted
    assert annotated(once) == once
    assert last_applied(wanted) is None
