"""The results as one plain table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.rows import Row

HEADINGS = ("", "median", "min–max", "kube-apiserver+etcd", "ratio", "goal", "met", "client")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, in its row's unit, and the load generator's share of one core meanwhile (None: no load)."""

    value: float
    client_share: float | None = None


Results = Mapping[str, Sequence[Figure]]
"""By the key of a row, its figures, one a run."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row with its figures summed up. ``ratio`` is how many times better than kube-apiserver."""

    row: Row
    median: float
    least: float
    most: float
    ratio: float | None
    met: bool | None
    client_share: float | None


def summary(rows: Sequence[Row], results: Results) -> list[Line]:
    """A line for each of ``rows`` that has results."""
    return [_line(row, results[row.key]) for row in rows if results.get(row.key)]


def _line(row: Row, figures: Sequence[Figure]) -> Line:
    values = [figure.value for figure in figures]
    shares = [figure.client_share for figure in figures if figure.client_share is not None]
    middle, ratio, met = median(values), None, None
    if row.kubernetes is not None and middle > 0:
        ratio = middle / row.kubernetes if row.more_is_better else row.kubernetes / middle
    if row.goal is not None:
        met = middle >= row.goal if row.more_is_better else middle <= row.goal
    return Line(row, middle, min(values), max(values), ratio, met, median(shares) if shares else None)


def number(value: float) -> str:
    """Three significant digits, and no fraction from 100 on: ``0.273``, ``4.70``, ``33.2``, ``1,700``."""
    size = abs(value)
    for bound, digits in ((0.9995, 3), (9.995, 2), (99.95, 1)):
        if size < bound:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"


def _cells(line: Line) -> tuple[str, ...]:
    row = line.row
    return (
        row.label,
        number(line.median),
        f"{number(line.least)}–{number(line.most)}",
        "" if row.kubernetes is None else f"{row.kubernetes:,g}",
        "" if line.ratio is None else f"{number(line.ratio)}×",
        "" if row.goal is None else f"{'≥' if row.more_is_better else '≤'} {row.goal:,g}",
        "" if line.met is None else ("yes" if line.met else "NO"),
        "" if line.client_share is None else f"{line.client_share:.0%}",
    )


def render(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    return markdown([HEADINGS, *(_cells(line) for line in lines)])


def markdown(table: Sequence[Sequence[str]]) -> str:
    """A Markdown table, the headings first, padded so that it also reads well as it is."""
    widths = [max(len(cells[column]) for cells in table) for column in range(len(table[0]))]

    def text(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        return "| " + " | ".join([first, *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True))]) + " |"

    rule = "| " + " | ".join(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]) + " |"
    return "\n".join([text(table[0]), rule, *(text(cells) for cells in table[1:])])
