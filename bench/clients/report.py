"""The tables of the client libraries and of the work queue."""

from collections.abc import Iterator, Mapping
from statistics import median

from bench.clients.contenders import CLIENT_GO, CONTENDERS, GOALS, OURS
from bench.scale import FULL, Scale
from bench.table import Results, markdown, number

HEADINGS = (
    "client",
    "objects",
    "sync: s",
    "CPU s",
    "CPU-µs per object",
    "ratio",
    "peak MiB",
    "ratio",
    "first read: CPU-µs per object",
    "update: CPU-µs per event",
    "ratio",
    "events/s",
)
QUEUE_HEADINGS = ("work queue", "add–get–done: CPU-µs", "cycles/s", "filled first: CPU-µs", "cycles/s")
QUEUE_KNOWN = (("client-go", 0.19, 2_700_000, None, 800_000), ("goal", 1.5, None, None, None))
"""Measured before on a machine of the same kind; where runs differed it is the lower rate."""

Figures = Mapping[str, float]
"""What is known of a client with some number of objects: ``cpu``, ``peak``, …; what is not known is not there."""


def tables(scale: Scale, results: Results) -> list[str]:
    """A table for the clients and one for the work queue, where there are results."""
    rows = [cells for objects in scale.client_objects for cells in _rows(objects, results)]
    queue = list(_queue_rows(results, scale == FULL))
    return [markdown([headings, *some]) for headings, some in ((HEADINGS, rows), (QUEUE_HEADINGS, queue)) if some]


def _medians(results: Results, prefix: str) -> Figures:
    """The figures whose keys start so, by the rest of their keys."""
    found = {
        key.removeprefix(prefix): figures for key, figures in results.items() if key.startswith(prefix) and figures
    }
    return {name: median(figure.value for figure in figures) for name, figures in found.items()}


def _rows(objects: int, results: Results) -> Iterator[tuple[str, ...]]:
    """All that had a turn with so many objects, then what is known of others with as many."""
    measured = {each: _medians(results, f"clients.{each.distribution}.{objects}.") for each in CONTENDERS}
    if not any(measured.values()):
        return
    ours = measured[OURS]
    for contender, figures in measured.items():
        if figures:
            yield _cells(contender.label, objects, figures, ours)
    for known in (*CLIENT_GO, *GOALS):
        if known.objects == objects:
            yield _cells(known.label, objects, known.figures, ours)


def _cells(label: str, objects: int, figures: Figures, ours: Figures) -> tuple[str, ...]:
    def ratio(name: str) -> str:
        """How many times less ours needs."""
        return f"{number(figures[name] / ours[name])}×" if name in figures and ours.get(name) else ""

    per_object = figures["cpu"] * 1e6 / objects if "cpu" in figures else None
    return (
        label,
        f"{objects:,}",
        _text(figures.get("wall")),
        _text(figures.get("cpu")),
        _text(per_object),
        ratio("cpu"),
        _text(figures.get("peak")),
        ratio("peak"),
        _text(figures.get("read")),
        _text(figures.get("event_cpu")),
        ratio("event_cpu"),
        _text(figures.get("event_rate")),
    )


def _queue_rows(results: Results, full: bool) -> Iterator[tuple[str, ...]]:
    """Ours, and at full scale what is known of others."""
    figures = _medians(results, "work-queue.")
    if figures:
        yield (
            OURS.distribution,
            *(_text(figures.get(key)) for key in ("cycle.cpu", "cycle.rate", "fill.cpu", "fill.rate")),
        )
    if figures and full:
        for label, *known in QUEUE_KNOWN:
            yield label, *map(_text, known)


def _text(value: float | None) -> str:
    return "" if value is None else number(value)
