"""Columns as Go's text/tabwriter makes them."""

import pytest

from steersman.cli.printing.tab_writer import align


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([["a", "b"], ["long", "c"]], "a      b\nlong   c\n"),
        ([["a", "b"]], "a     b\n"),
        ([["a"], ["b", "c"]], "a\nb     c\n"),
        ([["longer", "x"], ["break"], ["a", "y"]], "longer   x\nbreak\na     y\n"),
        ([["a", ""], ["b", "x"]], "a     \nb     x\n"),
        ([], ""),
    ],
    ids=["widest cell", "least width", "a line alone", "a line breaks a column", "empty last cell", "nothing"],
)
def test_cells_stand_in_columns(lines: list[list[str]], text: str) -> None:
    assert align(lines, min_width=6, padding=3) == text


def test_widths_are_remembered() -> None:
    widths: list[int] = []
    assert align([["long", "x"]], min_width=0, padding=1, widths=widths) == "long x\n"
    assert align([["a", "y"]], min_width=0, padding=1, widths=widths) == "a    y\n"
    assert align([["longer", "z"]], min_width=0, padding=1, widths=widths) == "longer z\n"
