"""The tables of the client libraries and of the work queue."""

from collections.abc import Callable, Iterator
from statistics import median

from bench.clients.contenders import CLIENT_GO, CONTENDERS, GOALS, OURS, Contender, Known
from bench.scale import FULL, Scale
from bench.table import Results, markdown, number

HEADINGS = (
    "client",
    "objects",
    "sync: s",
    "CPU s",
    "peak MiB",
    "CPU-µs per object",
    "ratio",
    "first read: CPU-µs per object",
    "update: CPU-µs per event",
    "ratio",
    "events/s",
)
QUEUE_HEADINGS = ("work queue", "add–get–done: CPU-µs", "cycles/s", "filled first: CPU-µs", "cycles/s")
QUEUE_KNOWN = (("client-go", 0.19, 2_700_000, None, 800_000), ("goal", 1.5, None, None, None))
"""Measured before on a machine of the same kind; where runs differed it is the lower rate."""

Look = Callable[[str, int, str], float | None]
"""The median of a distribution's figure with so many objects."""


def tables(scale: Scale, results: Results) -> list[str]:
    """A table for the clients and one for the work queue, where there are results."""

    def look(distribution: str, objects: int, figure: str) -> float | None:
        return _median(results, f"clients.{distribution}.{objects}.{figure}")

    rows = [cells for objects in scale.client_objects for cells in _rows(objects, look)]
    queue = list(_queue_rows(results, scale == FULL))
    return [markdown([headings, *some]) for headings, some in ((HEADINGS, rows), (QUEUE_HEADINGS, queue)) if some]


def _median(results: Results, key: str) -> float | None:
    figures = results.get(key)
    return median(figure.value for figure in figures) if figures else None


def _rows(objects: int, look: Look) -> Iterator[tuple[str, ...]]:
    """All that had a turn with so many objects, then what is known of others with as many."""
    ours = look(OURS.distribution, objects, "cpu"), look(OURS.distribution, objects, "event_cpu")
    measured = [contender for contender in CONTENDERS if look(contender.distribution, objects, "cpu") is not None]
    for contender in measured:
        yield _measured(contender, objects, look, ours)
    if measured:
        for known in (*CLIENT_GO, *GOALS):
            if known.objects == objects:
                yield _known(known, ours)


def _measured(
    contender: Contender, objects: int, look: Look, ours: tuple[float | None, float | None]
) -> tuple[str, ...]:
    def figure(name: str) -> float | None:
        return look(contender.distribution, objects, name)

    cpu, event = figure("cpu"), figure("event_cpu")
    return (
        contender.label,
        f"{objects:,}",
        _text(figure("wall")),
        _text(cpu),
        _text(figure("peak")),
        _text(cpu and cpu * 1e6 / objects),
        _ratio(cpu, ours[0]),
        _text(figure("read")),
        _text(event),
        _ratio(event, ours[1]),
        _text(figure("event_rate")),
    )


def _known(known: Known, ours: tuple[float | None, float | None]) -> tuple[str, ...]:
    return (
        known.label,
        f"{known.objects:,}",
        "",
        _text(known.cpu),
        _text(known.peak),
        _text(known.cpu * 1e6 / known.objects),
        _ratio(known.cpu, ours[0]),
        "",
        _text(known.event_cpu),
        _ratio(known.event_cpu, ours[1]),
        "",
    )


def _queue_rows(results: Results, full: bool) -> Iterator[tuple[str, ...]]:
    figures = [_median(results, f"work-queue.{key}") for key in ("cycle.cpu", "cycle.rate", "fill.cpu", "fill.rate")]
    if figures[0] is None:
        return
    yield OURS.distribution, *map(_text, figures)
    if full:
        for label, *known in QUEUE_KNOWN:
            yield label, *map(_text, known)


def _text(value: float | None) -> str:
    return "" if value is None else number(value)


def _ratio(value: float | None, ours: float | None) -> str:
    """How many times less ours needs."""
    return "" if value is None or not ours else f"{number(value / ours)}×"
