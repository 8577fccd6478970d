import pytest

from steersman.admission.tolerations import Toleration, all_covered, covers, merge, put

ALL: Toleration = {"operator": "Exists"}
A: Toleration = {"key": "a", "operator": "Exists"}
A_IS_B: Toleration = {"key": "a", "operator": "Equal", "value": "b"}
A_NOT_RUN: Toleration = {"key": "a", "operator": "Exists", "effect": "NoExecute"}
A_FOR_9: Toleration = {**A_NOT_RUN, "tolerationSeconds": 9}
A_FOR_5: Toleration = {**A_NOT_RUN, "tolerationSeconds": 5}


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (A, A, True),
        (ALL, A, True),
        (A, ALL, False),
        (A, A_IS_B, True),
        (A_IS_B, A, False),
        (A_IS_B, {"key": "a", "value": "b"}, True),
        (A_IS_B, {"key": "a", "operator": "Equal", "value": "c"}, False),
        (A, {"key": "b", "operator": "Exists"}, False),
        (A, A_NOT_RUN, True),
        (A_NOT_RUN, A, False),
        (A_NOT_RUN, A_FOR_9, True),
        (A_FOR_9, A_FOR_5, True),
        (A_FOR_5, A_FOR_9, False),
        (A_FOR_5, A_NOT_RUN, False),
        ({"key": "a", "operator": "Gt", "value": "3"}, {"key": "a", "value": "3"}, False),
    ],
)
def test_one_covers_another(wide: Toleration, narrow: Toleration, expected: bool) -> None:
    assert covers(wide, narrow) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([], [], []),
        ([A], [A], [A]),
        ([A], [A_IS_B], [A]),
        ([A_IS_B], [A], [A]),
        ([A_FOR_5], [A_IS_B, A_FOR_9], [A_IS_B, A_FOR_9]),
        ([A], [{"key": "b"}], [A, {"key": "b"}]),
    ],
)
def test_merging_keeps_the_wider_ones(
    first: list[Toleration], second: list[Toleration], expected: list[Toleration]
) -> None:
    assert merge(first, second) == expected


def test_all_are_covered_by_some() -> None:
    assert all_covered([A_IS_B, A_FOR_5], [{"key": "b"}, A])
    assert not all_covered([A, {"key": "c"}], [{"key": "b"}, A])


def test_putting_one_replaces_what_differs_in_seconds() -> None:
    spec = {"tolerations": [{"key": "b"}, A_FOR_5]}

    put(spec, A_FOR_9)
    put(spec, A)

    assert spec["tolerations"] == [{"key": "b"}, A_FOR_9, A]
