import dataclasses

from bench.clients.contenders import CONTENDERS
from bench.clients.report import tables
from bench.scale import FULL, SMOKE, Scale
from bench.table import Figure, Results

FEW = dataclasses.replace(FULL, client_objects=(10_000, 50_000))


def figures(distribution: str, objects: int, **values: float) -> dict[str, list[Figure]]:
    return {f"clients.{distribution}.{objects}.{name}": [Figure(value)] for name, value in values.items()}


def cells(scale: Scale, results: Results) -> list[list[str]]:
    (table,) = tables(scale, results)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [lines[0], *lines[2:]]


def test_each_client_is_compared_with_ours_of_the_same_number_of_objects() -> None:
    results = (
        figures("steersman", 10_000, wall=0.4, cpu=0.25, peak=60, read=5, event_cpu=40, event_rate=2000)
        | figures("kubernetes", 10_000, wall=2, cpu=1.5, peak=180, read=1, event_cpu=120, event_rate=1500)
        | figures("steersman", 50_000, wall=2, cpu=1.0, peak=200)
    )

    _, ours, official, client_go, goal, ours_50, *_ = cells(FEW, results)

    assert ours[1:8] == ["10,000", "0.400", "0.250", "25.0", "1.00×", "60.0", "1.00×"]
    assert ours[8:] == ["5.00", "40.0", "1.00×", "2,000"]
    assert official[1:8] == ["10,000", "2.00", "1.50", "150", "6.00×", "180", "3.00×"]
    assert official[8:] == ["1.00", "120", "3.00×", "1,500"]
    assert client_go[1:] == ["10,000", "", "0.500", "50.0", "2.00×", "92.0", "1.53×", "", "156", "3.90×", ""]
    assert goal[:7] == ["goal", "10,000", "", "0.250", "25.0", "1.00×", "60.0"]
    assert ours_50[1:] == ["50,000", "2.00", "1.00", "20.0", "1.00×", "200", "1.00×", "", "", "", ""]


def test_who_gave_up_has_no_row_and_no_ratio_is_made_up() -> None:
    results = figures("kr8s", 200, wall=1, cpu=1, peak=1)

    (row,) = cells(SMOKE, results)[1:]

    assert row[0].startswith("kr8s ")
    assert (row[5], row[7], row[10]) == ("", "", "")


def test_the_work_queue_has_a_table_of_its_own() -> None:
    results = {
        f"work-queue.{key}": [Figure(value)]
        for key, value in {"cycle.cpu": 1.1, "cycle.rate": 9e5, "fill.cpu": 1.25, "fill.rate": 8e5}.items()
    }

    assert cells(SMOKE, results)[1:] == [["steersman", "1.10", "900,000", "1.25", "800,000"]]
    assert [row[0] for row in cells(FULL, results)[1:]] == ["steersman", "client-go", "goal"]


def test_the_median_of_the_runs_counts() -> None:
    results = figures("kr8s", 200, wall=1, peak=1) | {"clients.kr8s.200.cpu": [Figure(1), Figure(9), Figure(2)]}

    assert cells(SMOKE, results)[1][3] == "2.00"


def test_no_table_without_results() -> None:
    assert tables(FULL, {}) == []


def test_every_contender_has_a_turn() -> None:
    assert all(contender.most >= min(FULL.client_objects) for contender in CONTENDERS)
