from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steersman.apimachinery import json_diff
from steersman.apimachinery.json_patch import JSONPatch, json_equal

LAW = settings(deadline=None)
NAMES = st.sampled_from(["a", "b", "name", "/", "~", "~1", ""])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.sampled_from(["", "x", "name", "1"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


@LAW
@given(VALUES, VALUES)
@example([{"name": "a"}, {"name": "a"}], [{"name": "a", "b": 1}])
@example([1, True], [True, 1])
def test_applied_to_the_first_it_gives_the_second(before: Any, after: Any) -> None:
    untouched = orjson.dumps([before, after])

    patch = json_diff.json_diff(before, after)

    assert json_equal(JSONPatch.parse(patch).apply(before), after)
    assert orjson.dumps([before, after]) == untouched


@LAW
@given(VALUES)
def test_there_is_none_between_equals(value: Any) -> None:
    assert json_diff.json_diff(value, orjson.loads(orjson.dumps(value))) == []


@LAW
@given(st.lists(SCALARS, max_size=8), st.lists(SCALARS, max_size=8))
def test_long_lists_are_compared_by_place(before: list[Any], after: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_diff, "MAX_COMPARISONS", 0)
        patch = json_diff.json_diff(before, after)

    assert json_equal(JSONPatch.parse(patch).apply(before), after)


def test_it_shares_nothing_with_the_values() -> None:
    after = {"a": {"b": [1]}}

    patch = json_diff.json_diff({}, after)
    after["a"]["b"].append(2)

    assert patch == [{"op": "add", "path": "/a", "value": {"b": [1]}}]


def container(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": f"{name}:1", **more}


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1}, {"a": 2}, [("replace", "/a", 2)]),
        ({"a": 1}, {"b": 1}, [("remove", "/a"), ("add", "/b", 1)]),
        ({"a": {"x/y": 1, "m~n": 1}}, {"a": {"x/y": 2}}, [("replace", "/a/x~1y", 2), ("remove", "/a/m~0n")]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [("replace", "/a", True)]),
        ({"a": None}, {}, [("remove", "/a")]),
        (1, {"a": 1}, [("replace", "", {"a": 1})]),
        (None, {}, [("replace", "", {})]),
        (["a", "b"], ["x", "a", "b"], [("add", "/0", "x")]),
        (["a", "b", "c", "d"], ["a", "d"], [("remove", "/1"), ("remove", "/1")]),
        (["a", "b", "c"], ["a", "x", "y", "c"], [("replace", "/1", "x"), ("add", "/2", "y")]),
        (
            [container("web"), container("log")],
            [container("proxy"), container("web", tty=True), container("log")],
            [("add", "/0", container("proxy")), ("add", "/1/tty", True)],
        ),
        ([container("web")], [container("proxy")], [("replace", "/0", container("proxy"))]),
        ([{"key": "a", "value": 1}], [{"key": "a", "value": 2}], [("replace", "/0/value", 2)]),
        ([], [[]], [("add", "/0", [])]),
    ],
)
def test_it_reads_as_a_person_would_write_it(before: Any, after: Any, patch: list[tuple[Any, ...]]) -> None:
    fields = ("op", "path", "value")
    assert json_diff.json_diff(before, after) == [dict(zip(fields, one, strict=False)) for one in patch]
