"""Columns aligned with spaces, as Go's ``text/tabwriter`` does it."""

from collections.abc import Sequence


def align(lines: Sequence[Sequence[str]], *, min_width: int, padding: int, widths: list[int] | None = None) -> str:
    """The lines with their cells in columns; the last cell of a line has nothing after it.

    A column is as wide as its widest cell and ``padding``, at least ``min_width``; it ends where a line does not reach
    over it. ``widths`` are those of earlier lines, which stay columns of the same table: they are updated.
    """
    padded: list[list[str]] = [list(line) for line in lines]
    deepest = max((len(line) for line in lines), default=0)
    for column in range(deepest - 1):
        start = 0
        while start < len(lines):
            end = start
            while end < len(lines) and len(lines[end]) - 1 > column:
                end += 1
            block = range(start, end)
            width = max((min_width, *(len(lines[one][column]) + padding for one in block)))
            if widths is not None and block:
                widths += [0] * (column + 1 - len(widths))
                width = widths[column] = max(width, widths[column])
            for one in block:
                padded[one][column] = lines[one][column].ljust(width)
            start = end + 1
    return "".join(f"{''.join(line)}\n" for line in padded)
