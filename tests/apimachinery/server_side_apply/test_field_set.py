"""Sets of field paths: the algebra, as a table and as laws."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.path_element import Path

STEPS = ["f:a", "f:b", 'k:{"name":"x"}', "v:1", "i:0"]
PATHS = st.lists(st.sampled_from(STEPS), min_size=1, max_size=3).map(tuple)
SETS = st.lists(PATHS, max_size=8).map(lambda paths: FieldSet.of(*paths))
LAW = settings(deadline=None)


def fields(*texts: str) -> FieldSet:
    """Sets written as ``a.b``."""
    return FieldSet.of(*(tuple(f"f:{name}" for name in text.split(".")) for text in texts))


@pytest.mark.parametrize(
    ("operation", "one", "other", "result"),
    [
        ("|", ["a", "b.c"], ["b", "b.d"], ["a", "b", "b.c", "b.d"]),
        ("|", [], ["a"], ["a"]),
        ("&", ["a", "b.c", "b.d"], ["b", "b.c"], ["b.c"]),
        ("&", ["a.b"], ["a"], []),
        ("-", ["a", "a.b", "c"], ["a.b", "c"], ["a"]),
        ("-", ["a", "a.b"], ["a"], ["a.b"]),
        ("without", ["a", "a.b", "c.d"], ["a"], ["c.d"]),
        ("without", ["a.b.c", "a.d"], ["a.b"], ["a.d"]),
        ("without", ["a"], ["a.b"], ["a"]),
    ],
)
def test_operations(operation: str, one: list[str], other: list[str], result: list[str]) -> None:
    left, right = fields(*one), fields(*other)
    done = {
        "|": left.__or__,
        "&": left.__and__,
        "-": left.__sub__,
        "without": left.without,
    }[operation](right)

    assert done == fields(*result)
    assert (left, right) == (fields(*one), fields(*other))


def test_leaves_are_the_paths_that_no_other_goes_on_from() -> None:
    assert fields("a", "a.b", "c", "d.e").leaves() == fields("a.b", "c", "d.e")


def test_what_lies_at_one_step() -> None:
    assert fields("a", "a.b", "c.d").only("f:a") == fields("a", "a.b")
    assert not fields("a").only("f:b")


def test_the_whole_object_is_no_member() -> None:
    made = FieldSet.of(())

    assert not made
    assert () not in made


def test_paths_come_in_canonical_order() -> None:
    steps = ["v:2", "v:10", 'v:"a"', 'k:{"port":443}', 'k:{"port":80}', "f:b", "f:a", "i:1"]
    made = FieldSet.of(*((step,) for step in steps))

    assert [path[0] for path in made] == [
        "f:a",
        "f:b",
        'k:{"port":80}',
        'k:{"port":443}',
        "v:2",
        "v:10",
        'v:"a"',
        "i:1",
    ]


def paths_of(one: FieldSet) -> set[Path]:
    found = list(one)
    assert len(found) == len(set(found))
    return set(found)


@given(SETS, SETS)
@LAW
def test_the_algebra_is_that_of_sets_of_paths(one: FieldSet, other: FieldSet) -> None:
    assert paths_of(one | other) == paths_of(one) | paths_of(other)
    assert paths_of(one & other) == paths_of(one) & paths_of(other)
    assert paths_of(one - other) == paths_of(one) - paths_of(other)
    assert paths_of(one.without(other)) == {path for path in one if not _has_prefix(path, other)}


@given(SETS, SETS)
@LAW
def test_equal_sets_are_those_with_the_same_paths(one: FieldSet, other: FieldSet) -> None:
    assert (one == other) == (paths_of(one) == paths_of(other))
    assert all(path in one for path in one)
    assert bool(one) == bool(paths_of(one))


@given(SETS)
@LAW
def test_no_leaf_is_a_prefix_of_a_path(one: FieldSet) -> None:
    leaves = one.leaves()
    assert paths_of(leaves) == {path for path in one if not any(_is_below(longer, path) for longer in one)}


def _has_prefix(path: Path, prefixes: Iterable[Path]) -> bool:
    return any(path[: len(prefix)] == prefix for prefix in prefixes)


def _is_below(longer: Path, path: Path) -> bool:
    return len(longer) > len(path) and longer[: len(path)] == path
