from typing import Any

import pytest

from steersman.apimachinery.cel import DYN, KUBERNETES, Duration, Environment, EvaluationError, Uint

ENVIRONMENT = Environment({"x": DYN}, KUBERNETES)
VALUES = {"x": {"ints": [3, 1, 2], "texts": ["b", "a"], "mixed": [1, "a"], "pods": [{"n": "b"}, {"n": "a"}]}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[1, 2, 2].isSorted()", True),
        ("['b', 'a'].isSorted()", False),
        ("[].isSorted()", True),
        ("x.ints.isSorted()", False),
        ("[1, 2].sum()", 3),
        ("[1u, 2u].sum()", Uint(3)),
        ("[1.5, 2.0].sum()", 3.5),
        ("[duration('1m'), duration('1s')].sum()", Duration(61 * 10**9)),
        ("[].sum() == 0", True),
        ("x.ints.sum()", 6),
        ("x.ints.min() + x.ints.max()", 4),
        ("['b', 'a'].min()", "a"),
        ("[false, true].max()", True),
        ("[1, 2, 1].indexOf(1)", 0),
        ("[1, 2, 1].lastIndexOf(1)", 2),
        ("x.ints.indexOf(7)", -1),
        ("x.texts.indexOf('a')", 1),
        ("[1, 2].includes(2)", True),
        ("x.texts.includes('z')", False),
        ("'a'.includes('a')", True),
        ("[1, 2, 3, 4].slice(1, 3)", [2, 3]),
        ("[[1], [2, [3]]].flatten(2)", [1, 2, 3]),
        ("[[1], [2, 3]].flatten()", [1, 2, 3]),
        ("['b', 'a'].sort()", ["a", "b"]),
        ("x.ints.sort()", [1, 2, 3]),
        ("x.pods.sortBy(p, p.n).map(p, p.n)", ["a", "b"]),
        ("[3, 1].map(i, i).sortBy(i, -i)", [3, 1]),
        ("[1, 2, 1].distinct()", [1, 2]),
        ("['a', 'a'].distinct()", ["a"]),
        ("x.ints.reverse()", [2, 1, 3]),
        ("lists.range(3)", [0, 1, 2]),
    ],
)
def test_lists(source: str, expected: Any) -> None:
    environment = Environment({"x": DYN}, KUBERNETES, homogeneous_literals=False)
    assert environment.compile(source).evaluate(VALUES) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("[].min()", "min called on empty list"),
        ("x.mixed.max()", "no such overload"),
        ("x.mixed.sum()", "no such overload"),
        ("x.texts.sum()", "no such overload"),
        ("[9223372036854775807, 1].sum()", "integer overflow"),
        ("[1].slice(0, 2)", "cannot slice(0, 2), list is length 1"),
        ("[1].slice(-1, 0)", "cannot slice(-1, 0), negative indexes not supported"),
        ("[1].slice(1, 0)", "cannot slice(1, 0), start index must be less than or equal to end index"),
        ("[[1]].flatten(-1)", "level must be non-negative"),
        ("x.mixed.sort()", "list elements must have the same type"),
        ("x.pods.sort()", "list elements must be comparable"),
    ],
)
def test_errors(source: str, message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        ENVIRONMENT.compile(source).evaluate(VALUES)

    assert raised.value.message == message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sets.contains([1, 2, 3], [2, 1])", True),
        ("sets.contains([1], [1, 2])", False),
        ("sets.contains([], [])", True),
        ("sets.equivalent([1, 1, 2], [2, 1])", True),
        ("sets.equivalent([1], [1, 2])", False),
        ("sets.intersects([1, 2], [2, 3])", True),
        ("sets.intersects([], [1])", False),
        ("sets.contains(x.ints, [1u, 2.0])", True),
    ],
)
def test_sets(source: str, expected: bool) -> None:
    environment = Environment({"x": DYN}, KUBERNETES, homogeneous_literals=False)
    assert environment.compile(source).evaluate(VALUES) is expected
